"""The samples of runs: SMAC's trials with its surrogates, and random trials, each computed once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from symhpo.parallel import run_tasks
from symhpo.pipeline.plan import Plan
from symhpo.progress import progress
from symhpo.regression.base import TrainingSet
from symhpo.sampling import BoSamples, RandomSamples, sample_bo, sample_random
from symhpo.store import Key, Store

__all__ = ["SAMPLING_STAGES", "compute_samples", "samples_of", "training_sets"]

# Version of each stage's code: raised whenever the same settings give another result.
SAMPLING_STAGES = {"bo": 1, "random": 1}

logger = logging.getLogger(__name__)


def training_sets(plan: Plan, store: Store, *, workers: int) -> dict[int, TrainingSet]:
    """Return the training set of every size of a plan, computing samples that are not stored."""
    samples = samples_of(plan, store, workers=workers)
    return {size: plan.strategy.training_set(samples, size) for size in plan.sizes}


def samples_of(plan: Plan, store: Store, *, workers: int) -> BoSamples | RandomSamples:
    """Return the samples of a plan, computing them where they are not stored."""
    kind = BoSamples if plan.strategy.needs_optimizer else RandomSamples
    return kind.load(_compute(plan, store, workers), plan.objective.space, plan.config.seed)


def compute_samples(plans: Sequence[Plan], store: Store, *, workers: int) -> None:
    """Compute the samples of many plans: SMAC runs side by side, random trials over all workers.

    What fails is left to `samples_of`, which tells the plan's own error.
    """
    missing = {_key(plan).id: plan for plan in plans if store.find(_key(plan)) is None}
    sequential = [plan for plan in missing.values() if plan.strategy.needs_optimizer]
    results = run_tasks(_compute_alone, [_Task(plan, store.root) for plan in sequential], workers=workers)
    for result in progress(results, "Bayesian optimisation, seeds", len(sequential)):
        if result.failure is not None:
            logger.warning("%s: %s", sequential[result.index].name, result.failure.reason)
    for plan in missing.values():
        if not plan.strategy.needs_optimizer:
            _compute(plan, store, workers)


@dataclass(frozen=True)
class _Task:
    plan: Plan
    store: Path


def _compute_alone(task: _Task) -> None:
    _compute(task.plan, Store(task.store), workers=0)


def _compute(plan: Plan, store: Store, workers: int) -> Path:
    def build(journal: Path, out: Path) -> None:
        config, what = plan.config, f"{plan.cell} seed={plan.config.seed}"
        if plan.strategy.needs_optimizer:
            sample_bo(
                plan.objective,
                plan.optimizer,
                plan.sampled_sizes,
                seed=config.seed,
                journal_dir=journal,
                table=plan.evaluations,
                what=f"BO {what}",
            ).save(out)
        else:
            sample_random(
                plan.objective,
                config.budget,
                seed=config.seed,
                workers=workers,
                journal_dir=journal,
                table=plan.evaluations,
                what=f"random {what}",
            ).save(out)

    return store.compute(_key(plan), build)


def _key(plan: Plan) -> Key:
    label = f"{plan.label}/seed={plan.config.seed}"
    if plan.strategy.needs_optimizer:
        settings = plan.settings("optimizer", "seed") | {"sizes": plan.sampled_sizes}
        return Key("bo", SAMPLING_STAGES["bo"], settings, f"{label}_{plan.optimizer.name}")
    return Key("random", SAMPLING_STAGES["random"], plan.settings("budget", "seed"), label)
