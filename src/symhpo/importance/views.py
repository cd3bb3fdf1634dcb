"""Partial dependence beside the formula, on grids and against the truth: data of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula
from symhpo.importance.explain import Explanation
from symhpo.importance.partial_dependence import PartialDependence, partial_dependence, with_values
from symhpo.space import Space, Value

__all__ = ["TruthView", "View", "against_truth", "views"]

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


@dataclass(frozen=True, eq=False)
class TruthView:
    """The objective's own partial dependence on all chosen hyperparameters, beside what predicts it.

    Attributes
    ----------
    space : Space
        The chosen hyperparameters.
    X : array of shape (m, k)
        Random points in true units.
    true, surrogate, formula : array of shape (m,)
        Average cost, true and predicted.
    """

    space: Space
    X: Array
    true: Array
    surrogate: Array
    formula: Array

    def to_json(self) -> dict[str, Any]:
        """Return the view as plain JSON data."""
        arrays = ("X", "true", "surrogate", "formula")
        return {"space": self.space.to_json(), **{name: getattr(self, name).tolist() for name in arrays}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TruthView:
        """Return the view that `to_json` described."""
        X, true, surrogate, formula = (
            np.array(data[name], dtype=np.float64) for name in ("X", "true", "surrogate", "formula")
        )
        return cls(Space.from_json(data["space"]), X, true, surrogate, formula)


def against_truth(explanation: Explanation, formula: Formula, truth: PartialDependence) -> TruthView:
    """Return the surrogate's partial dependence and the formula at the points of the true one.

    Parameters
    ----------
    explanation : Explanation
    formula : Formula
        Over the chosen hyperparameters.
    truth : PartialDependence
        The objective's own, at the first of the scoring points.
    """
    surrogate = explanation.scoring.mean[: len(truth.X)]
    return TruthView(truth.space, truth.X, truth.mean, surrogate, formula.evaluate(truth.X))


def views(explanation: Explanation, formula: Formula) -> list[View]:
    """Return a view of each chosen hyperparameter, and of the two that matter most together.

    A conditional hyperparameter has a view for each of its parent's choices that activate it, where its
    name says which one: ``degree (kernel = poly)``.

    Parameters
    ----------
    explanation : Explanation
    formula : Formula
        Over the chosen hyperparameters.
    """
    importance, space = explanation.importance, explanation.space
    alone = [name for name in explanation.choice.names if space[name].condition is None]
    shown = [_view(explanation, formula, [name], POINTS_OF_CURVE) for name in alone]
    for name in explanation.choice.names:
        condition = space[name].condition
        if condition is not None and condition.parent in alone:
            shown += [_active_view(explanation, formula, name, value) for value in condition.values]
    # No map of a conditional: where it is not active there is none.
    pairs = [(a, b) for i, a in enumerate(alone) for b in alone[i + 1 :]]
    if pairs:
        best = max(pairs, key=importance.share)
        shown.append(_view(explanation, formula, best, POINTS_OF_MAP))
    return shown


def _view(explanation: Explanation, formula: Formula, names: Sequence[str], points: int) -> View:
    shown = explanation.space.subset(names)
    dependence, averages = _averages(explanation, formula, shown, shown.grid(points))
    return View(dependence, points, averages)


def _active_view(explanation: Explanation, formula: Formula, name: str, value: Value) -> View:
    h = explanation.space[name]
    assert h.condition is not None
    parent = explanation.space[h.condition.parent]
    alone = replace(h, name=f"{name} ({parent.name} = {value})", condition=None)
    x = alone.grid(POINTS_OF_CURVE)
    shown = explanation.space.subset([parent.name, name])
    columns = {parent.name: np.full(len(x), parent.to_number(value)), name: x}
    X = np.column_stack([columns[of] for of in shown.names])
    dependence, averages = _averages(explanation, formula, shown, X)
    on_x = PartialDependence(Space([alone]), x[:, None], dependence.mean, dependence.std)
    return View(on_x, POINTS_OF_CURVE, averages)


def _averages(
    explanation: Explanation, formula: Formula, shown: Space, X: Array
) -> tuple[PartialDependence, Array]:
    space, draws = explanation.space, explanation.draws
    columns = [space.names.index(name) for name in formula.hyperparameters]
    averages = [
        formula.evaluate(with_values(space, shown.names, x[None, :], draws)[:, columns]).mean() for x in X
    ]
    return partial_dependence(explanation.surrogate, shown.names, X, draws), np.array(averages)
