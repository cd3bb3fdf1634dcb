"""Polynomials in the hyperparameters, fitted by least squares, and the best subsets of their terms."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.formula.formula import Formula, max_relative_difference
from symhpo.regression.base import Member, TrainingSet

if TYPE_CHECKING:
    from symhpo.space import Space

__all__ = ["Polynomial", "Scale"]

Array = NDArray[np.float64]
Scale = Literal["raw", "log10"]

# A term is left out if less than this part of it is new to the terms before it.
INDEPENDENCE = 1e-9
# Up to this number of terms, those of three hyperparameters, all subsets are tried.
MAX_EXHAUSTIVE = 9


class Polynomial:
    """The polynomials of one degree on a training set.

    Their terms are those that the training set can tell apart: of terms that depend linearly on
    others (few or equal points, integers with two values) the later ones are left out. Conditional
    hyperparameters, which have no value everywhere, are in no term; a categorical one counts as the
    index of its choice.

    Parameters
    ----------
    training_set : TrainingSet
    degree : int
        0, 1 or 2.
    scale : {"log10", "raw"}
        Whether log-scaled hyperparameters enter as log10 or all as they are.

    Attributes
    ----------
    terms : tuple of tuple of int
        The columns whose product each term is; the constant one is not among them.

    Raises
    ------
    UserError
        If there is no cost, or one that is not finite.
    """

    def __init__(self, training_set: TrainingSet, degree: int, scale: Scale = "log10") -> None:
        if len(training_set.y) == 0 or not np.isfinite(training_set.y).all():
            raise UserError("a baseline needs at least one cost, all finite; leave failed trials out")
        self.space = training_set.space
        self.scale = scale
        self.X, self.y = training_set.X, training_set.y
        features = self.space.features(self.X) if scale == "log10" else self.X
        usable = [j for j, h in enumerate(self.space.hyperparameters) if h.condition is None]
        terms = [
            term
            for size in range(1, degree + 1)
            for term in itertools.combinations_with_replacement(usable, size)
        ]
        columns = np.column_stack([np.ones(len(self.y)), *(features[:, term].prod(axis=1) for term in terms)])
        independent = _independent_columns(columns)[1:]
        self.terms = tuple(terms[k - 1] for k in independent)
        self.columns = columns[:, independent]

    def fit(self, subset: Sequence[int] | None = None) -> Member:
        """Return the least-squares fit of a subset of the terms, by their indices; of all, without one."""
        chosen = np.arange(len(self.terms)) if subset is None else np.array(subset, dtype=np.intp)
        columns = self.columns[:, chosen]
        centre = columns.mean(axis=0)
        magnitudes = np.linalg.norm(columns - centre, axis=0)
        # A constant cost has no residuals, not even by the rounding of its mean.
        mean = float(self.y.mean()) if np.ptp(self.y) > 0 else float(self.y[0])
        solution, *_ = np.linalg.lstsq((columns - centre) / magnitudes, self.y - mean, rcond=None)
        coefficients = solution / magnitudes
        intercept = float(mean - centre @ coefficients)
        terms = [self.terms[k] for k in chosen]
        formula = _formula(self.space, self.scale, intercept, dict(zip(terms, coefficients, strict=True)))
        values = formula.evaluate(self.X)
        return Member(
            formula,
            rmse=float(np.sqrt(np.mean((values - self.y) ** 2))),
            max_relative_difference=max_relative_difference(values, intercept + columns @ coefficients),
        )

    def best_subsets(self) -> Iterator[tuple[int, ...]]:
        """Yield a subset of the terms for each size that a formula can have: that of the smallest error.

        Where all subsets are too many, terms are eliminated from the full polynomial one at a time,
        always the one whose loss is smallest for its nodes.
        """
        every = tuple(range(len(self.terms)))
        if len(every) > MAX_EXHAUSTIVE:
            yield from self._elimination(every)
            return
        best: dict[int, tuple[float, tuple[int, ...]]] = {}
        for size in range(len(every) + 1):
            for subset in itertools.combinations(every, size):
                candidate = (self._squared_error(subset), subset)
                nodes = self._nodes(subset)
                best[nodes] = min(best.get(nodes, candidate), candidate)
        yield from (subset for _, subset in best.values())

    def _elimination(self, subset: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        yield subset
        while subset:
            error = self._squared_error(subset)
            removals = [tuple(k for k in subset if k != removed) for removed in subset]
            subset = min(
                removals,
                key=lambda rest: (
                    (self._squared_error(rest) - error) / (self._nodes(subset) - self._nodes(rest)),
                    rest,
                ),
            )
            yield subset

    def _squared_error(self, subset: tuple[int, ...]) -> float:
        triangle, target, rest = self._reduced
        columns = triangle[:, list(subset)]
        solution, *_ = np.linalg.lstsq(columns, target, rcond=None)
        return rest + float(np.sum((target - columns @ solution) ** 2))

    @cached_property
    def _reduced(self) -> tuple[Array, Array, float]:
        """The problem turned into one of as many equations as terms, and the error that all of them leave."""
        centred = self.columns - self.columns.mean(axis=0)
        Q, R = np.linalg.qr(centred / np.linalg.norm(centred, axis=0))
        residuals = self.y - self.y.mean()
        target = Q.T @ residuals
        return R, target, float(np.sum((residuals - Q @ target) ** 2))

    def _nodes(self, subset: tuple[int, ...]) -> int:
        return sum(self._nodes_of_terms[k] for k in subset)

    @cached_property
    def _nodes_of_terms(self) -> tuple[int, ...]:
        """Nodes of each term with its coefficient."""
        formulas = (_formula(self.space, self.scale, 0.0, {term: 2.0}) for term in self.terms)
        return tuple(formula.nodes for formula in formulas)


def _independent_columns(columns: Array) -> list[int]:
    """Return the indices of the columns, from left to right, that are no combination of earlier ones."""
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for k, column in enumerate(columns.T):
        new = column
        for _ in range(2):  # the second pass removes what rounding left in the first
            new = new - basis @ (basis.T @ new)
        if np.linalg.norm(new) > INDEPENDENCE * np.linalg.norm(column):
            basis = np.column_stack([basis, new / np.linalg.norm(new)])
            kept.append(k)
    return kept


def _formula(
    space: Space, scale: Scale, intercept: float, coefficients: dict[tuple[int, ...], float]
) -> Formula:
    import sympy
    from sympy.codegen.cfunctions import log10

    from symhpo.formula import expression as build

    def feature(j: int) -> Any:
        h = space.hyperparameters[j]
        symbol = sympy.Symbol(h.name)
        return build.call(log10, symbol) if h.log and scale == "log10" else symbol

    def factors(term: tuple[int, ...]) -> list[Any]:
        return [build.power(feature(j), sympy.Integer(power)) for j, power in Counter(term).items()]

    summands = [
        build.multiply(build.number(float(coefficient)), *factors(term))
        for term, coefficient in coefficients.items()
        if coefficient != 0
    ]
    if intercept != 0 or not summands:
        summands.insert(0, build.number(intercept))
    return Formula(build.add(*summands), space.names)
