"""Many evaluations at once: in parallel, with progress, none repeated after an interruption."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.objectives.base import Objective
from symhpo.objectives.evaluations import EvaluationTable
from symhpo.objectives.journal import Journal, Outcome
from symhpo.parallel import Failure, TaskResult, run_tasks
from symhpo.progress import progress
from symhpo.space import Configuration
from symhpo.store.stopping import checkpoint

__all__ = ["Query", "evaluate", "evaluate_many", "evaluate_queries"]


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Query:
    """A configuration to be evaluated by an objective under a seed."""

    objective: Objective
    configuration: Configuration
    seed: int


def evaluate(objective: Objective, configuration: Configuration, seed: int) -> Outcome:
    """Evaluate one configuration; an exception, or a cost that is not finite, becomes a Failure."""
    try:
        evaluation = objective(configuration, seed)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure("failed", reason, traceback.format_exc())
    if not math.isfinite(evaluation.cost):
        return Failure("failed", f"its cost is {evaluation.cost}")
    return evaluation


def evaluate_many(
    objective: Objective,
    configurations: Sequence[Configuration],
    seeds: Sequence[int],
    *,
    workers: int,
    journal_dir: Path | None = None,
    timeout: float | None = None,
    table: EvaluationTable | None = None,
    what: str = "evaluations",
) -> list[Outcome]:
    """Evaluate configurations of one objective, each under its own seed.

    Parameters
    ----------
    objective : Objective
    configurations : sequence of mapping
    seeds : sequence of int
        As many as configurations.
    workers, journal_dir, timeout, table, what
        As in `evaluate_queries`.

    Returns
    -------
    list of Evaluation or Failure
        In the order of the configurations.
    """
    queries = [Query(objective, c, s) for c, s in zip(configurations, seeds, strict=True)]
    return evaluate_queries(
        queries, workers=workers, journal_dir=journal_dir, timeout=timeout, table=table, what=what
    )


def evaluate_queries(
    queries: Sequence[Query],
    *,
    workers: int,
    journal_dir: Path | None = None,
    timeout: float | None = None,
    table: EvaluationTable | None = None,
    what: str = "evaluations",
) -> list[Outcome]:
    """Evaluate queries, which may have different objectives.

    Parameters
    ----------
    queries : sequence of Query
    workers : int
        Number of processes, each with one BLAS thread; 0 stays in this process.
    journal_dir : Path, optional
        Folder of the `Journal` that the processes append to as soon as an evaluation ends. What
        it holds already is not evaluated again, but for evaluations whose process died.
    timeout : float, optional
        Wall seconds for one evaluation.
    table : EvaluationTable, optional
        What it holds is not evaluated; if that is all, no data are loaded.
    what : str
        The work's name in the progress display.

    Returns
    -------
    list of Evaluation or Failure
        In the order of the queries.

    Raises
    ------
    UserError
        If an objective cannot be prepared or the journal not be written.
    """
    keys = _keys(queries)
    journal = None if journal_dir is None else Journal(journal_dir)
    known = {} if journal is None else journal.read()
    if table is not None:
        known |= _measured(table, queries, keys, what)
    missing = {key: query for key, query in zip(keys, queries, strict=True) if key not in known}
    if missing:
        results = _run(missing, journal, workers=workers, timeout=timeout)
        distinct = len(set(keys))
        known |= progress(results, what, distinct, done=distinct - len(missing))
    return [known[key] for key in keys]


def _measured(
    table: EvaluationTable, queries: Sequence[Query], keys: Sequence[str], what: str
) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for key, query in zip(keys, queries, strict=True):
        evaluation = table.find(query.objective, query.configuration, query.seed)
        if evaluation is not None:
            found[key] = evaluation
    if found:
        logger.info("%s: %d of %d evaluations are from %s", what, len(found), len(set(keys)), table.folder)
    return found


def _run(
    queries: dict[str, Query], journal: Journal | None, *, workers: int, timeout: float | None
) -> Iterator[tuple[str, Outcome]]:
    # Objectives are sent to each process once, prepared; a task only says which one is meant.
    objectives = list({id(query.objective): query.objective for query in queries.values()}.values())
    position = {id(objective): i for i, objective in enumerate(objectives)}
    for objective in objectives:
        objective.prepare()
    tasks = [
        _Task(key, position[id(query.objective)], query.configuration, query.seed)
        for key, query in queries.items()
    ]
    results = run_tasks(
        _evaluate_task,
        tasks,
        workers=workers,
        timeout=timeout,
        initializer=_start,
        initargs=(objectives, journal),
    )
    for result in results:
        task = tasks[result.index]
        with checkpoint():
            outcome = _settle(result, task, journal)
        yield task.key, outcome


@dataclass(frozen=True)
class _Task:
    key: str
    objective: int
    configuration: Configuration
    seed: int


_objectives: Sequence[Objective] = ()
_journal: Journal | None = None


def _start(objectives: Sequence[Objective], journal: Journal | None) -> None:
    global _objectives, _journal
    _objectives, _journal = objectives, journal


def _evaluate_task(task: _Task) -> tuple[Outcome, str | None]:
    """Return the outcome, and why it could not be written to the journal."""
    outcome = evaluate(_objectives[task.objective], task.configuration, task.seed)
    return outcome, _write(_journal, task, outcome)


def _settle(result: TaskResult[tuple[Outcome, str | None]], task: _Task, journal: Journal | None) -> Outcome:
    if result.failure is None or result.failure.status == "failed":
        outcome, unwritten = result.unwrap()
    else:
        outcome = result.failure
        # A process that died may have been killed from outside: that is worth another attempt.
        unwritten = _write(journal, task, outcome) if outcome.status == "timeout" else None
    if unwritten is not None:
        raise UserError(unwritten)
    return outcome


def _write(journal: Journal | None, task: _Task, outcome: Outcome) -> str | None:
    # A disk error stops the whole batch; raised in a worker, it would be one task's failure.
    if journal is None:
        return None
    try:
        journal.append(task.key, task.configuration, task.seed, outcome)
    except UserError as error:
        return str(error)
    return None


def _keys(queries: Sequence[Query]) -> list[str]:
    objectives = {id(query.objective): query.objective for query in queries}
    digests = {i: _digest(objective.identity) for i, objective in objectives.items()}
    return [_digest([digests[id(q.objective)], dict(q.configuration), q.seed]) for q in queries]


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
