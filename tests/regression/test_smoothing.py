"""Labels between evaluations."""

from __future__ import annotations

import numpy as np

from symhpo.regression.domain import spread
from symhpo.regression.smoothing import GaussianProcess, smooth

U = spread(80, 2)
BETWEEN = np.random.default_rng(0).uniform(size=(200, 2))


def ramp(points: np.ndarray) -> np.ndarray:
    """Two plateaus with a slope between them."""
    return np.clip(3 * points[:, 0] - 1, 0.0, 1.0)


def test_labels_are_near_the_truth_and_within_the_costs_seen() -> None:
    costs, variances = smooth(U, ramp(U), BETWEEN)
    assert np.sqrt(np.mean((costs - ramp(BETWEEN)) ** 2)) < 0.1 * ramp(U).std()
    assert costs.min() >= 0.0
    assert costs.max() <= 1.0
    assert (variances >= 0).all()


def test_labels_are_surer_near_evaluations() -> None:
    _, variances = smooth(U[U[:, 0] < 0.5], ramp(U[U[:, 0] < 0.5]), np.array([[0.25, 0.5], [0.95, 0.5]]))
    assert variances[0] < 0.5 * variances[1]


def test_noise_is_smoothed_away() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, len(U))
    costs, _ = smooth(U, ramp(U) + noise, U)
    assert np.mean((costs - ramp(U)) ** 2) < 0.5 * np.mean(noise**2)


def test_processes_find_out_which_hyperparameter_matters() -> None:
    for smoothness in (0.5, 1.5):
        process = GaussianProcess.fit(U, ramp(U), smoothness)
        # The cost depends on the first hyperparameter alone: the other's length scale has to be long.
        assert process.log_scales[1] > process.log_scales[0] + np.log(3)
