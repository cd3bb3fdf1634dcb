"""Sobol indices of a surrogate itself, without a forest in between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.importance.base import Importance, Predictor, from_surrogate, replicated
from symhpo.importance.learning import learn_surrogate
from symhpo.space import Space

__all__ = ["Sobol"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sobol:
    """Variance-based indices by the pick-freeze estimator of Saltelli et al. (2010, Table 2 (b)).

    Two point sets A and B share no coordinate. AB is A with the columns of a hyperparameter or a pair
    from B; the mean of ``f(B) * (f(AB) - f(A))`` is the variance that these columns explain among
    themselves. The points are scrambled Sobol' sequences (Owen 1998), a new scrambling for each
    replicate. Apart from the Monte-Carlo error, reported as the spread, the indices are those of the
    surrogate.

    An inactive conditional hyperparameter has no effect where it is inactive; the variance that it
    explains where it is active shows as its main effect and as a pair with its parent.

    Parameters
    ----------
    n_points : int
        Points in A and in B, a power of 2. The surrogate is evaluated at ``n_points`` times
        (2 + d + d (d - 1) / 2) configurations for each replicate.
    n_replicates : int
    """

    n_points: int = 2048
    n_replicates: int = 4
    name: str = "sobol"

    def __post_init__(self) -> None:
        if self.n_points < 2 or self.n_points & (self.n_points - 1) or self.n_replicates < 1:
            raise UserError(
                f"importance.n_points is {self.n_points}, n_replicates {self.n_replicates}; set the first "
                "to a power of 2, the second to 1 or more"
            )

    def from_points(self, space: Space, X: Array, y: Array, *, seed: int) -> Importance:
        """Return the indices of a Gaussian process learned from the points."""
        return from_surrogate(learn_surrogate(space, X, y, seed=seed), method=self, seed=seed)

    def from_predictor(self, predictor: Predictor, *, seed: int) -> Importance:
        """Return the indices of a predictor."""
        seeds = np.random.SeedSequence(seed).spawn(self.n_replicates)
        shares = np.stack([self._shares(predictor, np.random.default_rng(s)) for s in seeds])
        return replicated(self.name, predictor.space, shares)

    def _shares(self, predictor: Predictor, rng: np.random.Generator) -> Array:
        from scipy.stats import qmc

        d = len(predictor.space)
        points = qmc.Sobol(2 * d, rng=rng).random(self.n_points)
        A, B = points[:, :d], points[:, d:]
        f_A, f_B = _values(predictor, A), _values(predictor, B)
        mean, variance = np.mean([f_A, f_B]), np.var([f_A, f_B])

        def explained_by(*columns: int) -> float:
            AB = A.copy()
            AB[:, columns] = B[:, columns]
            return float(np.mean((f_B - mean) * (_values(predictor, AB) - f_A)) / variance)

        shares = np.diag([explained_by(j) for j in range(d)])
        for i, j in itertools.combinations(range(d), 2):
            shares[i, j] = shares[j, i] = explained_by(i, j) - shares[i, i] - shares[j, j]
        return shares


def _values(predictor: Predictor, U: Array) -> Array:
    space = predictor.space
    return predictor.predict(space.deactivate(space.quantile(U)))[0]
