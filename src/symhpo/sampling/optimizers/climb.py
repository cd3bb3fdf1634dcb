"""One local search of SMAC's acquisition maximiser, on vectors instead of Configuration objects.

The one-exchange neighbourhood is that of Hutter, Hoos and Leyton-Brown (Sequential Model-Based
Optimization for General Algorithm Configuration, LION 5, 2011) as ConfigSpace 1.2 draws it, the
search is that of SMAC 2.4: the same random draws in the same order, hence the same neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from ConfigSpace.hyperparameters import CategoricalHyperparameter, UniformFloatHyperparameter
from numpy.typing import NDArray

__all__ = ["Axis", "Climb", "neighbourhood"]

Array = NDArray[np.float64]

# Neighbours of a configuration along a numerical hyperparameter, and how many are drawn at once.
NEIGHBOURS = 8
OVERSAMPLING = 5
# Integer hyperparameters with at most this many values are not tried twice at the same value.
FEW_VALUES = 100

START_STD, SMALLEST_STD, LARGEST_STD = 0.05, 5e-3, 0.4
IMPROVEMENTS_TO_WIDEN = 3
PLATEAU_STEPS_TO_NARROW = 3
PLATEAU_STEPS = 10
FIRST_BATCH, LARGEST_BATCH = 2, 64


class Axis:
    """How neighbours along one hyperparameter are drawn."""

    def __init__(self, column: int, hyperparameter: Any) -> None:
        self.column = column
        self._hyperparameter = hyperparameter
        is_float = isinstance(hyperparameter, UniformFloatHyperparameter)
        is_categorical = isinstance(hyperparameter, CategoricalHyperparameter)
        n_others = NEIGHBOURS * OVERSAMPLING if is_float else int(hyperparameter.size) - 1
        self.n_neighbours = n_others if is_categorical else NEIGHBOURS
        self._n_drawn = n_others if is_float or is_categorical else min(NEIGHBOURS, n_others)
        self._has_std = not is_categorical
        self._is_shuffled = not is_float
        self.is_redrawn = not is_categorical and n_others >= NEIGHBOURS
        self.is_tracked = is_categorical or (not is_float and n_others < FEW_VALUES)

    def draw(self, number: float, std: float, rng: np.random.RandomState) -> list[float]:
        """Draw vector entries around `number`."""
        # Not the public neighbors_vectorized: it refuses numbers that ConfigSpace's own neighbourhood takes.
        values = self._hyperparameter._neighborhood(
            number, n=self._n_drawn, seed=rng, std=std if self._has_std else None
        )
        if self._is_shuffled:
            rng.shuffle(values)
        return values.tolist()  # type: ignore[no-any-return]


def neighbourhood(axes: Sequence[Axis], vector: Array, std: float, seed: int) -> Iterator[tuple[Axis, Array]]:
    """Yield the neighbours of a vector, each with the axis along which it differs."""
    rng = np.random.RandomState(seed)
    left = [axis.n_neighbours for axis in axes]
    values: list[list[float] | None] = [None] * len(axes)
    draws = iter(rng.randint(len(axes), size=sum(left)).tolist())
    while any(left):
        chosen = next(draws, None)
        if chosen is None:
            draws = iter(rng.randint(len(axes), size=2 * len(axes) ** 2).tolist())
            continue
        if left[chosen] == 0:
            continue
        axis = axes[chosen]
        if not values[chosen]:
            if values[chosen] is not None and not axis.is_redrawn:
                left[chosen] = 0
                continue
            values[chosen] = axis.draw(vector[axis.column], std, rng)
        neighbour = vector.copy()
        neighbour[axis.column] = values[chosen].pop()
        left[chosen] -= 1
        yield axis, neighbour


class Climb:
    """A local search from one start point, fed with the acquisition values of its neighbours.

    Parameters
    ----------
    vector : array of shape (d,)
        The start point.
    value : float
        Its acquisition value.
    open_neighbourhood : callable
        Returns the neighbours of a vector for a standard deviation.
    """

    def __init__(
        self,
        vector: Array,
        value: float,
        open_neighbourhood: Callable[[Array, float], Iterator[tuple[Axis, Array]]],
    ) -> None:
        self.vector = vector
        self.value = value
        self.is_active = True
        self.has_moved = False
        self._open_neighbourhood = open_neighbourhood
        self._std = START_STD
        self._neighbours = open_neighbourhood(vector, self._std)
        self._batch_size = FIRST_BATCH
        self._equals: list[Array] = []
        self._tried: set[tuple[int, float]] = set()
        self._improvements = self._plateau_steps = 0
        self._has_improved = self._is_exhausted = False

    def next_neighbours(self) -> list[Array]:
        """Return the neighbours to evaluate next."""
        self._has_improved = self._is_exhausted = False
        batch: list[Array] = []
        for _ in range(self._batch_size):
            try:
                axis, neighbour = next(self._neighbours)
            except StopIteration:
                self._is_exhausted = True
                self._batch_size = len(batch)
                break
            except ValueError:
                # ConfigSpace found too few neighbours.
                self._is_exhausted = True
                continue
            if self._is_new(axis, neighbour):
                batch.append(neighbour)
        return batch

    def compare(self, batch: Sequence[Array], values: Sequence[float]) -> None:
        """Move to the first neighbour that is better; remember those as good."""
        for neighbour, value in zip(batch, values, strict=True):
            if value > self.value:
                self.value = value
                self._move_to(neighbour)
                self._has_improved = True
                return
            if value == self.value:
                self._equals.append(neighbour)

    def move_on(self) -> None:
        """Choose the next batch: of this neighbourhood, a new one, or none."""
        if self._has_improved or self._batch_size == 0:
            self._batch_size = FIRST_BATCH
        else:
            self._batch_size = min(2 * self._batch_size, LARGEST_BATCH)
        if not self._has_improved and not self._is_exhausted:
            return
        self._improvements = self._improvements + 1 if self._has_improved else 0
        if self._improvements >= IMPROVEMENTS_TO_WIDEN and self._plateau_steps == 0:
            self._std = min(2 * self._std, LARGEST_STD)
            self._improvements = 0
        if not self._has_improved:
            self._walk_plateau()
        self.is_active = self._plateau_steps < PLATEAU_STEPS
        if self.is_active:
            self._neighbours = self._open_neighbourhood(self.vector, self._std)

    def _walk_plateau(self) -> None:
        if self._equals:
            self._move_to(self._equals[0])
        self._plateau_steps += 1
        if self._plateau_steps % PLATEAU_STEPS_TO_NARROW == 0:
            self._std = max(self._std / 2, SMALLEST_STD)

    def _move_to(self, vector: Array) -> None:
        self.vector = vector
        self.has_moved = True
        self._equals = []
        self._tried.clear()

    def _is_new(self, axis: Axis, neighbour: Array) -> bool:
        number = neighbour[axis.column]
        if number == self.vector[axis.column]:
            return False
        if axis.is_tracked:
            if (axis.column, number) in self._tried:
                return False
            self._tried.add((axis.column, number))
        return True
