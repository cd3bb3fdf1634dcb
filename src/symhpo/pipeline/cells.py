"""Whole cells as tables of evaluations: the landscape, the random samples and the optimiser's trials."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from symhpo.objectives import Evaluation, LandscapeDesign, Measured, Objective, Outcome, evaluate_many
from symhpo.pipeline.plan import Plan
from symhpo.sampling import random_queries, sample_bo
from symhpo.space import Configuration
from symhpo.store.provenance import code_version, machine, package_versions

__all__ = ["evaluate_cell"]

logger = logging.getLogger(__name__)

# Purpose, the run's seed (None for a landscape), configuration, seed of the evaluation.
Wanted = tuple[str, int | None, Configuration, int]


def evaluate_cell(
    config: DictConfig, seeds: Sequence[int], journals: Path, *, workers: int, optimize: bool = False
) -> None:
    """Evaluate the landscape and the samples of a cell and write its table.

    Parameters
    ----------
    config : DictConfig
        Of any run of the cell; `config.paths.evaluations` is the tables' folder.
    seeds : sequence of int
        Of the runs whose samples are wanted.
    journals : Path
        Keeps what an interrupted call has finished.
    workers : int
    optimize : bool
        Whether the optimiser runs too and its trials are kept.
    """
    plan = Plan.from_config(config)
    wanted = list(_wanted(plan.objective, plan.design, config.budget, seeds))
    journal = journals / plan.label.replace("/", "-")
    if not optimize and all(plan.evaluations.find(plan.objective, c, seed) for _, _, c, seed in wanted):
        logger.info("%s is whole in %s", plan.label, plan.evaluations.folder)
        return
    outcomes = evaluate_many(
        plan.objective,
        [configuration for _, _, configuration, _ in wanted],
        [seed for *_, seed in wanted],
        workers=workers,
        journal_dir=journal,
        table=plan.evaluations,
        what=plan.cell,
    )
    rows = list(_measured(wanted, outcomes))
    failed = len(wanted) - len(rows)
    if optimize:
        rows += [row for seed in seeds for row in _trials(plan, seed, journal / "bo" / str(seed))]
    plan.evaluations.write(
        plan.label.replace("/", "-"),
        plan.objective,
        rows,
        {
            "code": code_version(),
            "machine": machine(),
            "packages": package_versions(),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "failed": failed,
        },
    )
    logger.info("%s: %d evaluations written, %d failed", plan.label, len(rows), failed)


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


def _trials(plan: Plan, run_seed: int, journal: Path) -> Iterator[Measured]:
    """Run the optimiser as a run of this seed does, and yield its trials, each once."""
    samples = sample_bo(
        plan.objective,
        plan.optimizer,
        plan.sampled_sizes,
        seed=run_seed,
        journal_dir=journal,
        table=plan.evaluations,
        what=f"BO {plan.cell} seed={run_seed}",
    )
    found = set()
    for result in samples.results:
        trials = result.trials.where(result.trials.succeeded)
        rows = zip(trials.X, trials.seeds, trials.cost, trials.test_cost, trials.cpu_seconds, strict=True)
        for x, seed, cost, test_cost, cpu_seconds in rows:
            if (x.tobytes(), seed) in found:
                continue
            found.add((x.tobytes(), seed))
            evaluation = Evaluation(
                float(cost), None if np.isnan(test_cost) else float(test_cost), float(cpu_seconds)
            )
            (configuration,) = plan.objective.space.to_configurations(x[None])
            yield Measured("bo", run_seed, configuration, int(seed), evaluation)
