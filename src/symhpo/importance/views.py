"""Partial dependence on one or two of the chosen hyperparameters, beside the formula: data of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula
from symhpo.importance.explain import Explanation
from symhpo.importance.partial_dependence import PartialDependence, partial_dependence, with_values
from symhpo.space import Space

__all__ = ["View", "views"]

Array = NDArray[np.float64]

POINTS_OF_CURVE, POINTS_OF_MAP = 40, 15


@dataclass(frozen=True, eq=False)
class View:
    """A partial dependence on a grid, with the formula averaged over the same draws.

    Attributes
    ----------
    dependence : PartialDependence
        On one or two hyperparameters, at ``space.grid(points)``.
    points : int
    formula : array of shape (m,)
    """

    dependence: PartialDependence
    points: int
    formula: Array

    @property
    def space(self) -> Space:
        """The hyperparameters shown."""
        return self.dependence.space

    def to_json(self) -> dict[str, Any]:
        """Return the view as plain JSON data."""
        return {
            "space": self.space.to_json(),
            "points": self.points,
            "mean": self.dependence.mean.tolist(),
            "std": self.dependence.std.tolist(),
            "formula": self.formula.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> View:
        """Return the view that `to_json` described."""
        space = Space.from_json(data["space"])
        mean, std, formula = (np.array(data[name], dtype=np.float64) for name in ("mean", "std", "formula"))
        X = space.grid(data["points"])
        return cls(PartialDependence(space, X, mean, std), data["points"], formula)


def views(explanation: Explanation, formula: Formula) -> list[View]:
    """Return a view of each chosen hyperparameter, and of the two that matter most together.

    Parameters
    ----------
    explanation : Explanation
    formula : Formula
        Over the chosen hyperparameters.
    """
    importance, names = explanation.importance, explanation.choice.names
    # A conditional hyperparameter cannot be shown without its parent, nor is it shown with it: where
    # it is not active there is no map.
    alone = [name for name in names if explanation.space[name].condition is None]
    shown = [_view(explanation, formula, [name], POINTS_OF_CURVE) for name in alone]
    pairs = [(a, b) for i, a in enumerate(alone) for b in alone[i + 1 :]]
    if pairs:
        best = max(pairs, key=importance.share)
        shown.append(_view(explanation, formula, best, POINTS_OF_MAP))
    return shown


def _view(explanation: Explanation, formula: Formula, names: Sequence[str], points: int) -> View:
    space, draws = explanation.space, explanation.draws
    shown = space.subset(names)
    X = shown.grid(points)
    columns = [space.names.index(name) for name in formula.hyperparameters]
    averages = [
        formula.evaluate(with_values(space, shown.names, x[None, :], draws)[:, columns]).mean() for x in X
    ]
    dependence = partial_dependence(explanation.surrogate, shown.names, X, draws)
    return View(dependence, points, np.array(averages))
