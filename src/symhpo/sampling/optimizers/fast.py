"""SMAC's model family and acquisition function, fitted and maximised on arrays.

What is SMAC's: the kernel and its priors, expected improvement, the initial design, the interleaved
random configurations. What is not: the model's hyperparameters are fitted from two starts, one of
them the last optimum, instead of eleven; expected improvement is climbed from SMAC's start points by
all local searches at once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ConfigSpace import Configuration, ConfigurationSpace
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import Kernel
from smac.acquisition.maximizer import AbstractAcquisitionMaximizer
from smac.main.config_selector import ConfigSelector
from smac.model.gaussian_process import GaussianProcess
from smac.utils.configspace import convert_configurations_to_array

from symhpo.sampling.optimizers.likelihood import MarginalLikelihood, bounds, fit
from symhpo.sampling.surrogate import INACTIVE, Surrogate
from symhpo.space import Space

__all__ = ["FastConfigSelector", "FastGaussianProcess", "FastMaximizer"]

Array = NDArray[np.float64]

# SMAC's start: amplitude 2, length scales 1, hardly any noise.
FIRST_AMPLITUDE, FIRST_NOISE = np.log(2.0), np.log(1e-8)

RANDOM_POINTS = 1000
STARTS = 10
NEIGHBOURS = 10
STEPS = 20
FIRST_STEP_SIZE = 0.1
GROWTH, SHRINKAGE = 1.5, 0.6


class FastGaussianProcess(GaussianProcess):  # type: ignore[misc]
    """SMAC's Gaussian process with a warm start and analytic gradients."""

    def __init__(self, configspace: ConfigurationSpace, *, kernel: Kernel, seed: int) -> None:
        super().__init__(configspace, kernel=kernel, seed=seed)
        self._space = Space.from_configspace(configspace)
        self._parameters = np.array([FIRST_AMPLITUDE, *[0.0] * len(self._space), FIRST_NOISE])

    def surrogate(self, space: Space) -> Surrogate:
        """Return the model as it is now, as plain data."""
        return replace(self._surrogate, space=space)

    def _train(self, X: Array, y: Array, optimize_hyperparameters: bool = True) -> FastGaussianProcess:
        inputs = np.nan_to_num(X, nan=INACTIVE)
        targets = self._normalize(y).ravel()
        if optimize_hyperparameters:
            hyperparameters = self._space.hyperparameters
            likelihood = MarginalLikelihood(
                inputs,
                targets,
                np.array([h.type == "categorical" for h in hyperparameters]),
                has_conditions=any(h.condition is not None for h in hyperparameters),
            )
            random_start = self._rng.uniform(*bounds(len(self._space)).T)
            self._parameters = fit(likelihood, np.array([self._parameters, random_start]))
        self._surrogate = self._conditioned(inputs, targets)
        self._is_trained = True
        return self

    def _predict(self, X: Array, covariance_type: str | None = "diagonal") -> tuple[Array, Array | None]:
        mean, std = self._surrogate.predict_vectors(X)
        return mean, {None: None, "std": std, "diagonal": std**2}[covariance_type]

    def _conditioned(self, inputs: Array, targets: Array) -> Surrogate:
        while True:
            amplitude, noise = np.exp(self._parameters[[0, -1]]).tolist()
            try:
                return Surrogate.fitted(
                    self._space,
                    inputs,
                    targets,
                    amplitude=amplitude,
                    length_scales=np.exp(self._parameters[1:-1]),
                    noise=noise,
                    cost_mean=float(self.mean_y_),
                    cost_std=float(self.std_y_),
                )
            except np.linalg.LinAlgError:
                # Nearly the same configurations: more noise makes the matrix positive definite.
                self._parameters[-1] += 1.0


