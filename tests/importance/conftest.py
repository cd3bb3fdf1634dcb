"""Surrogates that need no optimiser, and a space with every kind of hyperparameter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from symhpo.sampling.surrogate import INACTIVE, Surrogate
from symhpo.space import Condition, Hyperparameter, Space


@pytest.fixture
def kernel_space() -> Space:
    not_rbf = Condition("kernel", ("poly", "sigmoid"))
    return Space(
        [
            Hyperparameter.categorical("kernel", ("rbf", "poly", "sigmoid"), "rbf"),
            Hyperparameter("C", "float", 1e-2, 1e2, 1.0, log=True),
            Hyperparameter("coef0", "float", -1.0, 1.0, 0.0, condition=not_rbf),
            Hyperparameter("degree", "int", 2, 5, 3, condition=Condition("kernel", ("poly",))),
        ]
    )


@pytest.fixture
def surrogate_of() -> Callable[..., Surrogate]:
    """A Gaussian process with given length scales that has seen a function at random configurations."""

    def fitted(
        space: Space, function: Callable[[np.ndarray], np.ndarray], n: int = 60, noise: float = 1e-6
    ) -> Surrogate:
        X = space.sample(n, np.random.default_rng(1))
        y = function(X)
        scale = float(y.std()) or 1.0
        return Surrogate.fitted(
            space,
            np.nan_to_num(space.to_unit(X), nan=INACTIVE),
            (y - y.mean()) / scale,
            amplitude=2.0,
            length_scales=np.full(len(space), 0.9),
            noise=noise,
            cost_mean=float(y.mean()),
            cost_std=scale,
        )

    return fitted
