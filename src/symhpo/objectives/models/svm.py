"""Support vector machine with a radial basis function kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["SupportVectorMachine"]


@dataclass(frozen=True)
class SupportVectorMachine(Model):
    """scikit-learn's ``SVC``."""

    name: str = "svm"
    tuned: Sequence[str] = ("C", "gamma")

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("C", "float", 2**-10, 2**10, default=1.0, log=True),
            Hyperparameter("gamma", "float", 2**-10, 2**10, default=0.1, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from sklearn.svm import SVC

        return SVC(  # type: ignore[no-any-return]
            **hyperparameters, cache_size=200, random_state=np.random.RandomState(seed)
        )
