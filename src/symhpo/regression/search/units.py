"""Units of the costs: the limits and the single precision of the search suit numbers near one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.base import TrainingSet
from symhpo.regression.search.tree import Node, constant, constants, normal_form, with_constants

__all__ = ["Units"]

Array = NDArray[np.float64]

# Standard deviations of costs, and means in standard deviations, that need no other units.
SMALLEST, LARGEST = 1e-4, 1e4
LARGEST_MEAN = 1e3
# What a product of a constant and a power of ten carries.
DIGITS = 15


@dataclass(frozen=True)
class Units:
    """Costs are ``offset + scale * z`` for numbers `z` that the search can handle.

    The scale is a power of ten, so that a constant of few digits keeps them; in it costs have a standard
    deviation from 0.1 to 1, as error rates have.
    """

    offset: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, y: Array) -> Units:
        """Return the units for costs of shape (n,): their own, where these are ordinary numbers."""
        # Half of each, since the sum of the largest numbers is no number.
        mean, spread = float(np.mean(y / 2)) * 2, float(np.std(y / 4)) * 4
        if spread == 0 or not math.isfinite(spread) or not math.isfinite(mean):
            return cls()
        ordinary = SMALLEST <= spread <= LARGEST
        centred = abs(mean) > LARGEST_MEAN * spread
        scale = 1.0 if ordinary else float(f"1e{math.floor(math.log10(spread)) + 1}")
        # A round number, lest it fill the constants with digits.
        return cls(float(f"{round(mean / scale) * scale:.{DIGITS}g}") if centred else 0.0, scale)

    @property
    def is_own(self) -> bool:
        """Whether the search can work on the costs as they are."""
        return self == Units()

    def to_search(self, y: Array) -> Array:
        """Return costs in these units."""
        return y if self.is_own else (y - self.offset) / self.scale

    def training_set(self, training_set: TrainingSet) -> TrainingSet:
        """Return a training set whose costs, and whose surrogate's, are in these units."""
        if self.is_own:
            return training_set
        surrogate = training_set.surrogate
        if surrogate is not None:
            surrogate = replace(
                surrogate,
                cost_mean=(surrogate.cost_mean - self.offset) / self.scale,
                cost_std=surrogate.cost_std / self.scale,
            )
        return replace(training_set, y=self.to_search(training_set.y), surrogate=surrogate)

    def in_costs(self, node: Node) -> Node:
        """Return a tree over these units as one of the costs themselves."""
        if self.is_own:
            return node
        scaled = normal_form(Node("multiply", (constant(self.scale), node)))
        values = [float(f"{value:.{DIGITS}g}") for value in constants(scaled)]
        scaled = with_constants(scaled, values)
        return normal_form(Node("add", (constant(self.offset), scaled))) if self.offset else scaled
