"""SMAC's own model, acquisition function and maximiser, number for number, without their overhead.

Each class does what its parent does, by the same floating-point operations on the same memory layout
and with the same random draws, so that every trial is the same to the last bit. What is saved: clones
of kernel objects, kernel values that are computed twice, Configuration objects for neighbours that
are looked at once, and SciPy's distribution objects. Where a space has what the fast way does
not cover (conditions), the parent's way is taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from ConfigSpace import Configuration, ConfigurationSpace
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial.distance import cdist, pdist
from scipy.special import ndtr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel
from smac.acquisition.function import EI
from smac.acquisition.maximizer import LocalAndSortedRandomSearch, LocalSearch
from smac.model.gaussian_process import GaussianProcess
from smac.model.gaussian_process.kernels import MaternKernel, ProductKernel
from smac.utils.configspace import convert_configurations_to_array

from symhpo.sampling.optimizers.climb import Axis, Climb, neighbourhood
from symhpo.sampling.optimizers.string_hash import set_order
from symhpo.sampling.surrogate import Surrogate
from symhpo.space import Space

__all__ = ["ArrayEI", "ArrayGaussianProcess", "OrderedLocalAndSortedRandomSearch"]

Array = NDArray[np.float64]


class ArrayGaussianProcess(GaussianProcess):  # type: ignore[misc]
    """SMAC's Gaussian process on a regressor that works on arrays."""

    def _get_gaussian_process(self) -> GaussianProcessRegressor:
        regressor = ArrayRegressor if _is_numerical(self._kernel) else UncloningRegressor
        return regressor(
            kernel=self._kernel,
            normalize_y=False,
            optimizer=None,
            n_restarts_optimizer=0,
            alpha=0,
            random_state=self._rng,
        )

    def surrogate(self, space: Space) -> Surrogate:
        """Return the model as it is now, as plain data."""
        kernel = self._gp.kernel_
        length_scales = np.empty(len(space))
        for factor in _correlations(kernel.k1.k2):
            length_scales[factor.operate_on] = factor.length_scale
        return Surrogate(
            space,
            self._gp.X_train_,
            self._gp.y_train_,
            amplitude=float(kernel.k1.k1.constant_value),
            length_scales=length_scales,
            noise=float(kernel.k2.noise_level),
            cost_mean=float(self.mean_y_),
            cost_std=float(self.std_y_),
            weights=self._gp.alpha_,
        )


class UncloningRegressor(GaussianProcessRegressor):  # type: ignore[misc]
    """scikit-learn's regressor, that does not clone its kernel for every likelihood."""

    def log_marginal_likelihood(
        self, theta: Array | None = None, eval_gradient: bool = False, clone_kernel: bool = True
    ) -> Any:
        """Return what the parent does; the kernel it leaves behind is replaced by the next fit."""
        return super().log_marginal_likelihood(
            theta, eval_gradient, clone_kernel=clone_kernel and theta is None
        )


