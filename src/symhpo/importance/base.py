"""Importance: the shares of the cost's variance that single hyperparameters and pairs explain.

The functional analysis of variance (Hooker 2007; Hutter, Hoos, Leyton-Brown, ICML 2014) splits the
variance of a cost over the whole search space, every hyperparameter uniform on its own scale, into
main effects, interactions of pairs, and interactions of more. A share is a fraction of the total
variance: a Sobol index.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.errors import UserError
from symhpo.sampling.surrogate import Surrogate
from symhpo.space import Space

__all__ = [
    "Importance",
    "ImportanceMethod",
    "Predictor",
    "UnexplainedError",
    "from_surrogate",
    "from_trials",
    "pooled",
    "replicated",
]

Array = NDArray[np.float64]

logger = logging.getLogger(__name__)

# A surrogate whose predictions vary by less than this, in standard deviations of the costs, is flat.
FLAT = 1e-2


class UnexplainedError(UserError):
    """The cost is the same everywhere, or noise: an outcome, not a mistake of settings or disk."""


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance.

    Attributes
    ----------
    method : str
    space : Space
    main, main_std : array of shape (d,)
        Main effects and their standard deviation over the replicates.
    pairs, pairs_std : array of shape (d, d)
        Interactions of pairs beyond the two main effects, symmetric, zero on the diagonal.
    n_replicates : int
        Trees of all forests, or randomised point sets, that mean and spread are taken over.
    """

    method: str
    space: Space
    main: Array
    main_std: Array
    pairs: Array
    pairs_std: Array
    n_replicates: int

    @property
    def names(self) -> tuple[str, ...]:
        """The hyperparameters, in the order of the arrays."""
        return self.space.names

    @property
    def explained(self) -> float:
        """The share of all main effects and pairs; what is missing to 1 are larger interactions."""
        return self._sum(range(len(self.names)))

    def share(self, names: Sequence[str]) -> float:
        """Return the share that some hyperparameters explain among themselves.

        It is the sum of their main effects and of the pairs within, divided by the same sum over all
        hyperparameters, so that all of them explain 1. Interactions of three and more, which no
        method here estimates, count neither above nor below.

        Raises
        ------
        UserError
            If a name is unknown, or nothing is explained at all.
        """
        if self.explained <= 0:
            raise UnexplainedError(
                "no hyperparameter explains any of the cost's variance; evaluate more trials, or look "
                "whether the cost is the same everywhere"
            )
        return self._sum([self.names.index(self.space[name].name) for name in names]) / self.explained

    def to_json(self) -> dict[str, Any]:
        """Return the importance as plain JSON data."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return {
            "method": self.method,
            "space": self.space.to_json(),
            "n_replicates": self.n_replicates,
            **arrays,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Importance:
        """Return the importance that `to_json` described."""
        arrays = {name: np.array(data[name], dtype=np.float64) for name in _ARRAYS}
        return cls(
            data["method"], Space.from_json(data["space"]), **arrays, n_replicates=data["n_replicates"]
        )

    def _sum(self, columns: Sequence[int]) -> float:
        within = np.ix_(columns, columns)
        # Every pair stands twice in the matrix.
        return float(self.main[list(columns)].sum() + self.pairs[within].sum() / 2)


_ARRAYS = ("main", "main_std", "pairs", "pairs_std")


def replicated(method: str, space: Space, shares: Array) -> Importance:
    """Return the importance that replicates agree on.

    Parameters
    ----------
    method : str
    space : Space
    shares : array of shape (r, d, d)
        Main effects on the diagonals, pairs beside them; NaN where a replicate has none, zero where
        none has one. Estimates below zero count as zero, once they are averaged.
    """
    shares = np.where(np.isnan(shares).all(axis=0), 0.0, shares)
    mean, std = np.nanmean(shares, axis=0).clip(min=0), np.nanstd(shares, axis=0)
    off_diagonal = 1 - np.eye(len(space))
    return Importance(
        method,
        space,
        mean.diagonal().copy(),
        std.diagonal().copy(),
        mean * off_diagonal,
        std * off_diagonal,
        len(shares),
    )


def pooled(importances: Sequence[Importance]) -> Importance:
    """Return the mean of importances from several seeds, with the spread within and between them.

    Parameters
    ----------
    importances : sequence of Importance
        At least one, all of the same method and space.
    """
    first = importances[0]

    def mean(name: str) -> Array:
        return np.asarray(np.mean([getattr(of, name) for of in importances], axis=0))

    def std(name: str) -> Array:
        within = np.mean([getattr(of, f"{name}_std") ** 2 for of in importances], axis=0)
        return np.asarray(np.sqrt(within + np.var([getattr(of, name) for of in importances], axis=0)))

    replicates = sum(of.n_replicates for of in importances)
    return Importance(
        first.method, first.space, mean("main"), std("main"), mean("pairs"), std("pairs"), replicates
    )


class Predictor(Protocol):
    """A cost as a function of configurations: a surrogate, or a known function."""

    @property
    def space(self) -> Space:
        """The hyperparameters it depends on."""

    def predict(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return mean and standard deviation of the cost, each of shape (n,), for X in true units."""


@runtime_checkable
class ImportanceMethod(Protocol):
    """An estimator of importance."""

    @property
    def name(self) -> str:
        """Its name in commands and records."""

    def from_points(self, space: Space, X: Array, y: Array, *, seed: int) -> Importance:
        """Estimate from configurations (n, d) and costs (n,) that are finite and not all equal."""

    def from_predictor(self, predictor: Predictor, *, seed: int) -> Importance:
        """Estimate from a cost that can be had anywhere and is not constant."""


