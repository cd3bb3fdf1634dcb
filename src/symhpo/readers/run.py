"""A run of a tool, as it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symhpo.trials import Trials

__all__ = ["Run"]


@dataclass(frozen=True, eq=False)
class Run:
    """What a source holds, what was taken for what, and what was left out.

    Attributes
    ----------
    tool : str
        The tool that wrote the source, such as ``"Optuna"``; ``"table"`` where none is recognised.
    source : str
        What was read, for people: path, name of the study.
    trials : Trials
        The trials that count.
    left_out : mapping of str to int
        Reason, such as ``"pruned"`` or ``"val_loss not finite"``, to the number of trials left out for it.
    notes : tuple of str
        Sentences that say what was taken for what, and why.
    warnings : tuple of str
        Sentences on what may be wrong and the option that corrects it.
    """

    tool: str
    source: str
    trials: Trials
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
