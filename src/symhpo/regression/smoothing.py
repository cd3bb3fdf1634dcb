"""A Gaussian process of the engine's own: labels between the evaluated configurations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GaussianProcess"]

Array = NDArray[np.float64]

ROOT5 = 5**0.5
# Bounds of length scales in the unit cube, and of the variances of signal and noise.
LENGTH_SCALES = (0.05, 20.0)
SIGNAL = (0.05, 20.0)
NOISE = (1e-4, 1.0)
MAX_ITERATIONS = 50


@dataclass(frozen=True)
class GaussianProcess:
    """Regression with a Matérn 5/2 kernel, one length scale a column, and noise.

    Hyperparameters maximise the marginal likelihood (Rasmussen and Williams, Gaussian Processes for
    Machine Learning, 2006, Section 5.4) from one start; the same data gives the same process.
    """

    U: Array
    weights: Array
    precision: Array
    log_scales: Array
    log_signal: float
    mean: float
    deviation: float

    @classmethod
    def fit(cls, U: Array, y: Array) -> GaussianProcess:
        """Fit to configurations in the unit cube, shape (n, d), and their costs, shape (n,)."""
        from scipy.optimize import minimize

        n, d = U.shape
        mean, deviation = float(y.mean()), float(y.std()) or 1.0
        target = (y - mean) / deviation
        squares = (U.T[:, :, None] - U.T[:, None, :]) ** 2

        def objective(parameters: Array) -> tuple[float, Array]:
            return _negative_log_likelihood(parameters, squares, target)

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
        K = _kernel(squares, scales, signal)[0] + np.exp(noise) * np.eye(n)
        precision = np.linalg.inv(K)
        return cls(U, precision @ target, precision, scales, signal, mean, deviation)

    def predict(self, U: Array) -> tuple[Array, Array]:
        """Return mean and variance, without the noise, at configurations in the unit cube, shape (m, d)."""
        squares = (U.T[:, :, None] - self.U.T[:, None, :]) ** 2
        K, _, _ = _kernel(squares, self.log_scales, self.log_signal)
        explained = np.einsum("ij,ij->i", K @ self.precision, K)
        variance = self.deviation**2 * np.maximum(np.exp(self.log_signal) - explained, 0.0)
        return self.mean + self.deviation * (K @ self.weights), variance


def _kernel(squares: Array, log_scales: Array, log_signal: float) -> tuple[Array, Array, Array]:
    """Return the kernel, the factor of its derivatives by length scale, and the scaled squares."""
    scaled = squares * np.exp(-2 * log_scales)[:, None, None]
    r = ROOT5 * np.sqrt(scaled.sum(axis=0))
    decay = np.exp(log_signal - r)
    return (1 + r + r**2 / 3) * decay, 5 / 3 * (1 + r) * decay, scaled


def _negative_log_likelihood(parameters: Array, squares: Array, target: Array) -> tuple[float, Array]:
    from scipy.linalg import cho_factor, cho_solve

    n = len(target)
    noise = np.exp(parameters[-1])
    K, slope, scaled = _kernel(squares, parameters[:-2], parameters[-2])
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
