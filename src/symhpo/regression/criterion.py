"""The Bayesian information criterion of a formula."""

from __future__ import annotations

import math

import numpy as np

from symhpo.regression.base import Member, TrainingSet
from symhpo.regression.evidence import evaluations

__all__ = ["bic"]

# Errors below this fraction of the costs' range are rounding, and none better than another.
RESOLUTION = 1e-9


def bic(member: Member, training_set: TrainingSet) -> float:
    """Return ``n ln(mse) + ln(n) nodes``: lower is better, a node has to pay for itself.

    Both ``n`` and the mean squared error are of the true evaluations, not of the labels that a
    surrogate predicted from them, which are no evidence of their own; where the evaluations are not
    known, the error is that on the labels (Schwarz, Estimating the dimension of a model, Annals of
    Statistics 1978, with the nodes of the expression tree in the place of parameters).
    """
    n = training_set.n_evaluations
    smallest = RESOLUTION * float(np.ptp(training_set.y)) or np.finfo(np.float64).tiny
    return 2 * n * math.log(max(_error(member, training_set), smallest)) + math.log(n) * member.nodes


def _error(member: Member, training_set: TrainingSet) -> float:
    evaluated = evaluations(training_set)
    if training_set.surrogate is None or evaluated is None:
        return member.rmse
    X, cost = evaluated
    return float(np.sqrt(np.mean((member.formula.evaluate(X) - cost) ** 2)))
