"""SMAC's Gaussian process as plain data: stored as arrays, predicting with NumPy and SciPy alone.

The model is the one of SMAC's `BlackBoxFacade` (Lindauer et al., SMAC3, JMLR 2022): on costs scaled
to mean 0 and standard deviation 1,

    k(u, v) = amplitude * matern52(u, v) * hamming(u, v) + noise * [u is v],

with one length scale for each hyperparameter: Matérn-5/2 over the numerical ones, exponentiated
Hamming distance over the categorical ones. Inputs are ConfigSpace's vectors, -1 standing for an
inactive hyperparameter; two configurations with different active hyperparameters are uncorrelated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.space import Space

__all__ = ["Surrogate"]

Array = NDArray[np.float64]

INACTIVE = -1.0
# SMAC never reports a smaller variance of the scaled costs.
SMALLEST_VARIANCE = 1e-10
# Rows predicted at once, to bound the memory of a prediction on many points.
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A trained Gaussian process.

    Every number is computed by the operations that SMAC and scikit-learn use, in their order, so that
    the predictions are SMAC's to the last digits even where the kernel matrix is nearly singular.

    Attributes
    ----------
    space : Space
    inputs : array of shape (n, d)
        Training configurations as ConfigSpace's vectors, `INACTIVE` where not active.
    targets : array of shape (n,)
        Their costs, scaled.
    amplitude, noise : float
        Signal variance and noise variance of the scaled costs.
    length_scales : array of shape (d,)
    cost_mean, cost_std : float
        The scaling of the costs.
    weights : array of shape (n,)
        The kernel matrix' inverse times the targets. It could be recomputed, but not to the same
        digits by another number of BLAS threads.
    """

    space: Space
    inputs: Array
    targets: Array
    amplitude: float
    length_scales: Array
    noise: float
    cost_mean: float
    cost_std: float
    weights: Array

    @classmethod
    def fitted(
        cls,
        space: Space,
        inputs: Array,
        targets: Array,
        *,
        amplitude: float,
        length_scales: Array,
        noise: float,
        cost_mean: float,
        cost_std: float,
    ) -> Surrogate:
        """Return the process with the given hyperparameters, conditioned on the training data.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the kernel matrix is not positive definite in floating point.
        """
        from scipy.linalg import cho_solve

        without_weights = cls(
            space=space,
            inputs=inputs,
            targets=targets,
            amplitude=amplitude,
            length_scales=length_scales,
            noise=noise,
            cost_mean=cost_mean,
            cost_std=cost_std,
            weights=np.zeros(len(targets)),
        )
        factor = without_weights.cholesky_factor
        return replace(without_weights, weights=cho_solve((factor, True), targets, check_finite=False))

    def predict(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return mean and standard deviation of the predicted cost, noise included, each of shape (n,).

        Parameters
        ----------
        X : array of shape (n, d)
            Configurations in true units, NaN for inactive hyperparameters.
        """
        return self.predict_vectors(self.space.to_unit(X))

    def predict_vectors(self, vectors: ArrayLike) -> tuple[Array, Array]:
        """Return what `predict` does, for configurations as ConfigSpace's vectors."""
        U = np.nan_to_num(np.asarray(vectors, dtype=np.float64), nan=INACTIVE)
        chunks = [self._predict(U[start : start + CHUNK]) for start in range(0, len(U), CHUNK)]
        mean, std = zip(*chunks, strict=True) if chunks else ([np.empty(0)], [np.empty(0)])
        return np.concatenate(mean), np.concatenate(std)

    def save(self, path: Path) -> None:
        """Write the process as NPZ without objects; the same process gives the same bytes."""
        arrays: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays["space"] = json.dumps(self.space.to_json())
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Surrogate:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            values: dict[str, Any] = {name: file[name] for name in file.files}
        values = {name: value if value.ndim else value.item() for name, value in values.items()}
        values["space"] = Space.from_json(json.loads(values["space"]))
        return cls(**values)

    @cached_property
    def cholesky_factor(self) -> Array:
        """The lower Cholesky factor of the training inputs' kernel matrix, noise included."""
        from scipy.linalg import cholesky

        K = self.covariance(self.inputs, self.inputs)
        K[np.diag_indices_from(K)] = self.amplitude + self.noise
        return np.asarray(cholesky(K, lower=True, check_finite=False))

    def _predict(self, U: Array) -> tuple[Array, Array]:
        from scipy.linalg import solve_triangular

        covariance = self.covariance(U, self.inputs)
        mean = covariance @ self.weights
        V = solve_triangular(self.cholesky_factor, covariance.T, lower=True, check_finite=False)
        variance = self.amplitude + self.noise - np.einsum("ij,ij->j", V, V)
        variance = np.maximum(variance, SMALLEST_VARIANCE)
        return mean * self.cost_std + self.cost_mean, np.sqrt(variance) * self.cost_std

    def covariance(self, U: Array, V: Array) -> Array:
        """Return the prior covariance of scaled costs, without noise, at vectors (m, d) and (n, d)."""
        K = np.full((len(U), len(V)), self.amplitude)
        for columns, correlation in ((~self._categorical, _matern52), (self._categorical, _hamming)):
            if columns.any():
                A, B = U[:, columns], V[:, columns]
                K *= correlation(A, B, self.length_scales[columns])
                if self._has_conditions:
                    K *= ((A <= INACTIVE)[:, None, :] == (B <= INACTIVE)).all(axis=2)
        return K

    @cached_property
    def _categorical(self) -> NDArray[np.bool_]:
        return np.array([h.type == "categorical" for h in self.space.hyperparameters])

    @property
    def _has_conditions(self) -> bool:
        return any(h.condition is not None for h in self.space.hyperparameters)


def _matern52(A: Array, B: Array, length_scales: Array) -> Array:
    from scipy.spatial.distance import cdist

    r = cdist(A / length_scales, B / length_scales) * np.sqrt(5)
    return np.asarray((1.0 + r + r**2 / 3.0) * np.exp(-r))


def _hamming(A: Array, B: Array, length_scales: Array) -> Array:
    differs = A[:, None, :] != B
    return np.asarray(np.exp((-1 / (2 * length_scales**2) * differs).sum(axis=2)))
