"""Formulas that need no search: the least that a found formula has to beat.

All are polynomials fitted by least squares, deterministic, and finite wherever the hyperparameters
are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symhpo.errors import UserError
from symhpo.regression.base import Front, Regressor, TrainingSet
from symhpo.regression.criterion import bic
from symhpo.regression.polynomial import Polynomial, Scale

__all__ = [
    "BASELINES",
    "ConstantRegressor",
    "LinearRegressor",
    "QuadraticRegressor",
    "ReducedQuadraticRegressor",
]


@dataclass(frozen=True)
class ConstantRegressor:
    """The mean of the costs."""

    name: str = "constant"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:  # noqa: ARG002 (nothing is random)
        """Return the front of the one formula; raise UserError for costs that are not finite."""
        return Front((Polynomial(training_set, degree=0).fit(),))


@dataclass(frozen=True)
class LinearRegressor:
    """A constant and one term for each hyperparameter.

    Attributes
    ----------
    scale : {"log10", "raw"}
        Whether log-scaled hyperparameters enter as log10 or, as in the paper's linear baseline, all
        as they are.
    """

    scale: Scale = "log10"
    name: str = "linear"

    def __post_init__(self) -> None:
        if self.scale not in ("log10", "raw"):
            raise UserError(f"regressor.scale is {self.scale!r}; choose log10 or raw")

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:  # noqa: ARG002 (nothing is random)
        """Return the front of the one formula; raise UserError for costs that are not finite."""
        return Front((Polynomial(training_set, degree=1, scale=self.scale).fit(),))


@dataclass(frozen=True)
class QuadraticRegressor:
    """All terms up to the second degree, log-scaled hyperparameters as log10."""

    name: str = "quadratic"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:  # noqa: ARG002 (nothing is random)
        """Return the front of the one formula; raise UserError for costs that are not finite."""
        return Front((Polynomial(training_set, degree=2).fit(),))


@dataclass(frozen=True)
class ReducedQuadraticRegressor:
    """Some terms of the quadratic: for every size the best subset, up to the size that BIC prefers.

    For more than three hyperparameters the subsets are those of a backward elimination.
    """

    name: str = "reduced_quadratic"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:  # noqa: ARG002 (nothing is random)
        """Return the front of the best subsets; raise UserError for costs that are not finite."""
        polynomial = Polynomial(training_set, degree=2)
        members = Front.of(polynomial.fit(subset) for subset in polynomial.best_subsets()).members
        preferred = min(members, key=lambda member: bic(member, training_set))
        return Front(members[: members.index(preferred) + 1])


BASELINES: Mapping[str, Regressor] = {
    regressor.name: regressor
    for regressor in (
        ConstantRegressor(),
        LinearRegressor(),
        QuadraticRegressor(),
        ReducedQuadraticRegressor(),
    )
}
"""The baselines by name."""
