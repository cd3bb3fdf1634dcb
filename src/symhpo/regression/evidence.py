"""The true evaluations behind a training set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.base import TrainingSet

__all__ = ["evaluations"]

Array = NDArray[np.float64]


def evaluations(training_set: TrainingSet) -> tuple[Array, Array] | None:
    """Return the configurations that were truly evaluated, shape (n, d), and their cost, shape (n,).

    They are the training set itself, or, where a surrogate has labelled it, what that surrogate was
    trained on. None if they are not known: labels without their surrogate, or one of conditional
    hyperparameters, whose vectors do not tell inactive values apart.
    """
    surrogate, space = training_set.surrogate, training_set.space
    if surrogate is None:
        is_labelled = training_set.n_evaluations < len(training_set.y)
        return None if is_labelled else (training_set.X, training_set.y)
    if any(h.condition is not None for h in space.hyperparameters):
        return None
    cost = surrogate.targets * surrogate.cost_std + surrogate.cost_mean
    return space.from_unit(surrogate.inputs), cost
