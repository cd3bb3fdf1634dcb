"""gplearn's evolution, program for program, without the work that changes none of them.

`gplearn.genetic.SymbolicRegressor` evaluates every node of every program. A child of a crossover
differs from its parents along one path only: here each program keeps the values of its nodes, and a
child takes over those that it shares. Random numbers are drawn as gplearn draws them, from one
generator for each program, and gplearn's own methods make the programs that are rarer, so that the
population is gplearn's in every generation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["evolve", "execute"]

Array = NDArray[np.float64]
Program = list[Any]
"""In prefix order: functions, indices of columns (int) and constants (float)."""

# Weights of functions and of terminals in the choice of a subtree (Koza 1992).
FUNCTION_WEIGHT, TERMINAL_WEIGHT = 0.9, 0.1
MAX_SEED = np.iinfo(np.int32).max


def evolve(regressor: Any, X: Array, y: Array) -> Program:
    """Return the program that ``regressor.fit(X, y)`` would find.

    Parameters
    ----------
    regressor : gplearn.genetic.SymbolicRegressor
        Not fitted; with a metric of "rmse", an integer ``random_state``, no warm start and all
        samples in use.
    X : array of shape (n, d)
    y : array of shape (n,)
    """
    rng = np.random.RandomState(regressor.random_state)
    breeder = _Breeder(regressor, X, y)
    generation: list[_Individual] = []
    for _ in range(regressor.generations):
        seeds = rng.randint(MAX_SEED, size=regressor.population_size)
        generation = breeder.next(generation, seeds)
        errors = np.array([individual.error for individual in generation])
        best = int(np.argmin(errors))
        if errors[best] <= regressor.stopping_criteria:
            break
    return generation[best].program


def execute(program: Program, X: Array) -> Array:
    """Return a program's predictions, shape (n,), for configurations of shape (n, d)."""
    return _node_values(program, _ends(program), X)[0]


@dataclass
class _Individual:
    """A program with the values of all its nodes on the training set."""

    program: Program
    values: list[Array]
    error: float

    @cached_property
    def ends(self) -> list[int]:
        """For each node, the position behind its subtree."""
        return _ends(self.program)

    @cached_property
    def cumulative(self) -> list[float]:
        """The distribution of the node that a genetic operation changes."""
        weights = np.array([TERMINAL_WEIGHT if _is_terminal(n) else FUNCTION_WEIGHT for n in self.program])
        return list(np.cumsum(weights / weights.sum()))

    def subtree(self, rng: np.random.RandomState) -> tuple[int, int]:
        """Draw a subtree; return its first position and the one behind its last."""
        start = bisect_left(self.cumulative, rng.uniform())
        return start, self.ends[start]

    def ancestors(self, position: int) -> list[tuple[int, list[int]]]:
        """Return position and arguments' positions of every node above another, the root first."""
        found = []
        node = 0
        while node != position:
            arguments = _arguments(node, self.program[node].arity, self.ends)
            found.append((node, arguments))
            node = next(a for a in reversed(arguments) if a <= position)
        return found


