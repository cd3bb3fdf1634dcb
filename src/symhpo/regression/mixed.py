"""Formulas over categorical and conditional hyperparameters, by engines that know numbers alone.

There are two ways to bring a categorical into a formula, and the front has the shorter formula for each
error, whichever way it came: as an indicator, a number that is 1 for one of its choices and 0 for the
others; or as a formula of its own for each choice. In a formula's text a categorical is the index of
its choice: ``Eq(kernel, 1)``; `legend` says which choice that is. A conditional hyperparameter occurs in
the formulas of the choices that activate it, or stands aside for its default where it is not active.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula
from symhpo.regression.base import Front, Member, Regressor, TrainingSet
from symhpo.seeds import seed as named_seed
from symhpo.space import Hyperparameter, Space

__all__ = ["MixedRegressor", "legend"]

Array = NDArray[np.float64]

# Fewer trials of a choice than this are described by their mean.
FEWEST_TRIALS = 8
# Nodes that a choice adds to its formula in a Piecewise: the pair, and a comparison with its two sides.
NODES_PER_CHOICE = 4


@dataclass(frozen=True)
class MixedRegressor:
    """An engine for numbers, made fit for every search space.

    Parameters
    ----------
    engine : Regressor
        Fits the parts; where all hyperparameters are numbers and always active, it fits alone.
    """

    engine: Regressor

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return the front of all ways to bring the categorical hyperparameters in."""
        space = training_set.space
        if all(h.type != "categorical" and h.condition is None for h in space.hyperparameters):
            return self.engine.fit(training_set, seed=seed)
        fronts = [self._with_indicators(training_set, seed)]
        for h in space.hyperparameters:
            if len(h.choices) > 1 and h.condition is None:
                fronts.append(self._by_choice(training_set, h, named_seed(seed, "choice of", h.name)))
        return Front.of(
            (member for front in fronts for member in front.members),
            (dropped for front in fronts for dropped in front.dropped),
        )

    def _with_indicators(self, training_set: TrainingSet, seed: int) -> Front:
        numerical = _Indicators(training_set.space)
        front = self.engine.fit(
            replace(
                training_set,
                space=numerical.space,
                X=numerical.values(training_set.X),
                surrogate=None,
            ),
            seed=seed,
        )
        members = [replace(m, formula=numerical.in_true_units(m.formula)) for m in front.members]
        return Front.of(members, front.dropped)

    def _by_choice(self, training_set: TrainingSet, categorical: Hyperparameter, seed: int) -> Front:
        fronts = []
        column = training_set.X[:, training_set.space.names.index(categorical.name)]
        for index in range(len(categorical.choices)):
            part = _at_choice(training_set, categorical, index, column == index)
            # Of a choice without a trial nothing is known but what the others cost.
            front = self._of_part(part, named_seed(seed, index)) if len(part.y) else _mean(training_set)
            fronts.append((len(part.y), front))
        pieces = [Front.of(front.members) for _, front in fronts]
        dropped = [dropped for _, front in fronts for dropped in front.dropped]
        combined = _combinations(pieces, [n for n, _ in fronts])
        names = training_set.space.names
        return Front.of((_joined(c, categorical, names, len(training_set.y)) for c in combined), dropped)

    def _of_part(self, part: TrainingSet, seed: int) -> Front:
        if len(part.y) < FEWEST_TRIALS or len(part.space) == 0:
            return _mean(part)
        if any(h.type == "categorical" or h.condition is not None for h in part.space.hyperparameters):
            front = self._with_indicators(part, seed)
        else:
            front = self.engine.fit(part, seed=seed)
        return front if front.members else replace(_mean(part), dropped=front.dropped)


def legend(space: Space) -> str:
    """Return what the indices of the categorical hyperparameters mean: ``kernel: 0 rbf, 1 poly``."""
    return "; ".join(
        f"{h.name}: " + ", ".join(f"{index} {choice}" for index, choice in enumerate(h.choices))
        for h in space.hyperparameters
        if h.type == "categorical"
    )


