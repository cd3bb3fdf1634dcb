"""Partial dependence: the cost as a function of some hyperparameters, averaged over the others.

Partial dependence of a surrogate with its uncertainty is that of Moosbauer et al. (Explaining
Hyperparameter Optimization via Partial Dependence Plots, NeurIPS 2021). The others are integrated out
over the search space, uniform on their own scales, by random draws that all points have in common. A
drawn value counts only where the hyperparameter is active.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation, Objective
from symhpo.objectives.batch import evaluate_many
from symhpo.sampling.surrogate import INACTIVE, Surrogate
from symhpo.seeds import generator
from symhpo.seeds import seed as named_seed
from symhpo.space import Space

__all__ = [
    "PartialDependence",
    "draw_configurations",
    "partial_dependence",
    "true_partial_dependence",
    "with_values",
]

Array = NDArray[np.float64]

# Configurations whose covariances with all trials are held at once; more does not fit the cache.
BLOCK = 4000


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """The average cost at values of some hyperparameters.

    Attributes
    ----------
    space : Space
        The chosen hyperparameters.
    X : array of shape (m, k)
        Their values, in true units.
    mean, std : array of shape (m,)
        The average and its standard deviation: what the surrogate does not know of it, or the
        standard error of an average over true evaluations.
    """

    space: Space
    X: Array
    mean: Array
    std: Array

    def band(self, level: float = 0.95) -> tuple[Array, Array]:
        """Return lower and upper bounds, each of shape (m,), that hold the average with a probability."""
        from scipy.special import ndtri

        half = float(ndtri(0.5 + level / 2)) * self.std
        return self.mean - half, self.mean + half

    def save(self, path: Path) -> None:
        """Write the arrays as NPZ without objects."""
        with path.open("wb") as file:
            np.savez(file, X=self.X, mean=self.mean, std=self.std)

    @classmethod
    def load(cls, path: Path, space: Space) -> PartialDependence:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(space, file["X"], file["mean"], file["std"])


def partial_dependence(
    surrogate: Surrogate, names: Sequence[str], X: ArrayLike, draws: Array
) -> PartialDependence:
    """Return the partial dependence of a Gaussian process.

    The average of a Gaussian process over draws is Gaussian. Its variance is the average posterior
    covariance of all pairs of draws (Moosbauer et al. 2021, Section 3), which splits into an average of
    the prior, the same for all points with the same active hyperparameters, and a quadratic form of
    the averaged covariances with the trials. The simpler average of the predicted variances, which the
    paper offers for other models, is an upper bound. Noise of single evaluations is left out, since it
    averages out.

    Parameters
    ----------
    surrogate : Surrogate
    names : sequence of str
        The chosen hyperparameters.
    X : array of shape (m, k)
        Their values in true units, columns in the order of ``surrogate.space.subset(names).names``.
    draws : array of shape (r, d)
        Configurations that the others are taken from, as of `draw_configurations`.

    Raises
    ------
    UserError
        If a name is unknown, or a conditional hyperparameter is chosen without its parent.
    """
    chosen, points = _points(surrogate.space, names, X)
    averaged = _averaged_covariance(surrogate, chosen, points, draws)
    mean = averaged @ surrogate.weights
    V = solve_triangular(surrogate.cholesky_factor, averaged.T, lower=True, check_finite=False)
    variance = _averaged_prior(surrogate, chosen, points, draws) - np.einsum("ij,ij->j", V, V)
    std = np.sqrt(np.maximum(variance, 0.0))
    return PartialDependence(
        chosen, points, mean * surrogate.cost_std + surrogate.cost_mean, std * surrogate.cost_std
    )


def true_partial_dependence(
    objective: Objective,
    names: Sequence[str],
    X: ArrayLike,
    draws: Array,
    *,
    seed: int,
    workers: int,
    journal_dir: Path | None = None,
) -> PartialDependence:
    """Return the partial dependence of an objective itself, from ``m r`` evaluations.

    Each draw has a seed of its own, the same at all points, so that differences between points owe
    little to chance. Evaluations that failed are left out; a point where all failed is NaN.

    Parameters
    ----------
    objective : Objective
    names, X, draws
        As in `partial_dependence`.
    seed : int
        From which the draws' seeds are derived.
    workers, journal_dir
        As in `symhpo.objectives.evaluate_many`.
    """
    space = objective.space
    chosen, points = _points(space, names, X)
    configurations = space.to_configurations(with_values(space, chosen.names, points, draws))
    seeds = [named_seed(seed, "partial dependence", r) for r in range(len(draws))] * len(points)
    outcomes = evaluate_many(
        objective,
        configurations,
        seeds,
        workers=workers,
        journal_dir=journal_dir,
        what="true partial dependence",
    )
    costs = [outcome.cost if isinstance(outcome, Evaluation) else np.nan for outcome in outcomes]
    return _averaged(chosen, points, np.array(costs).reshape(len(points), len(draws)))


def draw_configurations(space: Space, n: int, seed: int) -> Array:
    """Return `n` configurations, uniform, every hyperparameter active; fewer are a prefix of more."""
    return space.quantile(generator(seed, "partial dependence").random((n, len(space))))


def with_values(space: Space, names: Sequence[str], points: Array, draws: Array) -> Array:
    """Return every point completed by every draw: shape (m r, d), the draws of a point in a row."""
    X = np.tile(draws, (len(points), 1))
    X[:, [space.names.index(name) for name in names]] = np.repeat(points, len(draws), axis=0)
    return space.deactivate(X)


def _points(space: Space, names: Sequence[str], X: ArrayLike) -> tuple[Space, Array]:
    chosen, points = space.subset(names), np.asarray(X, dtype=np.float64)
    if len(chosen) == 0 or points.ndim != 2 or points.shape[1] != len(chosen):
        raise UserError(f"partial dependence on {list(names)} at points of shape {points.shape}; give (m, k)")
    return chosen, points


def _averaged_covariance(surrogate: Surrogate, chosen: Space, points: Array, draws: Array) -> Array:
    """Return each point's covariance with each trial, averaged over the draws; shape (m, n)."""
    averaged = np.empty((len(points), len(surrogate.inputs)))
    step = max(1, BLOCK // len(draws))
    for start in range(0, len(points), step):
        block = slice(start, start + step)
        vectors = _vectors(surrogate.space, chosen, points[block], draws)
        covariance = surrogate.covariance(vectors, surrogate.inputs)
        averaged[block] = covariance.reshape(-1, len(draws), len(surrogate.inputs)).mean(axis=1)
    return averaged


def _averaged_prior(surrogate: Surrogate, chosen: Space, points: Array, draws: Array) -> Array:
    """Return the covariance of the draws with each other at each point, averaged; shape (m,).

    Two draws at a point differ in the rest alone, so that the point's own values matter only through
    the hyperparameters that they activate.
    """
    switches = {h.condition.parent for h in surrogate.space.hyperparameters if h.condition is not None}
    columns = [j for j, name in enumerate(chosen.names) if name in switches]
    _, first, which = np.unique(points[:, columns], axis=0, return_index=True, return_inverse=True)
    priors = []
    for point in points[first]:
        vectors = _vectors(surrogate.space, chosen, point[None, :], draws)
        priors.append(surrogate.covariance(vectors, vectors).mean())
    return np.array(priors)[which.reshape(-1)]


def _vectors(space: Space, chosen: Space, points: Array, draws: Array) -> Array:
    X = with_values(space, chosen.names, points, draws)
    return np.nan_to_num(space.to_unit(X), nan=INACTIVE)


def _averaged(chosen: Space, points: Array, costs: Array) -> PartialDependence:
    finite = np.isfinite(costs)
    count = finite.sum(axis=1)
    known = np.where(finite, costs, 0.0)
    mean = np.divide(known.sum(axis=1), count, out=np.full(len(points), np.nan), where=count > 0)
    squares = (np.where(finite, costs - mean[:, None], 0.0) ** 2).sum(axis=1)
    error = np.divide(squares, count * (count - 1), out=np.full(len(points), np.nan), where=count > 1)
    return PartialDependence(chosen, points, mean, np.sqrt(error))
