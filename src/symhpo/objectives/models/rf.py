"""Random forest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["RandomForest"]


@dataclass(frozen=True)
class RandomForest(Model):
    """scikit-learn's ``RandomForestClassifier`` with 512 trees.

    As in HPOBench, `max_features` is an exponent: a split looks at ``n_features ** max_features``
    columns, rounded.
    """

    name: str = "rf"
    tuned: Sequence[str] = ("max_depth", "max_features")

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("max_depth", "int", 1, 50, default=10, log=True),
            Hyperparameter("max_features", "float", 0.0, 1.0, default=0.5),
            Hyperparameter("min_samples_leaf", "int", 1, 20, default=1),
            Hyperparameter("min_samples_split", "int", 2, 128, default=32, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from symhpo.objectives.classifiers.forest import FastForestClassifier

        columns = int(np.rint(np.power(n_features, hyperparameters["max_features"])))
        return FastForestClassifier(
            **(hyperparameters | {"max_features": columns}),
            n_estimators=512,
            random_state=np.random.RandomState(seed),
        )
