"""Whole cells as tables of evaluations: the landscape and the random samples of all runs."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from omegaconf import DictConfig

from symhpo.objectives import Evaluation, LandscapeDesign, Measured, Objective, Outcome, evaluate_many
from symhpo.pipeline.plan import Plan
from symhpo.sampling import random_queries
from symhpo.space import Configuration
from symhpo.store.provenance import code_version, machine, package_versions

__all__ = ["evaluate_cell"]

logger = logging.getLogger(__name__)

# Purpose, the run's seed (None for a landscape), configuration, seed of the evaluation.
Wanted = tuple[str, int | None, Configuration, int]


def evaluate_cell(config: DictConfig, seeds: Sequence[int], journals: Path, *, workers: int) -> None:
    """Evaluate the landscape and the random samples of a cell and write its table.

    Parameters
    ----------
    config : DictConfig
        Of any run of the cell; `config.paths.evaluations` is the tables' folder.
    seeds : sequence of int
        Of the runs whose random samples are wanted.
    journals : Path
        Keeps what an interrupted call has finished.
    workers : int
    """
    plan = Plan.from_config(config)
    wanted = list(_wanted(plan.objective, plan.design, config.budget, seeds))
    if all(plan.evaluations.find(plan.objective, c, seed) for _, _, c, seed in wanted):
        logger.info("%s is whole in %s", plan.label, plan.evaluations.folder)
        return
    outcomes = evaluate_many(
        plan.objective,
        [configuration for _, _, configuration, _ in wanted],
        [seed for *_, seed in wanted],
        workers=workers,
        journal_dir=journals / plan.label.replace("/", "-"),
        table=plan.evaluations,
        what=plan.cell,
    )
    rows = list(_measured(wanted, outcomes))
    plan.evaluations.write(
        plan.label.replace("/", "-"),
        plan.objective,
        rows,
        {
            "code": code_version(),
            "machine": machine(),
            "packages": package_versions(),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "failed": len(wanted) - len(rows),
        },
    )
    logger.info("%s: %d of %d evaluations written", plan.label, len(rows), len(wanted))


def _wanted(
    objective: Objective, design: LandscapeDesign, budget: int, seeds: Sequence[int]
) -> Iterator[Wanted]:
    points = objective.space.to_configurations(design.sample(objective.space))
    for point, seed in itertools.product(points, design.seeds):
        yield "landscape", None, point, seed
    for run_seed in seeds:
        for configuration, seed in random_queries(objective.space, budget, run_seed):
            yield "random", run_seed, configuration, seed


def _measured(wanted: Iterable[Wanted], outcomes: Iterable[Outcome]) -> Iterator[Measured]:
    """Yield what succeeded: a failed evaluation is worth another attempt elsewhere."""
    for (purpose, run_seed, configuration, seed), outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Evaluation):
            yield Measured(purpose, run_seed, configuration, seed, outcome)