class _Breeder:
    """Makes one generation from the last."""

    def __init__(self, regressor: Any, X: Array, y: Array) -> None:
        from gplearn._program import _Program
        from gplearn.fitness import _fitness_map
        from gplearn.functions import _function_map

        functions = [_function_map.get(f, f) for f in regressor.function_set]
        self.X, self.y = X, y
        self.tournament_size = regressor.tournament_size
        self.parsimony = regressor.parsimony_coefficient
        self.probabilities = np.cumsum(
            [
                regressor.p_crossover,
                regressor.p_subtree_mutation,
                regressor.p_hoist_mutation,
                regressor.p_point_mutation,
            ]
        ).tolist()
        arities: dict[int, list[Any]] = {}
        for function in functions:
            arities.setdefault(function.arity, []).append(function)
        # Its methods draw new programs and mutate the one that it holds.
        self.gplearn = _Program(
            function_set=functions,
            arities=arities,
            init_depth=regressor.init_depth,
            init_method=regressor.init_method,
            n_features=X.shape[1],
            const_range=regressor.const_range,
            metric=_fitness_map[regressor.metric],
            p_point_replace=regressor.p_point_replace,
            parsimony_coefficient=self.parsimony,
            random_state=None,
            program=[0],
        )
        self.rng = np.random.RandomState()

    def next(self, parents: Sequence[_Individual], seeds: NDArray[np.int64]) -> list[_Individual]:
        """Return a generation, one individual for each seed; without parents a random one."""
        self.fitness = np.array([p.error + self.parsimony * len(p.program) for p in parents])
        generation = []
        for seed in seeds:
            self.rng.seed(seed)
            generation.append(self._child(parents) if parents else self._founder())
        return generation

    def _founder(self) -> _Individual:
        return self._evaluated(self.gplearn.build_program(self.rng))

    def _child(self, parents: Sequence[_Individual]) -> _Individual:
        method = self.rng.uniform()
        parent = self._winner(parents)
        crossover, subtree_mutation, hoist_mutation, point_mutation = self.probabilities
        if method < crossover:
            return self._crossed(parent, self._winner(parents))
        self.gplearn.program = parent.program
        if method < subtree_mutation:
            return self._evaluated(self.gplearn.subtree_mutation(self.rng)[0])
        if method < hoist_mutation:
            return self._evaluated(self.gplearn.hoist_mutation(self.rng)[0])
        if method < point_mutation:
            return self._evaluated(self.gplearn.point_mutation(self.rng)[0])
        return parent

    def _winner(self, parents: Sequence[_Individual]) -> _Individual:
        contenders = self.rng.randint(0, len(parents), self.tournament_size)
        return parents[int(contenders[np.argmin(self.fitness[contenders])])]

    def _crossed(self, parent: _Individual, donor: _Individual) -> _Individual:
        """Return the parent with a random subtree replaced by one of the donor."""
        start, end = parent.subtree(self.rng)
        first, behind = donor.subtree(self.rng)
        program = [*parent.program[:start], *donor.program[first:behind], *parent.program[end:]]
        values = [*parent.values[:start], *donor.values[first:behind], *parent.values[end:]]
        shift = (behind - first) - (end - start)
        for node, arguments in reversed(parent.ancestors(start)):
            moved = [a if a <= start else a + shift for a in arguments]
            values[node] = program[node].function(*(values[a] for a in moved))
        return _Individual(program, values, self._error(values[0]))

    def _evaluated(self, program: Program) -> _Individual:
        values = _node_values(program, _ends(program), self.X)
        return _Individual(program, values, self._error(values[0]))

    def _error(self, prediction: Array) -> float:
        # What gplearn's weighted mean comes to where every weight is 1.
        residuals = prediction - self.y
        return float(np.sqrt(np.add.reduce(residuals * residuals) / len(self.y)))


def _ends(program: Program) -> list[int]:
    ends = [0] * len(program)
    for position in range(len(program) - 1, -1, -1):
        node, end = program[position], position + 1
        if not _is_terminal(node):
            for _ in range(node.arity):
                end = ends[end]
        ends[position] = end
    return ends


def _node_values(program: Program, ends: list[int], X: Array) -> list[Array]:
    """Return the values of all nodes, those of the arguments first."""
    values: list[Array] = [X] * len(program)
    for position in range(len(program) - 1, -1, -1):
        node = program[position]
        if not _is_terminal(node):
            values[position] = node.function(*(values[a] for a in _arguments(position, node.arity, ends)))
        elif isinstance(node, int):
            values[position] = X[:, node]
        else:
            values[position] = np.repeat(node, len(X))
    return values


def _arguments(position: int, arity: int, ends: list[int]) -> list[int]:
    """Return the positions of a function's arguments."""
    arguments = [position + 1]
    while len(arguments) < arity:
        arguments.append(ends[arguments[-1]])
    return arguments


def _is_terminal(node: Any) -> bool:
    return isinstance(node, int | float)
