"""The true landscape: the cost on a test grid, averaged over repeated evaluations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation, Objective
from symhpo.objectives.batch import evaluate_many
from symhpo.objectives.evaluations import EvaluationTable
from symhpo.objectives.journal import Outcome
from symhpo.parallel import Failure
from symhpo.seeds import generator
from symhpo.space import Space

__all__ = ["Landscape", "LandscapeDesign", "compute_landscape"]

Array = NDArray[np.float64]

# A grid of 10 points an axis has 1000 points in three dimensions, 10 000 in four.
MOST_GRID_DIMENSIONS = 3
RANDOM_POINTS_SEED = 0


@dataclass(frozen=True)
class LandscapeDesign:
    """The points of a landscape and the seeds they are evaluated under.

    Parameters
    ----------
    points : {"auto", "grid", "random"}
        The protocol's test grid, or uniformly sampled points; ``"auto"`` takes the grid for up
        to three hyperparameters.
    points_per_axis : int
        Cells of the grid along one hyperparameter.
    n_random : int
        Number of random points.
    seeds : sequence of int
        A point's cost is the mean of one evaluation under each.
    """

    points: Literal["auto", "grid", "random"] = "auto"
    points_per_axis: int = 10
    n_random: int = 500
    seeds: Sequence[int] = (0, 3, 6, 9, 12)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", tuple(self.seeds))
        if self.points not in ("auto", "grid", "random"):
            raise UserError(f"landscape.points is {self.points!r}; set it to auto, grid or random")
        if min(self.points_per_axis, self.n_random, len(self.seeds)) < 1:
            raise UserError("the landscape has no point or no seed; set landscape's numbers to 1 or more")

    def sample(self, space: Space) -> Array:
        """Return the points in a space; shape (m, d), true units."""
        small = len(space) <= MOST_GRID_DIMENSIONS
        if self.points == "grid" or (self.points == "auto" and small):
            return space.grid(self.points_per_axis)
        return space.sample(self.n_random, generator(RANDOM_POINTS_SEED, "landscape"))


@dataclass(frozen=True, eq=False)
class Landscape:
    """True costs on a set of points.

    Attributes
    ----------
    names : tuple of str
        The hyperparameters, as many as `X` has columns.
    X : array of shape (m, d)
        The points, in true units.
    seeds : array of shape (r,)
    costs, test_costs, cpu_seconds : array of shape (m, r)
        One evaluation per point and seed; NaN where it failed.
    failures : tuple of (point, seed, reason)
        The evaluations that failed: row of `X`, seed, one line.
    """

    names: tuple[str, ...]
    X: Array
    seeds: NDArray[np.int64]
    costs: Array
    test_costs: Array
    cpu_seconds: Array
    failures: tuple[tuple[int, int, str], ...] = ()

    @property
    def repeats(self) -> NDArray[np.int64]:
        """Number of evaluations behind each point, shape (m,)."""
        counts: NDArray[np.int64] = np.isfinite(self.costs).sum(axis=1, dtype=np.int64)
        return counts

    @property
    def cost(self) -> Array:
        """Mean cost over the repeats, shape (m,); NaN where every evaluation failed."""
        return _row_mean(self.costs, self.repeats)

    @property
    def std(self) -> Array:
        """Sample standard deviation over the repeats, shape (m,); NaN for fewer than two."""
        squares = (self.costs - self.cost[:, None]) ** 2
        return np.sqrt(_row_mean(squares, self.repeats - 1))

    def save(self, path: Path) -> None:
        """Write the landscape as plain arrays (NPZ without objects)."""
        points, seeds, reasons = zip(*self.failures, strict=True) if self.failures else ((), (), ())
        np.savez(
            path,
            names=np.array(self.names, dtype=np.str_),
            X=self.X,
            seeds=self.seeds,
            costs=self.costs,
            test_costs=self.test_costs,
            cpu_seconds=self.cpu_seconds,
            failed_points=np.array(points, dtype=np.int64),
            failed_seeds=np.array(seeds, dtype=np.int64),
            failed_reasons=np.array(reasons, dtype=np.str_),
        )

    @classmethod
    def load(cls, path: Path) -> Landscape:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            failed = (arrays[f"failed_{part}"].tolist() for part in ("points", "seeds", "reasons"))
            return cls(
                names=tuple(arrays["names"].tolist()),
                X=arrays["X"],
                seeds=arrays["seeds"],
                costs=arrays["costs"],
                test_costs=arrays["test_costs"],
                cpu_seconds=arrays["cpu_seconds"],
                failures=tuple(zip(*failed, strict=True)),
            )


def compute_landscape(
    objective: Objective,
    design: LandscapeDesign,
    *,
    journal_dir: Path,
    workers: int,
    timeout: float | None = None,
    table: EvaluationTable | None = None,
    what: str = "landscape",
) -> Landscape:
    """Evaluate an objective on all points of a design under all its seeds.

    Parameters
    ----------
    objective : Objective
    design : LandscapeDesign
    journal_dir, workers, timeout, table, what
        As in `symhpo.objectives.evaluate_queries`; with the same journal an interrupted
        computation goes on where it was.

    Returns
    -------
    Landscape
        With the evaluations that failed left out and listed.
    """
    X = design.sample(objective.space)
    pairs = list(itertools.product(objective.space.to_configurations(X), design.seeds))
    outcomes = evaluate_many(
        objective,
        [configuration for configuration, _ in pairs],
        [seed for _, seed in pairs],
        workers=workers,
        journal_dir=journal_dir,
        timeout=timeout,
        table=table,
        what=what,
    )
    return _collect(objective.space.names, X, design.seeds, outcomes)


def _collect(
    names: tuple[str, ...], X: Array, seeds: Sequence[int], outcomes: Sequence[Outcome]
) -> Landscape:
    shape = (len(X), len(seeds))
    evaluations = [outcome if isinstance(outcome, Evaluation) else None for outcome in outcomes]

    def table(field: str) -> Array:
        # getattr(None, ...) and a test cost of None both become NaN.
        return np.array([getattr(e, field, None) for e in evaluations], dtype=np.float64).reshape(shape)

    where = itertools.product(range(len(X)), seeds)
    return Landscape(
        names,
        X,
        np.array(seeds, dtype=np.int64),
        table("cost"),
        table("test_cost"),
        table("cpu_seconds"),
        failures=tuple(
            (point, seed, f"{outcome.status}: {outcome.reason}")
            for (point, seed), outcome in zip(where, outcomes, strict=True)
            if isinstance(outcome, Failure)
        ),
    )


def _row_mean(values: Array, count: NDArray[np.int64]) -> Array:
    total: Array = np.nansum(values, axis=1)
    mean: Array = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
