"""What an objective is: a configuration and a seed in, a cost out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from symhpo.space import Configuration, Space

__all__ = ["Evaluation", "Objective"]


@dataclass(frozen=True)
class Evaluation:
    """The outcome of evaluating one configuration.

    Attributes
    ----------
    cost : float
        What is minimised.
    test_cost : float or None
        The cost on data kept aside, where there are any.
    cpu_seconds : float
        CPU time of the process while it evaluated.
    """

    cost: float
    test_cost: float | None
    cpu_seconds: float


class Objective(Protocol):
    """A function of a configuration and a seed, deterministic in both.

    It can be pickled, before or after `prepare`; what was prepared goes with it.
    """

    @property
    def space(self) -> Space:
        """The hyperparameters that are tuned."""

    @property
    def identity(self) -> dict[str, Any]:
        """Plain JSON data: all that can change a value. Known without loading data."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Plain JSON data: where the data came from. Loads them if that has not been done."""

    def prepare(self) -> None:
        """Load what the evaluations need, so that a wrong input shows before the first of them.

        Raises
        ------
        UserError
        """

    def __call__(self, configuration: Configuration, seed: int) -> Evaluation:
        """Evaluate a configuration of the space; any exception is a failed evaluation."""
