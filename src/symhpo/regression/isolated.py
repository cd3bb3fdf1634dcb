"""Many fits in worker processes, each under a time limit that is enforced from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from symhpo.parallel import TaskResult, run_tasks
from symhpo.regression.base import Regressor, TrainingSet

__all__ = ["fit_many"]


def fit_many(
    tasks: Sequence[tuple[Regressor, TrainingSet, int]],
    *,
    workers: int,
    time_limit: float | None = None,
) -> Iterator[TaskResult[dict[str, Any]]]:
    """Fit regressors to training sets under seeds, in worker processes.

    Parameters
    ----------
    tasks : sequence of (Regressor, TrainingSet, int)
        Engines, training sets and seeds; engines are sent to the workers, so they have to be picklable.
    workers : int
        Number of processes; 0 fits one after the other in this process, without a time limit.
    time_limit : float, optional
        Wall seconds for one fit. One that exceeds them ends, even if it hangs in compiled code.

    Yields
    ------
    TaskResult of dict
        In order of completion, ``index`` being the task's place in `tasks`: the front as
        `Front.to_json` gives it, or the failure with status and reason of a fit that raised, ran out
        of time or lost its process. The others are not affected. The CPU seconds include what the
        fit started.
    """
    for result in run_tasks(_fit, tasks, workers=workers, timeout=time_limit):
        if result.value is None:
            yield TaskResult(result.index, None, result.failure, result.cpu_seconds)
        else:
            front, cpu_seconds_of_children = result.value
            yield TaskResult(result.index, front, None, result.cpu_seconds + cpu_seconds_of_children)


def _fit(task: tuple[Regressor, TrainingSet, int]) -> tuple[dict[str, Any], float]:
    # Engines' own objects often do not pickle, and sympy's change when they do: plain data goes back.
    regressor, training_set, seed = task
    before = _cpu_seconds_of_children()
    front = regressor.fit(training_set, seed=seed).to_json()
    return front, _cpu_seconds_of_children() - before


def _cpu_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
