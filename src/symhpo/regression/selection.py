"""Which formula of a front is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symhpo.errors import UserError
from symhpo.regression.base import Front, Member, TrainingSet
from symhpo.regression.criterion import bic

__all__ = ["AtMost", "Bic", "Elbow", "Knee", "MostAccurate"]


@dataclass(frozen=True)
class Bic:
    """The formula with the lowest Bayesian information criterion on nodes (see `criterion.bic`).

    Attributes
    ----------
    max_nodes : int, optional
        Longer formulas are not considered.
    """

    max_nodes: int | None = None
    name: str = "bic"

    def __post_init__(self) -> None:
        if self.max_nodes is not None and self.max_nodes < 1:
            raise UserError(f"selection.max_nodes is {self.max_nodes}; a formula has at least 1 node")

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:
        """Return the chosen member; raise ValueError for an empty front."""
        members = _at_most(front, self.max_nodes)
        return min(members, key=lambda m: (bic(m, training_set), m.nodes))


@dataclass(frozen=True)
class MostAccurate:
    """The formula with the smallest error on the training set."""

    name: str = "most_accurate"

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:  # noqa: ARG002
        """Return the chosen member; raise ValueError for an empty front."""
        return min(_at_most(front, None), key=lambda m: (m.rmse, m.nodes))


@dataclass(frozen=True)
class AtMost:
    """The most accurate formula with at most so many nodes.

    Attributes
    ----------
    nodes : int
    """

    nodes: int = 12
    name: str = "at_most"

    def __post_init__(self) -> None:
        if self.nodes < 1:
            raise UserError(f"selection.nodes is {self.nodes}; a formula has at least 1 node")

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:  # noqa: ARG002
        """Return the chosen member, the shortest one if all are longer; raise ValueError if there is none."""
        return min(_at_most(front, self.nodes), key=lambda m: (m.rmse, m.nodes))


@dataclass(frozen=True)
class Knee:
    """The formula farthest below the line between the front's ends.

    Errors are compared on a logarithmic scale, where equal steps are equal ratios (the knee of
    Das, On characterizing the "knee" of the Pareto curve, Structural Optimization 1999).
    """

    name: str = "knee"

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:  # noqa: ARG002
        """Return the chosen member; raise ValueError for an empty front."""
        members = sorted(_at_most(front, None), key=lambda m: m.nodes)
        smallest = np.finfo(np.float64).tiny
        errors = np.log([max(m.rmse, smallest) for m in members])
        nodes = np.array([m.nodes for m in members], dtype=np.float64)
        if np.ptp(nodes) == 0 or np.ptp(errors) == 0:
            return members[0]
        x = (nodes - nodes[0]) / np.ptp(nodes)
        y = (errors - errors[-1]) / np.ptp(errors)
        return members[int(np.argmax((1 - x) * y[0] - y))]


@dataclass(frozen=True)
class Elbow:
    """The paper's stop point over parsimony coefficients (Section 5.3).

    Every coefficient prefers the formula with the smallest ``RMSE + coefficient * operations``. Going
    from strong to weak parsimony, it stops where the next weaker step no longer brings the RMSE
    below `factor` times the last one while it adds more than `operations`.

    Attributes
    ----------
    coefficients : sequence of float
    factor : float
    operations : int
    """

    coefficients: Sequence[float] = (
        0.075, 0.05, 0.025, 0.01, 0.0075, 0.005, 0.0025, 0.001, 0.00075, 0.0005, 0.00025, 0.0001,
    )  # fmt: skip
    factor: float = 0.9
    operations: int = 2
    name: str = "elbow"

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:  # noqa: ARG002
        """Return the chosen member; raise ValueError for an empty front."""
        members = _at_most(front, None)
        chosen: Member | None = None
        for coefficient in sorted(self.coefficients, reverse=True):
            weaker = min(members, key=lambda m: (m.rmse + coefficient * m.formula.operations, m.nodes))
            if chosen is not None and self._is_not_worth_it(chosen, weaker):
                break
            chosen = weaker
        if chosen is None:
            raise UserError("selection.coefficients is empty; give at least one parsimony coefficient")
        return chosen

    def _is_not_worth_it(self, chosen: Member, weaker: Member) -> bool:
        added = weaker.formula.operations - chosen.formula.operations
        return added > self.operations and weaker.rmse >= self.factor * chosen.rmse


def _at_most(front: Front, nodes: int | None) -> Sequence[Member]:
    """Return the members of at most so many nodes, or the shortest one if all are longer."""
    if not front.members:
        raise ValueError("the front has no formula to choose from")
    if nodes is None:
        return front.members
    short = [m for m in front.members if m.nodes <= nodes]
    return short or [min(front.members, key=lambda m: m.nodes)]
