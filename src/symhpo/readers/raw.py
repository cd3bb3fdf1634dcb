"""What a tool's file says, before anything is decided: the one form that every reader returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from symhpo.space import Space
from symhpo.trials import Direction

__all__ = ["RawRun", "RawTrial", "State"]

State: TypeAlias = Literal["complete", "pruned", "failed", "running", "waiting"]


@dataclass(frozen=True)
class RawTrial:
    """One evaluation as the file has it.

    Attributes
    ----------
    configuration : mapping of str to Any
        Values by hyperparameter as the file has them; a hyperparameter that was not set is absent.
    metrics : mapping of str to float
        What was measured, in the file's own direction; may be infinite or NaN.
    state : {"complete", "pruned", "failed", "running", "waiting"}
    reason : str
        Why it failed, where the file says so.
    budget : float, optional
    seed : int or str, optional
        Seed, instance or fold: evaluations of one configuration that differ in it alone are repetitions.
    label : str
        What the tool calls the trial.
    """

    configuration: Mapping[str, Any]
    metrics: Mapping[str, float]
    state: State = "complete"
    reason: str = ""
    budget: float | None = None
    seed: int | str | None = None
    label: str = ""


@dataclass(frozen=True)
class RawRun:
    """The trials of one run (study, sweep, experiment) in the order of their start.

    Attributes
    ----------
    tool : str
        Name of the tool, ``"table"`` where none is recognised.
    source : str
        What was read, for people.
    trials : tuple of RawTrial
    objectives : tuple of str
        The metrics that the tool optimised, where the file says so; empty otherwise.
    directions : mapping of str to {"minimize", "maximize"}
        Of the metrics whose direction the file says.
    declared : Space, optional
        The search space, where the file has it. Hyperparameters in configurations that are missing in
        it are inferred from the data.
    left_out : mapping of str to str
        Columns or fields that are neither hyperparameter nor metric, with the reason.
    notes, warnings : tuple of str
    """

    tool: str
    source: str
    trials: tuple[RawTrial, ...]
    objectives: tuple[str, ...] = ()
    directions: Mapping[str, Direction] = field(default_factory=dict)
    declared: Space | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