def from_trials(
    space: Space, X: ArrayLike, y: ArrayLike, *, method: ImportanceMethod, seed: int
) -> Importance:
    """Return the importance of hyperparameters from evaluated configurations.

    Trials without a finite cost are left out. Where all costs are equal, and for a hyperparameter that
    is the same in all trials, the importance is zero. An optimiser's trials crowd where the cost is
    low, so the forests know little of the rest; prefer `from_surrogate` where there is one.

    Parameters
    ----------
    space : Space
    X : array of shape (n, d)
        Configurations in true units.
    y : array of shape (n,)
        Their cost.
    method : ImportanceMethod
    seed : int

    Raises
    ------
    UserError
        If shapes disagree, an active hyperparameter has no value or one outside its bounds, there are
        not more trials than hyperparameters, or costs are so far apart that they have no variance.
    """
    points, costs = _finite(space, np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64))
    if len(costs) <= len(space):
        raise UserError(
            f"importance of {len(space)} hyperparameters from {len(costs)} trials with a finite cost; "
            f"evaluate at least {len(space) + 1}, better ten times as many"
        )
    if _is_constant(costs):
        return _nothing(method.name, space, "costs are all equal")
    with np.errstate(over="ignore", invalid="ignore"):
        variance = np.var(costs)
    if not np.isfinite(variance):
        raise UserError(
            f"costs from {costs.min():g} to {costs.max():g} are too far apart to have a variance; leave "
            "failed trials out"
        )
    varying = _varying(space, points)
    if len(varying) == 0:
        return _nothing(method.name, space, "configurations are all equal")
    columns = [space.names.index(name) for name in varying.names]
    return _in_space(method.from_points(varying, points[:, columns], costs, seed=seed), space, columns)


def from_surrogate(predictor: Predictor, *, method: ImportanceMethod, seed: int) -> Importance:
    """Return the importance of hyperparameters for a surrogate, or any other known function.

    Parameters
    ----------
    predictor : Predictor
    method : ImportanceMethod
    seed : int

    Raises
    ------
    UserError
        If the predicted costs are not finite.
    """
    X = predictor.space.sample(100, np.random.default_rng(seed))
    y = predictor.predict(X)[0]
    if not np.isfinite(y).all():
        raise UserError(
            "the surrogate predicts costs that are not finite; look at the trials it learned from"
        )
    # What a Gaussian process of mere noise varies by is a matter of rounding.
    noise = FLAT * predictor.cost_std if isinstance(predictor, Surrogate) else 0.0
    if _is_constant(y) or float(np.std(y)) <= noise:
        return _nothing(method.name, predictor.space, "the surrogate predicts the same cost everywhere")
    return method.from_predictor(predictor, seed=seed)


def _finite(space: Space, X: Array, y: Array) -> tuple[Array, Array]:
    """Return the trials that have a finite cost, checked."""
    if X.shape != (len(y), len(space)) or y.ndim != 1:
        raise UserError(f"trials of shape {X.shape} and costs of shape {y.shape} in {len(space)} dimensions")
    active = ~np.isnan(space.deactivate(np.where(np.isnan(X), 0.0, X)))
    for row, column in np.argwhere(active & ~np.isfinite(X)):
        raise UserError(f"trial {row} has no value of {space.names[column]!r}; leave the trial out")
    _check_bounds(space, np.where(active, X, np.nan))
    finite = np.isfinite(y)
    if not finite.all():
        logger.warning("importance: %d of %d trials have no finite cost, left out", (~finite).sum(), len(y))
    return X[finite], y[finite]


def _check_bounds(space: Space, X: Array) -> None:
    bounds = [(h.lower, h.upper) for h in space.hyperparameters]
    lower, upper = np.array(bounds, dtype=np.float64).reshape(-1, 2).T
    slack = 1e-9 * np.maximum(np.abs(lower), np.abs(upper))
    for row, column in np.argwhere((lower - slack > X) | (upper + slack < X)):
        raise UserError(
            f"trial {row} has the value {X[row, column]:g} of {space.names[column]!r}, outside of "
            f"[{lower[column]:g}, {upper[column]:g}]; leave the trial out"
        )


def _varying(space: Space, X: Array) -> Space:
    """Return the hyperparameters that differ between trials, and those that others depend on."""
    values = dict(zip(space.names, X.T, strict=True))
    constant = {name for name, x in values.items() if _is_constant(x[~np.isnan(x)])}
    if constant:
        logger.warning(
            "importance: %s is the same in all trials, so it has none", ", ".join(sorted(constant))
        )
    kept = [h for h in space.hyperparameters if h.name not in constant]
    parents = {h.condition.parent for h in kept if h.condition is not None}
    return space.subset({h.name for h in kept} | parents)


def _in_space(importance: Importance, space: Space, columns: Sequence[int]) -> Importance:
    """Return the importance in a larger space, zero for the hyperparameters that it does not have."""
    d = len(space)
    main, main_std = np.zeros((2, d))
    pairs, pairs_std = np.zeros((2, d, d))
    main[columns], main_std[columns] = importance.main, importance.main_std
    within = np.ix_(columns, columns)
    pairs[within], pairs_std[within] = importance.pairs, importance.pairs_std
    return Importance(importance.method, space, main, main_std, pairs, pairs_std, importance.n_replicates)


def _is_constant(values: Array) -> bool:
    return len(values) == 0 or bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def _nothing(method: str, space: Space, reason: str) -> Importance:
    logger.warning("importance: %s, so no hyperparameter matters", reason)
    return replicated(method, space, np.zeros((1, len(space), len(space))))