class ArrayRegressor(GaussianProcessRegressor):  # type: ignore[misc]
    """scikit-learn's regressor for ``constant * matern52 + white`` on two or more inputs."""

    def fit(self, X: Array, y: Array) -> ArrayRegressor:
        """Condition on the training data, with the kernel's hyperparameters as they are."""
        self.X_train_, self.y_train_, self.kernel_ = X, y, self.kernel
        n, d = X.shape
        self._square_differences, self._pairs = _by_pair(((X[:, None, :] - X[None, :, :]) ** 2).T)
        # Buffers, because allocating matrices takes longer than filling them. The order of summation
        # depends on their layout, which is that of scikit-learn and SMAC: of the gradient, one
        # matrix after the other.
        self._K, self._inverse = np.empty((n, n)), np.empty((n, n), order="F")
        self._inner, self._gradient = np.empty((n, n, 1)), np.zeros((d + 2, n, n))
        # Not from kernel.theta: exp(log(x)) is not x to the last bit.
        self._parameters = (
            self.kernel.k1.k1.constant_value,
            self.kernel.k1.k2.length_scale,
            self.kernel.k2.noise_level,
        )
        amplitude, length_scales, noise = self._parameters
        self.L_ = self._factor(self._covariances(amplitude, length_scales), noise).copy(order="F")
        self.alpha_ = cho_solve((self.L_, True), y, check_finite=False)
        return self

    def log_marginal_likelihood(
        self,
        theta: Array | None = None,
        eval_gradient: bool = False,
        clone_kernel: bool = True,  # noqa: ARG002 - the parent's signature
    ) -> Any:
        """Return the logarithm of the marginal likelihood and its gradient at `theta`."""
        if theta is None or not eval_gradient:
            raise NotImplementedError("SMAC asks for the gradient at a point")
        amplitude, length_scales, noise = np.exp(theta[0]), np.exp(theta[1:-1]), np.exp(theta[-1])
        covariances = self._covariances(amplitude, length_scales)
        try:
            L = self._factor(covariances, noise)
        except np.linalg.LinAlgError:
            return -np.inf, np.zeros_like(theta)
        y = self.y_train_[:, np.newaxis]
        alpha = cho_solve((L, True), y, check_finite=False)
        likelihood = -0.5 * np.einsum("ik,ik->k", y, alpha)
        likelihood -= np.log(np.diag(L)).sum()
        likelihood -= len(y) / 2 * np.log(2 * np.pi)

        self._inverse[:] = 0.0
        np.fill_diagonal(self._inverse, 1.0)
        inverse = cho_solve((L, True), self._inverse, overwrite_b=True, check_finite=False)
        inner = np.einsum("ik,jk->ijk", alpha, alpha, out=self._inner)
        inner -= inverse[..., np.newaxis]
        self._fill_gradient(covariances, amplitude, length_scales, noise)
        gradient = 0.5 * np.einsum("ijl,jik->kl", inner, self._gradient.transpose(1, 2, 0))
        return likelihood.sum(axis=-1), gradient.sum(axis=-1)

    def predict(self, X: Array, return_std: bool = False, return_cov: bool = False) -> Any:
        """Return the mean and, if asked for, the standard deviation of the prediction."""
        if return_cov:
            raise NotImplementedError("SMAC's expected improvement needs no covariances")
        amplitude, length_scales, noise = self._parameters
        r = cdist(X / length_scales, self.X_train_ / length_scales, metric="euclidean")
        covariance = amplitude * _matern52(r)
        mean = covariance @ self.alpha_
        if not return_std:
            return mean
        V = solve_triangular(self.L_, covariance.T, lower=True, check_finite=False)
        variance = np.full(len(X), amplitude + noise)
        variance -= np.einsum("ij,ji->i", V.T, V)
        variance[variance < 0] = 0.0
        return mean, np.sqrt(variance)

    def _covariances(self, amplitude: float, length_scales: Array) -> Array:
        """Return the covariance of each pair of inputs, and at the end that of an input with itself."""
        return amplitude * _matern52(np.append(pdist(self.X_train_ / length_scales), 0.0))

    def _factor(self, covariances: Array, noise: float) -> Array:
        """Return the lower Cholesky factor of the kernel matrix, in a buffer."""
        self._fill(self._K, covariances)
        self._K[np.diag_indices_from(self._K)] += noise
        # LAPACK wants columns: the transposed matrix is the same, and needs no copy.
        return np.asarray(cholesky(self._K.T, lower=True, overwrite_a=True, check_finite=False))

    def _fill_gradient(
        self, covariances: Array, amplitude: float, length_scales: Array, noise: float
    ) -> None:
        D = self._square_differences / length_scales[:, np.newaxis] ** 2
        r = np.sqrt(5 * D.sum(0))
        slopes = 5.0 / 3.0 * D * (r + 1) * np.exp(-r) * amplitude
        for matrix, by_pair in zip(self._gradient[:-1], [covariances, *slopes], strict=True):
            self._fill(matrix, by_pair)
        np.fill_diagonal(self._gradient[-1], noise)

    def _fill(self, matrix: Array, by_pair: Array) -> None:
        # Any mode but the default one writes to `out` without a buffer; no index is out of bounds.
        np.take(by_pair, self._pairs, out=matrix, mode="clip")


class ArrayEI(EI):  # type: ignore[misc]
    """Expected improvement, without SciPy's distribution objects; also of arrays of vectors."""

    def of_vectors(self, vectors: Array) -> Array:
        """Return the acquisition values of configurations given as vectors, shape (n, 1)."""
        values = self._compute(vectors)
        values[np.isnan(values)] = -np.finfo(float).max
        return values

    def _compute(self, X: Array) -> Array:
        mean, variance = self._model.predict_marginalized(X)
        std = np.sqrt(variance)
        improvement = self._eta - mean - self._xi
        z = improvement / std
        values = improvement * ndtr(z) + std * (np.exp(-(z**2) / 2.0) / np.sqrt(2 * np.pi))
        if (values < 0).any():
            raise ValueError("Expected Improvement is smaller than 0 for at least one sample.")
        return np.asarray(values)


