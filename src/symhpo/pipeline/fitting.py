"""The fits of a run: a front of formulas for every size, engine and seed, none fitted twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from symhpo.parallel import TaskResult
from symhpo.progress import progress
from symhpo.regression.base import Regressor, TrainingSet
from symhpo.regression.isolated import fit_many
from symhpo.store import Journal, read_journal

__all__ = ["Fit", "FitTask", "fit_all", "load_fits", "save_fits"]


@dataclass(frozen=True)
class FitTask:
    """A regression to be done; `seed` is None for an engine without a random part."""

    engine: str
    regressor: Regressor
    training_set: TrainingSet
    size: int
    seed: int | None

    @property
    def identity(self) -> list[Any]:
        """Engine, size and seed."""
        return [self.engine, self.size, self.seed]


@dataclass(frozen=True)
class Fit:
    """The outcome of a fit: a front as JSON data, or why there is none."""

    front: dict[str, Any] | None
    status: str
    reason: str
    cpu_seconds: float


def fit_all(
    tasks: Sequence[FitTask], *, workers: int, time_limit: float, journal: Path, what: str
) -> list[Fit]:
    """Fit all tasks in worker processes; what the journal has is not fitted again.

    Parameters
    ----------
    tasks : sequence of FitTask
    workers : int
        Number of processes; 0 stays in this one, without the time limit.
    time_limit : float
        Wall seconds for one fit.
    journal : Path
        Folder that keeps finished fits over a crash.
    what : str
        The work's name in the progress display.

    Returns
    -------
    list of Fit
        In the order of the tasks. A fit that fails is an outcome, not an exception.
    """
    known = {json.dumps(entry["task"]): Fit(**entry["fit"]) for entry in read_journal(journal)}
    missing = [task for task in tasks if json.dumps(task.identity) not in known]
    done = len(tasks) - len(missing)
    with Journal(journal) as entries:
        for task, fit in progress(_fits(missing, workers, time_limit), what, len(tasks), done=done):
            entries.append({"task": task.identity, "fit": asdict(fit)})
            known[json.dumps(task.identity)] = fit
    return [known[json.dumps(task.identity)] for task in tasks]


def save_fits(path: Path, tasks: Sequence[FitTask], fits: Sequence[Fit]) -> None:
    """Write fits as JSON Lines, one a task."""
    lines = (
        json.dumps({"task": task.identity, "fit": asdict(fit)}) for task, fit in zip(tasks, fits, strict=True)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_fits(path: Path) -> list[Fit]:
    """Read what `save_fits` wrote, in the same order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Fit(**json.loads(line)["fit"]) for line in lines]


def _fits(tasks: Sequence[FitTask], workers: int, time_limit: float) -> Iterator[tuple[FitTask, Fit]]:
    triples = [(task.regressor, task.training_set, task.seed or 0) for task in tasks]
    for result in fit_many(triples, workers=workers, time_limit=time_limit):
        yield tasks[result.index], _outcome(result)


def _outcome(result: TaskResult[dict[str, Any]]) -> Fit:
    front, failure, seconds = result.value, result.failure, result.cpu_seconds
    if failure is not None:
        return Fit(None, failure.status, failure.reason, seconds)
    if not front or not front["members"]:
        reasons = sorted({dropped["reason"] for dropped in front["dropped"]}) if front else []
        return Fit(None, "failed", f"no formula is left: {'; '.join(reasons) or 'none was found'}", seconds)
    return Fit(front, "ok", "", seconds)