class _Indicators:
    """A space of numbers in place of any space."""

    def __init__(self, space: Space) -> None:
        self.original = space
        self.indicators = {
            f"{h.name}={choice}": (h, index)
            for h in space.hyperparameters
            if h.type == "categorical"
            # The last of two choices is where the first is not.
            for index, choice in enumerate(h.choices[:1] if len(h.choices) == 2 else h.choices)
        }
        numbers = [replace(h, condition=None) for h in space.hyperparameters if h.type != "categorical"]
        switches = [Hyperparameter(name, "int", 0, 1, 0) for name in self.indicators]
        self.space = Space([*numbers, *switches])

    def values(self, X: Array) -> Array:
        """Return configurations as numbers, the default in place of what is not active."""
        columns = dict(zip(self.original.names, X.T, strict=True))

        def column(h: Hyperparameter) -> Array:
            if h.name in self.indicators:
                categorical, index = self.indicators[h.name]
                return np.asarray(columns[categorical.name] == index, dtype=np.float64)
            x = columns[h.name]
            return np.where(np.isnan(x), h.to_number(h.default), x)

        return np.column_stack([column(h) for h in self.space.hyperparameters])

    def in_true_units(self, formula: Formula) -> Formula:
        """Return a formula over the numbers as one over the hyperparameters themselves."""
        import sympy

        from symhpo.formula.expression import number, piecewise

        meaning: dict[Any, Any] = {}
        for name, (h, index) in self.indicators.items():
            meaning[sympy.Symbol(name)] = piecewise([(number(1), _is(h, [index])), (number(0), sympy.true)])
        for h in self.original.hyperparameters:
            if h.condition is not None and h.type != "categorical":
                parent = self.original[h.condition.parent]
                active = _is(parent, [parent.to_number(value) for value in h.condition.values])
                symbol, default = sympy.Symbol(h.name), number(h.to_number(h.default))
                meaning[symbol] = piecewise([(symbol, active), (default, sympy.true)])
        return Formula(_substituted(formula.expression, meaning), self.original.names)


def _is(h: Hyperparameter, numbers: Sequence[float]) -> Any:
    """Return the condition that a hyperparameter has one of some values."""
    import sympy

    from symhpo.formula.expression import connect, number, relation

    conditions = [
        relation(sympy.Equality, sympy.Symbol(h.name), number(int(x) if x == int(x) else x)) for x in numbers
    ]
    return conditions[0] if len(conditions) == 1 else connect(sympy.Or, conditions)


def _substituted(node: Any, meaning: Mapping[Any, Any]) -> Any:
    from sympy.core.basic import Basic

    if node in meaning:
        return meaning[node]
    if not node.args:
        return node
    # sympy's own substitution would evaluate and reorder.
    return Basic.__new__(node.func, *(_substituted(argument, meaning) for argument in node.args))


def _at_choice(
    training_set: TrainingSet, categorical: Hyperparameter, index: int, rows: NDArray[np.bool_]
) -> TrainingSet:
    """Return the part of a training set at one choice, with the hyperparameters that are active there."""
    space = _space_at_choice(training_set.space, categorical, index)
    columns = [training_set.space.names.index(name) for name in space.names]
    return TrainingSet(
        space,
        training_set.X[rows][:, columns],
        training_set.y[rows],
        n_evaluations=max(1, round(training_set.n_evaluations * np.count_nonzero(rows) / len(rows))),
    )


def _space_at_choice(space: Space, categorical: Hyperparameter, index: int) -> Space:
    kept: dict[str, Hyperparameter] = {}
    # Parents come before their children.
    for h in space.hyperparameters:
        if h.name == categorical.name:
            continue
        if h.condition is None or h.condition.parent in kept:
            kept[h.name] = h
        elif h.condition.parent == categorical.name and categorical.choices[index] in h.condition.values:
            kept[h.name] = replace(h, condition=None)
    return Space(kept.values())


def _mean(part: TrainingSet) -> Front:
    formula = Formula.parse(repr(float(np.mean(part.y))), part.space.names)
    return Front((Member(formula, float(np.std(part.y))),))


@dataclass(frozen=True)
class _Combination:
    """One formula for each of the first choices of a categorical."""

    members: tuple[Member, ...]
    nodes: int
    squares: float


def _combinations(fronts: Sequence[Front], rows: Sequence[int]) -> list[_Combination]:
    """Return the combinations of one formula a choice that no other beats in both error and nodes."""
    best = [_Combination((), 0, 0.0)]
    for front, n in zip(fronts, rows, strict=True):
        longer = [
            _Combination((*c.members, m), c.nodes + m.nodes + NODES_PER_CHOICE, c.squares + n * m.rmse**2)
            for c in best
            for m in front.members
        ]
        best = []
        for c in sorted(longer, key=lambda c: (c.nodes, c.squares)):
            if not best or c.squares < best[-1].squares:
                best.append(c)
    return best


def _joined(combination: _Combination, categorical: Hyperparameter, names: tuple[str, ...], n: int) -> Member:
    import sympy

    from symhpo.formula.expression import piecewise

    conditions = [_is(categorical, [index]) for index in range(len(combination.members) - 1)]
    formulas = [member.formula.expression for member in combination.members]
    expression = piecewise(list(zip(formulas, [*conditions, sympy.true], strict=True)))
    return Member(
        Formula(expression, names),
        float(np.sqrt(combination.squares / n)),
        max(member.max_relative_difference for member in combination.members),
    )