class OrderedLocalAndSortedRandomSearch(LocalAndSortedRandomSearch):  # type: ignore[misc]
    """SMAC's maximiser with its start points in the order that one hash seed gives them."""

    def __init__(self, configspace: ConfigurationSpace, *, hash_seed: int, seed: int) -> None:
        # The facade's own number of challengers.
        super().__init__(configspace, challengers=1000, seed=seed)
        self._local_search = OrderedLocalSearch(configspace, hash_seed=hash_seed, seed=seed)


class OrderedLocalSearch(LocalSearch):  # type: ignore[misc]
    """SMAC's local search with its start points in a defined order, its neighbours on arrays."""

    def __init__(self, configspace: ConfigurationSpace, *, hash_seed: int, seed: int) -> None:
        super().__init__(configspace, seed=seed)
        self._hash_seed = hash_seed
        self._is_flat = not configspace.conditions and not configspace.forbidden_clauses
        self._axes = [Axis(j, h) for j, h in enumerate(configspace.values()) if h.size != 1]

    def _get_init_points_from_previous_configs(
        self,
        previous_configs: list[Configuration],
        n_points: int,
        additional_start_points: list[tuple[float, Configuration]] | None,
    ) -> list[Configuration]:
        model = self._acquisition_function.model
        costs = model.predict_marginalized(convert_configurations_to_array(previous_configs))[0]
        tie_breaks = self._rng.rand(len(costs))
        order = np.lexsort((tie_breaks, costs.flatten()))[:n_points]
        best = [previous_configs[index] for index in order]
        additional = [configuration for _, configuration in additional_start_points or ()]
        return set_order([*best, *additional], repr, self._hash_seed)

    def _search(self, start_points: list[Configuration]) -> list[tuple[float, Configuration]]:
        if not self._is_flat:
            return super()._search(start_points)  # type: ignore[no-any-return]
        vectors = np.array([configuration.get_array() for configuration in start_points])
        climbs = [
            Climb(vector, value, self._open_neighbourhood)
            for vector, value in zip(vectors, self._values(vectors), strict=True)
        ]
        while active := [climb for climb in climbs if climb.is_active]:
            batches = [climb.next_neighbours() for climb in active]
            values = iter(self._values([vector for batch in batches for vector in batch]))
            for climb, batch in zip(active, batches, strict=True):
                climb.compare(batch, list(itertools.islice(values, len(batch))))
            for climb in active:
                climb.move_on()
        return [
            (climb.value, Configuration(self._configspace, vector=climb.vector) if climb.has_moved else start)
            for climb, start in zip(climbs, start_points, strict=True)
        ]

    def _values(self, vectors: Sequence[Array] | Array) -> list[float]:
        if len(vectors) == 0:
            return []
        values: list[float] = self._acquisition_function.of_vectors(np.asarray(vectors)).ravel().tolist()
        return values

    def _open_neighbourhood(self, vector: Array, std: float) -> Iterator[tuple[Axis, Array]]:
        return neighbourhood(self._axes, vector, std, self._rng.randint(low=0, high=100000))


def _correlations(kernel: Kernel) -> list[Kernel]:
    return [kernel.k1, kernel.k2] if isinstance(kernel, ProductKernel) else [kernel]


def _is_numerical(kernel: Kernel) -> bool:
    correlation = kernel.k1.k2
    return isinstance(correlation, MaternKernel) and correlation.anisotropic and not kernel.has_conditions


def _matern52(r: Array) -> Array:
    K = r * math.sqrt(5)
    return np.asarray((1.0 + K + K**2 / 3.0) * np.exp(-K))


def _by_pair(values: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return symmetric matrices, shape (d, n, n), as rows of pairs, and each entry's position in a row.

    The end of each row is the diagonal's: zero.
    """
    n = values.shape[1]
    i, j = np.triu_indices(n, 1)
    position = np.full((n, n), len(i))
    position[i, j] = position[j, i] = np.arange(len(i))
    by_pair = np.zeros((len(values), len(i) + 1))
    by_pair[:, :-1] = values[:, i, j]
    return by_pair, position
