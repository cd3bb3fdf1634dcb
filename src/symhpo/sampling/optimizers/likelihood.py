"""The hyperparameters of SMAC's Gaussian process, fitted on arrays with analytic gradients.

The objective is SMAC's: the logarithm of the marginal likelihood (Rasmussen and Williams, Gaussian
Processes for Machine Learning, 2006, eq. 5.8 and 5.9) plus a log-normal prior on the amplitude and
a horseshoe prior on the noise (Snoek, Larochelle and Adams, NeurIPS 2012).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs
from scipy.optimize import fmin_l_bfgs_b

__all__ = ["MarginalLikelihood", "bounds", "fit"]

Array = NDArray[np.float64]

# SMAC's bounds of the logarithms.
AMPLITUDE_BOUNDS = (-10.0, 2.0)
LENGTH_SCALE_BOUNDS = (-6.754111155189306, 0.0858637988771976)
NOISE_BOUNDS = (-25.0, 2.0)
HORSESHOE_SCALE = 0.1
# Where the kernel matrix is not positive definite.
WORST = 1e25


def bounds(n_hyperparameters: int) -> Array:
    """Return lower and upper bounds of the parameters (see `MarginalLikelihood`), shape (d + 2, 2)."""
    return np.array([AMPLITUDE_BOUNDS, *[LENGTH_SCALE_BOUNDS] * n_hyperparameters, NOISE_BOUNDS])


class MarginalLikelihood:
    """The posterior of the parameters, as a function to be minimised.

    Parameters are the logarithms of amplitude, length scales and noise: an array of shape (d + 2,).

    Parameters
    ----------
    inputs : array of shape (n, d)
        ConfigSpace's vectors, -1 where inactive.
    targets : array of shape (n,)
        Scaled costs.
    is_categorical : array of shape (d,)
    has_conditions : bool
        Whether configurations with different active hyperparameters are uncorrelated.
    """

    def __init__(
        self, inputs: Array, targets: Array, is_categorical: NDArray[np.bool_], *, has_conditions: bool
    ) -> None:
        # One column for each pair of inputs.
        self._i, self._j = np.tril_indices(len(inputs), -1)
        differences = (inputs[self._i] - inputs[self._j]).T
        self._distances = np.where(is_categorical[:, None], differences != 0, differences**2)
        self._numerical = np.flatnonzero(~is_categorical)
        self._categorical = np.flatnonzero(is_categorical)
        self._active = np.ones(len(self._i))
        if has_conditions:
            for columns in (self._numerical, self._categorical):
                inactive = inputs[:, columns] < 0
                self._active *= (inactive[self._i] == inactive[self._j]).all(axis=1)
        self._targets = np.asarray(targets)

    def __call__(self, parameters: Array) -> tuple[float, Array]:
        """Return the negative logarithm of the posterior, up to a constant, and its gradient."""
        amplitude, noise = np.exp(parameters[[0, -1]])
        inverse_squares = np.exp(-2 * parameters[1:-1])
        covariance, slope = self._covariance(amplitude, inverse_squares)
        n = len(self._targets)
        K = np.empty((n, n), order="F")
        K[self._i, self._j] = covariance
        np.fill_diagonal(K, amplitude + noise)
        L, failed = dpotrf(K, lower=1, overwrite_a=1)
        if failed:
            return WORST, np.zeros_like(parameters)
        diagonal = np.diagonal(L)
        weights, _ = dpotrs(L, self._targets, lower=1)
        value = 0.5 * self._targets @ weights + np.log(diagonal).sum()

        inverse, _ = dpotri(L, lower=1)
        W = weights[self._i] * weights[self._j] - inverse[self._i, self._j]
        trace = weights @ weights - np.trace(inverse)
        gradient = np.empty_like(parameters)
        gradient[0] = W @ covariance + 0.5 * amplitude * trace
        gradient[1:-1] = inverse_squares * self._slope_sums(W, covariance, slope)
        gradient[-1] = 0.5 * noise * trace
        log_prior, prior_gradient = _log_prior(parameters[0], noise)
        gradient[[0, -1]] += prior_gradient
        return float(value - log_prior), -gradient

    def _covariance(self, amplitude: float, inverse_squares: Array) -> tuple[Array, Array]:
        """Return covariances, and what the Matérn factor's derivative takes their place with."""
        r = np.sqrt(5 * (inverse_squares[self._numerical] @ self._distances[self._numerical]))
        scale = amplitude * self._active * np.exp(-r)
        if len(self._categorical):
            scale *= np.exp(-0.5 * (inverse_squares[self._categorical] @ self._distances[self._categorical]))
        return scale * (1 + r + r**2 / 3), scale * (1 + r) * (5 / 3)

    def _slope_sums(self, W: Array, covariance: Array, slope: Array) -> Array:
        sums = np.empty(len(self._distances))
        sums[self._numerical] = self._distances[self._numerical] @ (W * slope)
        sums[self._categorical] = self._distances[self._categorical] @ (W * covariance)
        return sums


def fit(likelihood: MarginalLikelihood, starts: Array) -> Array:
    """Return the best parameters that L-BFGS-B reaches from the starts, shape (k, d + 2)."""
    limits = bounds(starts.shape[1] - 2).tolist()
    optima = [fmin_l_bfgs_b(likelihood, start, bounds=limits) for start in starts]
    best, _, _ = min(optima, key=lambda optimum: float(optimum[1]))
    return np.asarray(best)


def _log_prior(log_amplitude: float, noise: float) -> tuple[float, Array]:
    ratio = 3 * (HORSESHOE_SCALE / noise) ** 2
    spike = np.log1p(ratio)
    value = -0.5 * log_amplitude**2 - log_amplitude + np.log(spike)
    return float(value), np.array([-log_amplitude - 1, -2 * ratio / ((1 + ratio) * spike)])
