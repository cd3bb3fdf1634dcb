"""What a sweep does for one line of its manifest: by default, the pipeline's run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from symhpo.errors import FailedRunError
from symhpo.store import RunFolder
from symhpo.store.stopping import ArtifactBusy, may_wait

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from symhpo.pipeline.plan import Plan

__all__ = ["PIPELINE", "Runner", "Work", "load_runner", "pipeline_work"]

PIPELINE = "symhpo.sweep.runner:pipeline_work"


class Work(Protocol):
    """What one line of a manifest stands for.

    Attributes
    ----------
    runs : dict of str to str
        Ids of its runs (one, or those of a cell) and their folders.
    """

    runs: dict[str, str]

    def execute(self) -> None:
        """Compute what is not done; raise an exception if that fails."""


class Runner(Protocol):
    """Turns a configuration into work, without doing it."""

    def __call__(self, config: DictConfig, overrides: Sequence[str]) -> Work:
        """Return the work of a line."""


@dataclass(frozen=True)
class PipelineWork:
    """Runs of the pipeline."""

    plans: Sequence[Plan]

    @property
    def runs(self) -> dict[str, str]:
        """Ids and folders."""
        return {plan.key.id: str(Path(plan.folder).absolute()) for plan in self.plans}

    def execute(self) -> None:
        """Compute the runs that are not done; say of those that fail why they do."""
        from symhpo.pipeline import execute

        folders = [RunFolder(plan.folder, plan.key.id) for plan in self.plans]
        if not may_wait():
            for folder in folders:
                holder = folder.lease_holder()
                if holder is not None:
                    raise ArtifactBusy(f"{holder} computes {folder.path}")
        try:
            execute(self.plans)
        except FailedRunError as error:
            reasons = dict.fromkeys(reason for folder in folders if (reason := folder.failure()))
            raise FailedRunError("; ".join(reasons) or str(error)) from error


def pipeline_work(config: DictConfig, overrides: Sequence[str]) -> PipelineWork:
    """Return the runs that a configuration of the pipeline describes."""
    from symhpo.pipeline import cell_plans

    return PipelineWork(cell_plans(config, overrides))


def load_runner(name: str) -> Runner:
    """Return the runner that ``module:attribute`` names."""
    module, _, attribute = name.partition(":")
    runner: Runner = getattr(import_module(module), attribute)
    return runner
