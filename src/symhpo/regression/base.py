"""The interface of every regression engine: a training set in, a front of formulas out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from symhpo.space import Space

if TYPE_CHECKING:
    from symhpo.formula import Formula
    from symhpo.sampling.surrogate import Surrogate

__all__ = ["Dropped", "Front", "Member", "Regressor", "Selection", "TrainingSet"]


@dataclass(frozen=True)
class TrainingSet:
    """What a regression sees.

    Attributes
    ----------
    space : Space
    X : array of shape (n, d)
        Configurations in true units.
    y : array of shape (n,)
        Their cost: true, or predicted by a surrogate.
    n_evaluations : int
        True evaluations behind the costs; fewer than `n` where a surrogate labelled them.
    surrogate : Surrogate, optional
        The model that labelled them.
    """

    space: Space
    X: NDArray[np.float64]
    y: NDArray[np.float64]
    n_evaluations: int
    surrogate: Surrogate | None = None


@dataclass(frozen=True)
class Member:
    """A formula of a front.

    Attributes
    ----------
    formula : Formula
    rmse : float
        On the training set.
    max_relative_difference : float
        Largest difference between the formula and the engine's own predictions, relative to the
        predictions' magnitude.
    """

    formula: Formula
    rmse: float
    max_relative_difference: float = 0.0

    @property
    def nodes(self) -> int:
        """Nodes of the formula's expression tree."""
        return self.formula.nodes


@dataclass(frozen=True)
class Dropped:
    """A formula that was found and is not offered, with the reason."""

    formula: str
    reason: str


@dataclass(frozen=True)
class Front:
    """Formulas by rising number of nodes, none beaten in both error and nodes; and those dropped."""

    members: tuple[Member, ...]
    dropped: tuple[Dropped, ...] = ()

    @classmethod
    def of(cls, members: Iterable[Member], dropped: Iterable[Dropped] = ()) -> Front:
        """Return the front of some formulas: those that no other beats in both error and nodes."""
        front: list[Member] = []
        for member in sorted(members, key=lambda m: (m.nodes, m.rmse, m.formula.text)):
            if not front or member.rmse < front[-1].rmse:
                front.append(member)
        return cls(tuple(front), tuple(dropped))

    def to_json(self) -> dict[str, Any]:
        """Return the front as plain JSON data."""
        return {
            "members": [
                {
                    "formula": m.formula.text,
                    "hyperparameters": list(m.formula.hyperparameters),
                    "rmse": m.rmse,
                    "max_relative_difference": m.max_relative_difference,
                }
                for m in self.members
            ],
            "dropped": [{"formula": d.formula, "reason": d.reason} for d in self.dropped],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Front:
        """Return the front that `to_json` described."""
        from symhpo.formula import Formula

        members = (
            Member(
                Formula.parse(m["formula"], tuple(m["hyperparameters"])),
                m["rmse"],
                m["max_relative_difference"],
            )
            for m in data["members"]
        )
        dropped = (Dropped(d["formula"], d["reason"]) for d in data["dropped"])
        return cls(tuple(members), tuple(dropped))


@runtime_checkable
class Regressor(Protocol):
    """A regression engine."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return a front of formulas over the hyperparameters' names in true units.

        The same training set and seed give the same front, bit for bit.
        """
        ...


@runtime_checkable
class Selection(Protocol):
    """The choice of one formula from a front."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:
        """Return the chosen member; raise ValueError for an empty front."""
        ...
