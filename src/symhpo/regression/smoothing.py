"""Gaussian processes of the engine's own: labels between the evaluated configurations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["GaussianProcess", "smooth"]

Array = NDArray[np.float64]

# Smoothness of the kernels whose predictions are averaged: these landscapes have kinks and cliffs,
# which the usual 5/2 overshoots.
SMOOTHNESS = (1.5, 0.5)
# Bounds of length scales in the unit cube, and of the variances of signal and noise.
LENGTH_SCALES = (0.05, 20.0)
SIGNAL = (0.05, 20.0)
NOISE = (1e-4, 1.0)
MAX_ITERATIONS = 50
# Evaluations whose processes are remembered: fits under several seeds repeat the same ones.
REMEMBERED = 4


@dataclass(frozen=True)
class GaussianProcess:
    """Regression with a Matérn 3/2 or 1/2 kernel, one length scale a column, and noise.

    Hyperparameters maximise the marginal likelihood (Rasmussen and Williams, Gaussian Processes for
    Machine Learning, 2006, Section 5.4) from one start; the same data gives the same process.
    """

    U: Array
    weights: Array
    precision: Array
    log_scales: Array
    log_signal: float
    smoothness: float
    mean: float
    deviation: float

    @classmethod
    def fit(cls, U: Array, y: Array, smoothness: float) -> GaussianProcess:
        """Fit to configurations in the unit cube, shape (n, d), and their costs, shape (n,).

        `smoothness` is 1.5 or 0.5, the index of the Matérn kernel.
        """
        from scipy.optimize import minimize

        n, d = U.shape
        mean, deviation = float(y.mean()), float(y.std()) or 1.0
        target = (y - mean) / deviation
        squares = (U.T[:, :, None] - U.T[:, None, :]) ** 2

        def objective(parameters: Array) -> tuple[float, Array]:
            return _negative_log_likelihood(parameters, squares, target, smoothness)

        start = np.log(np.r_[np.full(d, 0.5), 1.0, 0.01])
        bounds = [tuple(np.log(LENGTH_SCALES))] * d + [tuple(np.log(SIGNAL)), tuple(np.log(NOISE))]
        result = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": MAX_ITERATIONS},
        )
        scales, signal, noise = result.x[:d], float(result.x[d]), float(result.x[d + 1])
        K = _kernel(squares, scales, signal, smoothness)[0] + np.exp(noise) * np.eye(n)
        precision = np.linalg.inv(K)
        return cls(U, precision @ target, precision, scales, signal, smoothness, mean, deviation)

    def predict(self, U: Array) -> tuple[Array, Array]:
        """Return mean and variance, without the noise, at configurations in the unit cube, shape (m, d)."""
        squares = (U.T[:, :, None] - self.U.T[:, None, :]) ** 2
        K, _, _ = _kernel(squares, self.log_scales, self.log_signal, self.smoothness)
        explained = np.einsum("ij,ij->i", K @ self.precision, K)
        variance = self.deviation**2 * np.maximum(np.exp(self.log_signal) - explained, 0.0)
        return self.mean + self.deviation * (K @ self.weights), variance


def smooth(U: Array, y: Array, between: Array) -> tuple[Array, Array]:
    """Return costs and variances between evaluations, as processes of several smoothness predict them.

    The mean over the processes, cut off at the costs that were seen.

    Parameters
    ----------
    U, y : arrays of shape (n, d) and (n,)
        Configurations in the unit cube and their costs.
    between : array of shape (m, d)
        Where to predict.

    Returns
    -------
    costs, variances : arrays of shape (m,)
    """
    predictions = [process.predict(between) for process in _processes(_Evaluations(U, y))]
    means = [np.clip(mean, y.min(), y.max()) for mean, _ in predictions]
    return np.mean(means, axis=0), np.mean([variance for _, variance in predictions], axis=0)


class _Evaluations:
    """Configurations and costs that are equal to others with the same content."""

    def __init__(self, U: Array, y: Array) -> None:
        self.U, self.y = U, y
        self._content = (U.shape, U.tobytes(), y.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Evaluations) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)


@lru_cache(maxsize=REMEMBERED)
def _processes(evaluations: _Evaluations) -> tuple[GaussianProcess, ...]:
    return tuple(GaussianProcess.fit(evaluations.U, evaluations.y, s) for s in SMOOTHNESS)


def _kernel(
    squares: Array, log_scales: Array, log_signal: float, smoothness: float
) -> tuple[Array, Array, Array]:
    """Return the kernel, the factor of its derivatives by length scale, and the scaled squares."""
    scaled = squares * np.exp(-2 * log_scales)[:, None, None]
    distance = np.sqrt(scaled.sum(axis=0))
    if smoothness == 0.5:
        decay = np.exp(log_signal - distance)
        return decay, decay / np.where(distance > 0, distance, 1.0), scaled
    r = 3**0.5 * distance
    decay = np.exp(log_signal - r)
    return (1 + r) * decay, 3 * decay, scaled


def _negative_log_likelihood(
    parameters: Array, squares: Array, target: Array, smoothness: float
) -> tuple[float, Array]:
    from scipy.linalg import cho_factor, cho_solve

    n = len(target)
    noise = np.exp(parameters[-1])
    K, slope, scaled = _kernel(squares, parameters[:-2], parameters[-2], smoothness)
    factor = cho_factor(K + noise * np.eye(n), lower=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(n), check_finite=False)
    weights = inverse @ target
    value = 0.5 * target @ weights + np.log(np.diag(factor[0])).sum()
    sensitivity = 0.5 * (inverse - np.outer(weights, weights))
    shared = sensitivity * slope
    gradient = np.r_[
        np.einsum("ij,kij->k", shared, scaled), np.sum(sensitivity * K), np.trace(sensitivity) * noise
    ]
    return float(value), gradient
