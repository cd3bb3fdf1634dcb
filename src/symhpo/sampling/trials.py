"""Evaluated configurations as plain data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from symhpo.objectives import Outcome
from symhpo.parallel import Failure
from symhpo.space import Configuration, Space

__all__ = ["Trials"]

# Before the names of the hyperparameters' columns, which might be "cost" too.
PREFIX = "hyperparameter."
COLUMNS = {"cost": np.float64, "test_cost": np.float64, "seeds": np.int64, "cpu_seconds": np.float64}


@dataclass(frozen=True, eq=False)
class Trials:
    """Configurations in the order of their evaluation.

    Attributes
    ----------
    X : array of shape (n, d)
        Configurations in true units.
    cost : array of shape (n,)
        NaN where the evaluation failed.
    test_cost : array of shape (n,)
        NaN where it failed, or the objective has no test cost.
    seeds : array of shape (n,)
        Seed of each evaluation.
    cpu_seconds : array of shape (n,)
        CPU time of each evaluation; NaN where it failed.
    reasons : tuple of str
        Why an evaluation failed; empty where it did not.
    """

    X: NDArray[np.float64]
    cost: NDArray[np.float64]
    test_cost: NDArray[np.float64]
    seeds: NDArray[np.int64]
    cpu_seconds: NDArray[np.float64]
    reasons: tuple[str, ...]

    @classmethod
    def of(
        cls,
        space: Space,
        configurations: Sequence[Configuration],
        seeds: Sequence[int],
        outcomes: Sequence[Outcome],
    ) -> Trials:
        """Return configurations, evaluated under these seeds with these outcomes, as trials."""
        numbers = np.array([_numbers(outcome) for outcome in outcomes]).reshape(-1, 3)
        reasons = tuple(outcome.reason if isinstance(outcome, Failure) else "" for outcome in outcomes)
        X = space.to_array(configurations)
        return cls(X, numbers[:, 0], numbers[:, 1], np.array(seeds, dtype=np.int64), numbers[:, 2], reasons)

    def __len__(self) -> int:
        return len(self.cost)

    @property
    def succeeded(self) -> NDArray[np.bool_]:
        """Which evaluations gave a cost, shape (n,)."""
        return np.isfinite(self.cost)

    @property
    def n_failed(self) -> int:
        """Number of evaluations that gave none."""
        return int(np.count_nonzero(~self.succeeded))

    def first(self, n: int) -> Trials:
        """Return the first `n` trials."""
        return self.where(np.arange(len(self)) < n)

    def where(self, chosen: NDArray[np.bool_]) -> Trials:
        """Return the trials chosen by a mask of shape (n,)."""
        arrays = {f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name != "reasons"}
        return Trials(**arrays, reasons=tuple(itertools.compress(self.reasons, chosen)))

    def save(self, path: Path, space: Space) -> None:
        """Write the trials as Parquet: one row each, one column for each hyperparameter."""
        import pandas as pd

        columns = {PREFIX + name: self.X[:, j] for j, name in enumerate(space.names)}
        columns |= {name: getattr(self, name) for name in COLUMNS}
        pd.DataFrame(columns | {"reasons": list(self.reasons)}).to_parquet(path, index=False)

    @classmethod
    def load(cls, path: Path, space: Space) -> Trials:
        """Read what `save` wrote."""
        import pandas as pd

        frame = pd.read_parquet(path)
        X = frame[[PREFIX + name for name in space.names]].to_numpy(np.float64, copy=True)
        arrays = {name: frame[name].to_numpy(dtype, copy=True) for name, dtype in COLUMNS.items()}
        return cls(X, **arrays, reasons=tuple(frame["reasons"]))


def _numbers(outcome: Outcome) -> tuple[float, float, float]:
    if isinstance(outcome, Failure):
        return np.nan, np.nan, np.nan
    test_cost = np.nan if outcome.test_cost is None else outcome.test_cost
    return outcome.cost, test_cost, outcome.cpu_seconds
