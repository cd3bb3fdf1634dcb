"""Trials as plain data: configurations, what was measured for them, and what of it a regression sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symhpo.space import Space

__all__ = ["Direction", "Metric", "Trials"]

Direction: TypeAlias = Literal["minimize", "maximize"]
Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What was measured, by the name its owner gave it, and whether less or more of it is better."""

    name: str
    direction: Direction

    @property
    def sign(self) -> float:
        """What the metric is multiplied by to become a cost, which is minimised."""
        return 1.0 if self.direction == "minimize" else -1.0


@dataclass(frozen=True, eq=False)
class Trials:
    """Evaluated configurations, one row a configuration, in the order of their first evaluation.

    Attributes
    ----------
    space : Space
    X : array of shape (n, d)
        Configurations in true units, NaN where a hyperparameter is not active.
    metrics : tuple of Metric
        The metrics to explain, usually one.
    values : array of shape (n, m)
        Their values, in the metrics' own directions: finite, means over repetitions.
    repetitions : array of shape (n,)
        How many evaluations (seeds, folds, repeats) a value is the mean of.
    spreads : array of shape (n, m)
        Standard deviation of the repetitions; NaN where there is one.
    budgets : array of shape (n,)
        Budget (epochs, share of the data) of a trial; NaN where there are none.
    labels : tuple of str
        What the tool calls each trial.
    """

    space: Space
    X: Array
    metrics: tuple[Metric, ...]
    values: Array
    repetitions: NDArray[np.int64]
    spreads: Array
    budgets: Array
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.X)

    def cost(self, metric: int = 0) -> Array:
        """Return a metric as a cost, which is minimised, of shape (n,)."""
        return self.metrics[metric].sign * self.values[:, metric]
