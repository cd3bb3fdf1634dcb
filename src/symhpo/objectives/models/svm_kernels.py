"""Support vector machine with a choice of kernels, whose own hyperparameters are conditional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Condition, Hyperparameter, Space

__all__ = ["SupportVectorMachineKernels"]

# Polynomials of a large gamma make libsvm's steps endless; well-behaved settings need far fewer.
MAX_ITERATIONS = 20_000


@dataclass(frozen=True)
class SupportVectorMachineKernels(Model):
    """scikit-learn's ``SVC`` with the kernel as a hyperparameter, stopped after 20 000 steps."""

    name: str = "svm_kernels"
    tuned: Sequence[str] | str = "all"

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("C", "float", 2**-10, 2**10, default=1.0, log=True),
            Hyperparameter(
                "coef0", "float", 0.0, 1.0, default=0.0, condition=Condition("kernel", ("poly", "sigmoid"))
            ),
            Hyperparameter("degree", "int", 2, 5, default=3, condition=Condition("kernel", ("poly",))),
            Hyperparameter("gamma", "float", 2**-10, 2**10, default=0.1, log=True),
            Hyperparameter.categorical("kernel", ("rbf", "poly", "sigmoid"), default="rbf"),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from sklearn.svm import SVC

        return SVC(  # type: ignore[no-any-return]
            **hyperparameters,
            cache_size=200,
            max_iter=MAX_ITERATIONS,
            random_state=np.random.RandomState(seed),
        )