class FastMaximizer(AbstractAcquisitionMaximizer):  # type: ignore[misc]
    """Local searches from SMAC's start points, all of them at once."""

    def __init__(self, configspace: ConfigurationSpace, *, seed: int) -> None:
        super().__init__(configspace, challengers=RANDOM_POINTS, seed=seed)
        self._space = Space.from_configspace(configspace)
        self._neighbourhood = Neighbourhood(self._space, np.random.default_rng(seed))

    def _maximize(
        self, previous_configs: list[Configuration], n_points: int
    ) -> list[tuple[float, Configuration]]:
        function = self._acquisition_function
        sampled = self._neighbourhood.sample(n_points)
        sampled_values = function.of_vectors(sampled).ravel()
        best_sampled = np.argsort(-sampled_values, kind="stable")[:STARTS]
        previous = convert_configurations_to_array(previous_configs)
        costs = function.model.predict_marginalized(previous)[0].ravel()
        starts = np.vstack([sampled[best_sampled], previous[np.argsort(costs, kind="stable")[:STARTS]]])
        vectors, values = self._climb(starts)
        # Random points stand behind the climbed ones, which may have been evaluated before.
        vectors = np.vstack([vectors, sampled[best_sampled]])
        values = np.concatenate([values, sampled_values[best_sampled]])
        order = np.argsort(-values, kind="stable")
        configurations = self._space.to_configurations(self._space.from_unit(vectors[order]))
        return [
            (float(value), Configuration(self._configspace, values=configuration))
            for value, configuration in zip(values[order], configurations, strict=True)
        ]

    def _climb(self, vectors: Array) -> tuple[Array, Array]:
        function = self._acquisition_function
        values = function.of_vectors(vectors).ravel()
        step_sizes = np.full(len(vectors), FIRST_STEP_SIZE)
        everyone = np.arange(len(vectors))
        for _ in range(STEPS):
            neighbours = self._neighbourhood.draw(vectors, step_sizes)
            neighbour_values = function.of_vectors(neighbours.reshape(-1, vectors.shape[1]))
            neighbour_values = neighbour_values.reshape(len(vectors), -1)
            best = neighbour_values.argmax(axis=1)
            is_better = neighbour_values[everyone, best] > values
            vectors = np.where(is_better[:, None], neighbours[everyone, best], vectors)
            values = np.where(is_better, neighbour_values[everyone, best], values)
            step_sizes *= np.where(is_better, GROWTH, SHRINKAGE)
        return vectors, values


class Neighbourhood:
    """Random vectors of a space, anywhere or near others."""

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self._space = space
        self._rng = rng
        self._n_choices = np.array([len(h.choices) for h in space.hyperparameters])

    def sample(self, n: int) -> Array:
        """Return `n` uniform vectors, shape (n, d)."""
        return self._space.to_unit(self._space.sample(n, self._rng))

    def draw(self, vectors: Array, step_sizes: Array) -> Array:
        """Return neighbours of each vector, shape (n, `NEIGHBOURS`, d).

        Each hyperparameter changes with probability 1/2: a categorical to any choice, a numerical one
        by a normal step. What a change activates is uniform.
        """
        n, d = vectors.shape
        shape = (n, NEIGHBOURS, d)
        uniform = self._rng.random(shape)
        anywhere = np.where(self._n_choices > 0, np.floor(uniform * self._n_choices), uniform)
        here = np.where(np.isnan(vectors)[:, None, :], anywhere, vectors[:, None, :])
        stepped = np.clip(here + step_sizes[:, None, None] * self._rng.normal(size=shape), 0.0, 1.0)
        moved = np.where(self._n_choices > 0, anywhere, stepped)
        chosen = self._rng.random(shape) < 0.5
        return self._legal(np.where(chosen, moved, here).reshape(-1, d)).reshape(shape)

    def _legal(self, vectors: Array) -> Array:
        return self._space.to_unit(self._space.deactivate(self._space.from_unit(vectors)))


class FastConfigSelector(ConfigSelector):  # type: ignore[misc]
    """SMAC's selector, that predicts all evaluated configurations at once to find the best."""

    def _get_x_best(self, X: Array) -> tuple[Array, float]:
        costs = self._model.predict_marginalized(X)[0].ravel()
        best = int(np.argmin(costs))
        return X[best], float(costs[best])
