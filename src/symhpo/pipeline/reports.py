"""The reports of a run: one for each size, engine and seed, stored for all who need them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.evaluation import scores
from symhpo.objectives import Landscape, compute_landscape
from symhpo.parallel import run_tasks
from symhpo.pipeline.fitting import Fit, FitTask, fit_all, load_fits, save_fits
from symhpo.pipeline.plan import Plan
from symhpo.pipeline.rows import training_set_frame
from symhpo.pipeline.scoring import ScoringTask, score
from symhpo.progress import progress
from symhpo.regression.base import TrainingSet
from symhpo.store import Key, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STAGES", "landscape_of", "report", "reports_key"]

# Version of each stage's code: raised whenever the same settings give another result.
STAGES = {"landscape": 1, "fits": 1, "reports": 1}

FITS = "fits.jsonl"
REPORTS = "reports.jsonl"
LANDSCAPE = "landscape.npz"
TRAINING_SET = "training_set.parquet"

GAUSSIAN_PROCESS = "gp"


def landscape_of(plan: Plan, store: Store, *, workers: int) -> Landscape:
    """Return the true landscape of the plan's cell, computing it where it is not stored."""
    key = Key("landscape", STAGES["landscape"], plan.settings("landscape"), plan.label)

    def build(journal: Path, out: Path) -> None:
        landscape = compute_landscape(
            plan.objective,
            plan.design,
            journal_dir=journal,
            workers=workers,
            table=plan.evaluations,
            what=f"landscape {plan.cell}",
        )
        landscape.save(out / LANDSCAPE)

    return Landscape.load(store.compute(key, build) / LANDSCAPE)


def report(
    plan: Plan,
    store: Store,
    training_sets: Callable[[], dict[int, TrainingSet]],
    landscape: Callable[[], Landscape],
    *,
    workers: int,
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Return the reports of a plan, computing what is not stored.

    Parameters
    ----------
    plan : Plan
    store : Store
    training_sets, landscape : callable
        Give the training set of each size and the landscape; called only where they are needed.
    workers : int

    Returns
    -------
    reports : list of dict
        As `scoring.score` gives them, each with ``task`` (engine, size, seed).
    training_set : DataFrame
        What the regression saw: one row for each size and configuration.
    """
    import pandas as pd

    key = reports_key(plan)

    def build(_journal: Path, out: Path) -> None:
        sets = training_sets()
        tasks = _tasks(plan, sets)
        fits = _fits(plan, store, tasks, workers)
        reports = [*_scored(plan, tasks, fits, landscape(), workers), *_surrogates(sets, landscape())]
        lines = "".join(json.dumps(entry) + "\n" for entry in reports)
        (out / REPORTS).write_text(lines, encoding="utf-8")
        training_set_frame(plan, sets).to_parquet(out / TRAINING_SET, index=False)

    folder = store.compute(key, build)
    lines = (folder / REPORTS).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines], pd.read_parquet(folder / TRAINING_SET)


def reports_key(plan: Plan) -> Key:
    """Return the identity of a plan's reports, which is the run's own."""
    label = f"{plan.label}/{plan.config.strategy.name}/{plan.key.label}"
    return Key("reports", STAGES["reports"], dict(plan.key.settings), label)


def _tasks(plan: Plan, training_sets: dict[int, TrainingSet]) -> list[FitTask]:
    return [
        FitTask(engine.name, engine.regressor, training_sets[size], size, seed)
        for engine in plan.engines
        for size in plan.sizes
        for seed in engine.seeds
    ]


def _fits(plan: Plan, store: Store, tasks: list[FitTask], workers: int) -> list[Fit]:
    settings = {
        name: value
        for name, value in plan.key.settings.items()
        if name not in ("selection", "landscape", "bootstrap")
    }
    label = f"{plan.label}/{plan.config.strategy.name}/{plan.key.label}"
    key = Key("fits", STAGES["fits"], settings, label)

    def build(journal: Path, out: Path) -> None:
        fits = fit_all(
            tasks,
            workers=workers,
            time_limit=plan.config.time_limit,
            journal=journal,
            what=f"fits {plan.name}",
        )
        save_fits(out / FITS, tasks, fits)

    return load_fits(store.compute(key, build) / FITS)


def _scored(
    plan: Plan, tasks: list[FitTask], fits: list[Fit], landscape: Landscape, workers: int
) -> Iterator[dict[str, Any]]:
    ready = [
        ScoringTask(
            fit.front,
            task.training_set,
            plan.selection,
            landscape.X,
            landscape.cost,
            task.regressor,
            task.seed or 0,
            0 if plan.engines[0].name != task.engine else plan.config.bootstrap,
        )
        if fit.front is not None
        else None
        for task, fit in zip(tasks, fits, strict=True)
    ]
    scorable = [(i, task) for i, task in enumerate(ready) if task is not None]
    results = run_tasks(score, [task for _, task in scorable], workers=workers)
    done: dict[int, dict[str, Any]] = {}
    for result in progress(results, f"scores {plan.name}", len(scorable)):
        done[scorable[result.index][0]] = result.unwrap()
    for i, (task, fit) in enumerate(zip(tasks, fits, strict=True)):
        scored = done.get(i, {"row": {}, "prediction": None, "front": []})
        outcome = {
            "status": fit.status,
            "reason": fit.reason,
            "cpu_fit": fit.cpu_seconds,
            "n_training": len(task.training_set.y),
            "n_evaluations": task.training_set.n_evaluations,
        }
        yield scored | {"task": task.identity, "row": scored["row"] | outcome}


def _surrogates(training_sets: dict[int, TrainingSet], landscape: Landscape) -> Iterator[dict[str, Any]]:
    """Yield the Gaussian process itself as a baseline, for each size whose training set has one."""
    for size, training_set in training_sets.items():
        if training_set.surrogate is None:
            continue
        started = time.process_time()
        prediction, _ = training_set.surrogate.predict(landscape.X)
        row: dict[str, Any] = scores(landscape.cost, prediction) | {
            "n_evaluations": training_set.n_evaluations,
            "status": "ok",
            "reason": "",
            "is_finding": False,
            "finding_reason": "a baseline",
            "cpu_score": time.process_time() - started,
        }
        yield {
            "task": [GAUSSIAN_PROCESS, size, None],
            "row": row,
            "prediction": np.asarray(prediction).tolist(),
            "front": [],
        }
