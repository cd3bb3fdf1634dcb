"""True landscapes and what models make of them, as heat maps side by side (paper, Figure 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.evaluation import scores
from symhpo.plots.axes import cell_edges, format_axis
from symhpo.plots.style import new_figure, style
from symhpo.space import Space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TRUE_COST", "GridCosts", "landscapes"]

Array = NDArray[np.float64]

TRUE_COST = "True cost"
"""Title of the first map."""

PANEL_WIDTH, PANEL_HEIGHT = 1.75, 1.75
MAPS_IN_A_ROW = 5


class GridCosts(Protocol):
    """True costs on a test grid, such as `symhpo.objectives.Landscape`."""

    @property
    def X(self) -> Array:  # noqa: N802 (the field's name of a matrix)
        """Configurations in true units, shape (m, d)."""

    @property
    def cost(self) -> Array:
        """Their cost, shape (m,); NaN where it could not be measured."""


def landscapes(
    space: Space,
    landscape: GridCosts,
    predictions: Mapping[str, Array],
    training_points: Mapping[str, Array] | None = None,
) -> Figure:
    """Draw the true cost and predictions of it as heat maps with one colour scale.

    Parameters
    ----------
    space : Space
        Two hyperparameters.
    landscape : Landscape
        The true cost on a test grid, shape (m,).
    predictions : mapping of str to array of shape (m,)
        Label of a model to its values on the same grid, drawn in this order.
    training_points : mapping of str to array of shape (n, 2), optional
        Label of a model to the configurations it learned from, in true units.

    Returns
    -------
    Figure
        The colours span the range of the true cost; the colour bar has a pointed end where a
        prediction leaves it. Grey cells have no value.

    Raises
    ------
    UserError
        If there are not exactly two hyperparameters, or the landscape is not on a grid.
    """
    if len(space) != 2:
        raise UserError(
            f"a heat map needs two hyperparameters, not {len(space)} ({', '.join(space.names)}); "
            "choose a cell that tunes two"
        )
    cost = np.asarray(landscape.cost, dtype=np.float64)
    if not np.isfinite(cost).any():
        raise UserError("the landscape has no finite cost; look at the reasons of its failed evaluations")
    maps = {TRUE_COST: cost} | {label: np.asarray(values) for label, values in predictions.items()}
    grids = {label: _to_grid(landscape.X, values) for label, values in maps.items()}
    low, high = float(np.nanmin(cost)), float(np.nanmax(cost))
    columns = min(MAPS_IN_A_ROW, len(maps))
    rows = -(-len(maps) // columns)
    with style():
        figure = new_figure(PANEL_WIDTH * columns + 0.9, (PANEL_HEIGHT + 0.6) * rows)
        panels = figure.subplots(rows, columns, squeeze=False)
        for panel, (label, grid) in zip(panels.flat, grids.items(), strict=False):
            mesh = _draw_map(panel, space, grid, low, high)
            panel.set_title(_title(label, cost, maps[label]))
            if training_points is not None and label in training_points:
                _draw_points(panel, training_points[label])
        for panel in panels.flat[len(maps) :]:
            panel.set_visible(False)
        for panel in panels[:, 1:].flat:
            panel.tick_params(labelleft=False)
            panel.set_ylabel("")
        bar = figure.colorbar(mesh, ax=panels, extend=_extend(maps, low, high), pad=0.01, aspect=16 * rows)
        bar.set_label("cost (1 − accuracy)")
    return figure


def _to_grid(X: Array, values: Array) -> tuple[Array, Array, Array]:
    """Return both axes and the values as a matrix, its rows along the second hyperparameter."""
    x, column = np.unique(X[:, 0], return_inverse=True)
    y, row = np.unique(X[:, 1], return_inverse=True)
    if len(X) != len(x) * len(y) or len(values) != len(X):
        raise UserError(
            f"a heat map needs a value at each point of a grid; there are {len(X)} points and {len(values)} "
            f"values for {len(x)} × {len(y)} positions"
        )
    matrix = np.full((len(y), len(x)), np.nan)
    matrix[row, column] = values
    return x, y, matrix


def _draw_map(panel: Axes, space: Space, grid: tuple[Array, Array, Array], low: float, high: float) -> Any:
    x, y, matrix = grid
    first, second = space.hyperparameters
    shown = np.ma.masked_invalid(matrix)
    mesh = panel.pcolormesh(
        cell_edges(first, x), cell_edges(second, y), shown, vmin=low, vmax=high, rasterized=True
    )
    panel.set_facecolor("0.75")
    panel.set_box_aspect(1)
    format_axis(panel, "x", first)
    format_axis(panel, "y", second)
    for side in panel.spines.values():
        side.set_visible(False)
    return mesh


def _draw_points(panel: Axes, points: Array) -> None:
    # A white rim shows on dark cells, the dark disc on light ones; many points are drawn smaller.
    size = 8.0 if len(points) <= 200 else 3.0
    panel.scatter(
        points[:, 0], points[:, 1], s=size, c="black", edgecolors="white", linewidths=0.4, clip_on=False
    )


def _title(label: str, cost: Array, values: Array) -> str:
    if label == TRUE_COST:
        return f"{label}\nstd {np.nanstd(cost):.3f}"
    return f"{label}\nRMSE {scores(cost, values)['rmse']:.3f}"


def _extend(maps: Mapping[str, Array], low: float, high: float) -> Literal["neither", "min", "max", "both"]:
    slack = 1e-9 * max(abs(low), abs(high))
    finite = [values[np.isfinite(values)] for values in maps.values()]
    below = any((values < low - slack).any() for values in finite)
    above = any((values > high + slack).any() for values in finite)
    if below and above:
        return "both"
    return "min" if below else "max" if above else "neither"
