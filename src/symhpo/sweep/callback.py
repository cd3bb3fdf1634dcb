"""A plain multirun leaves the same folder as a sweep, so that what never started is missed.

Named in ``conf/run.yaml`` under ``hydra.callbacks``; does nothing for a single run.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback

from symhpo.store import Lease
from symhpo.sweep.events import DONE, FAILED, STARTED, EventWriter
from symhpo.sweep.manifest import Line, Sweep
from symhpo.sweep.operations import handing_out, open_sweep
from symhpo.sweep.runner import PIPELINE, load_runner

if TYPE_CHECKING:
    from omegaconf import DictConfig

__all__ = ["RecordMultirun"]

SWEEP, ROUND = "SYMHPO_MULTIRUN", "SYMHPO_MULTIRUN_ROUND"
"""Environment variables by which the processes of a launcher know what they are part of."""

logger = logging.getLogger(__name__)


class RecordMultirun(Callback):  # type: ignore[misc]  # hydra is not typed here
    """Writes the manifest when a multirun starts, and events when its jobs start and end.

    Parameters
    ----------
    runner : str
        ``module:attribute`` of what a job does.
    """

    def __init__(self, runner: str = PIPELINE) -> None:
        self._runner = runner
        self._alive: Lease | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Launchers send callbacks to their processes; the lease stays with the one that holds it.
        return {**self.__dict__, "_alive": None}

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Write the manifest, and hold the round while this process lives."""
        folder = next(
            source.path for source in config.hydra.runtime.config_sources if source.provider == "main"
        )
        sweep = open_sweep(
            list(config.hydra.overrides.task),
            Path(folder),
            config.hydra.job.config_name,
            runner=self._runner,
        )
        with handing_out(sweep):
            one = sweep.add_round("local", 1, None, ())
            self._alive = sweep.local_lease(one)
            self._alive.acquire()
        os.environ[SWEEP], os.environ[ROUND] = str(sweep.path), str(one.number)
        logger.info("%d runs; see `sweep.py status %s`", len(sweep.lines), sweep.path)

    def on_multirun_end(self, **_: Any) -> None:
        """Give the round up."""
        if self._alive is not None:
            self._alive.release()

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Say under which ids the job's runs are started."""
        if SWEEP in os.environ:
            overrides = list(config.hydra.overrides.task)
            runs = load_runner(self._runner)(config, overrides).runs
            self._write(STARTED, overrides, runs=runs)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Say how the job ended."""
        if SWEEP in os.environ:
            done = job_return.status is JobStatus.COMPLETED
            reason = "" if done else str(job_return._return_value)
            self._write(DONE if done else FAILED, list(config.hydra.overrides.task), reason=reason)

    def _write(self, event: str, overrides: list[str], **further: Any) -> None:
        writer = EventWriter(Sweep(Path(os.environ[SWEEP])).events, int(os.environ[ROUND]))
        writer.write(event, Line.of(overrides).id, **further)
