"""Runs, from a configuration to records that others can trust."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Sequence
from functools import cache
from typing import Any

from omegaconf import DictConfig, OmegaConf

from symhpo.config import group_config, plain
from symhpo.errors import FailedRunError, UserError
from symhpo.objectives import Landscape
from symhpo.pipeline.explanation import EXPLANATION_STAGES, explanation_reports
from symhpo.pipeline.plan import Plan
from symhpo.pipeline.reports import STAGES, landscape_of, report
from symhpo.pipeline.rows import prediction_frame, record_rows
from symhpo.pipeline.samples import SAMPLING_STAGES, compute_samples, training_sets
from symhpo.regression.base import TrainingSet
from symhpo.store import RunFolder, Store
from symhpo.store.provenance import Stopwatch, provenance

__all__ = ["cell_plans", "execute", "run"]

SECONDS_BETWEEN_LOOKS = 1.0

logger = logging.getLogger(__name__)


def run(config: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Compute the run, or the whole cell, that a configuration describes.

    Raises
    ------
    UserError
        If the configuration is wrong, or the data or the disk are not to be had.
    FailedRunError
        If a run failed; its folder has the traceback, and the other runs are done.
    """
    execute(cell_plans(config, overrides))


def cell_plans(config: DictConfig, overrides: Sequence[str] = ()) -> list[Plan]:
    """Return the plans of a configuration: one, or with `config.cell` one a strategy and seed."""
    cell = config.get("cell")
    if cell is None:
        return [Plan.from_config(config, overrides)]
    plans = []
    for strategy in cell.strategies:
        for seed in cell.seeds:
            one = config.copy()
            OmegaConf.set_struct(one, False)
            one.cell, one.seed, one.strategy = None, seed, group_config("strategy", strategy)
            plans.append(Plan.from_config(one, [*overrides, f"strategy={strategy}", f"seed={seed}"]))
    return plans


def execute(plans: Sequence[Plan]) -> None:
    """Compute plans with shared artifacts; those that are done cost nothing.

    Raises
    ------
    UserError, FailedRunError
        As `run` does.
    """
    waiting = [plan for plan in plans if not _folder(plan).is_done()]
    for plan in plans:
        if plan not in waiting:
            logger.info("%s is done: %s", plan.name, plan.folder)
    if len(waiting) > 1:
        # Samples of all plans at once keep every worker busy; what fails here is told plan by plan.
        compute_samples(waiting, _store(waiting[0]), workers=waiting[0].config.workers)
    failures = [(plan, error) for plan in waiting if (error := _execute(plan)) is not None]
    for plan, error in failures:
        if len(plans) == 1 and isinstance(error, UserError):
            raise error
        logger.error("%s failed: %s (see %s)", plan.name, error, plan.folder / "traceback.txt")
    if failures:
        raise FailedRunError(
            f"{len(failures)} of {len(plans)} runs failed; their folders have the tracebacks"
        )


def _execute(plan: Plan) -> Exception | None:
    """Compute a plan, or wait for the process that does; return why it failed."""
    folder = _folder(plan)
    while not folder.is_done():
        with folder.lease().hold() as held:
            if held:
                return _compute(plan, folder)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return None


def _compute(plan: Plan, folder: RunFolder) -> Exception | None:
    stopwatch = Stopwatch()
    folder.start(plan.overrides)
    _write_config(plan)
    try:
        _publish(plan, folder, stopwatch)
    except Exception as error:
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        reason = " ".join(reason.split())
        folder.fail(_provenance(plan, stopwatch, "failed", reason, traceback.format_exc()))
        return error
    logger.info("%s is done: %s", plan.name, plan.folder)
    return None


def _publish(plan: Plan, folder: RunFolder, stopwatch: Stopwatch) -> None:
    store, workers = _store(plan), plan.config.workers

    @cache
    def landscape() -> Landscape:
        return landscape_of(plan, store, workers=workers)

    @cache
    def sets() -> dict[int, TrainingSet]:
        return training_sets(plan, store, workers=workers)

    reports, training_set = report(plan, store, sets, landscape, workers=workers)
    explained = explanation_reports(plan, store, sets, landscape, workers=workers)
    folder.publish(
        records=record_rows(plan, [*reports, *explained]),
        predictions=prediction_frame(plan, reports, landscape()),
        training_set=training_set,
        provenance=_provenance(plan, stopwatch, "done"),
    )


def _provenance(
    plan: Plan, stopwatch: Stopwatch, status: str, reason: str = "", trace: str = ""
) -> dict[str, Any]:
    return provenance(
        run_id=plan.key.id,
        config=plain(plan.config),
        overrides=list(plan.overrides),
        stopwatch=stopwatch,
        status=status,
        stages=_stages(plan),
        data=plan.objective.identity,
        reason=reason,
        traceback=trace,
    )


def _stages(plan: Plan) -> dict[str, int]:
    """Return the versions of the stages behind a plan's records."""
    explained = plan.config.get("explanation") is not None
    return STAGES | SAMPLING_STAGES | (EXPLANATION_STAGES if explained else {})


def _write_config(plan: Plan) -> None:
    """Leave the configuration where Hydra leaves that of a single run."""
    folder = plan.folder / ".hydra"
    if not folder.exists():
        folder.mkdir(parents=True)
        OmegaConf.save(plan.config, folder / "config.yaml")
        OmegaConf.save(list(plan.overrides), folder / "overrides.yaml")


def _folder(plan: Plan) -> RunFolder:
    return RunFolder(plan.folder, plan.key.id)


def _store(plan: Plan) -> Store:
    return Store(plan.config.paths.store)
