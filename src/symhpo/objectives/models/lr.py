"""Logistic regression trained by stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["LogisticRegression"]


@dataclass(frozen=True)
class LogisticRegression(Model):
    """scikit-learn's ``SGDClassifier`` with logistic loss, 1000 epochs of constant learning rate."""

    name: str = "lr"
    tuned: Sequence[str] = ("alpha", "eta0")

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("alpha", "float", 1e-5, 1.0, default=1e-3, log=True),
            Hyperparameter("eta0", "float", 1e-5, 1.0, default=1e-2, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from symhpo.objectives.classifiers.sgd import FastSGDClassifier

        return FastSGDClassifier(**hyperparameters, max_iter=1000, random_state=np.random.RandomState(seed))
