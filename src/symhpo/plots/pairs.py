"""Two methods against each other: one mark a cell, on which side of the diagonal it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symhpo.plots.axes import format_errors
from symhpo.plots.labels import label_points
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["pairs"]

MODELS = {
    "lr": ("o", "#0072B2"),
    "svm": ("s", "#D55E00"),
    "rf": ("^", "#009E73"),
    "xgboost": ("D", "#CC79A7"),
    "nn": ("v", "#000000"),
}
OTHER = ("P", "#7F7F7F")
PANEL = 2.2
WIDEST_RANGE = 5.0
COLUMNS = 3
STEPS = 100
"""Points of the diagonal that the numbers keep clear of."""

KEY_WIDTH, KEY_ROW = 1.75, 0.19
"""Width of a column and height of a row of the key to the cells, in inches."""


def pairs(scores: pd.DataFrame, compared: Sequence[tuple[str, str]], *, label: str) -> Figure:
    """Draw the scores of pairs of methods against each other, on equal axes with their diagonal.

    Parameters
    ----------
    scores : DataFrame
        A row for each cell, labelled ``model/dataset`` (the index); a column for each method.
    compared : sequence of (str, str)
        Columns for the horizontal and the vertical axis, one panel a pair.
    label : str
        What the scores are.

    Returns
    -------
    Figure
        The axes of all panels are the same, and logarithmic where the scores span more than a factor
        of 5; the cells are numbered, with a key below.
    """
    columns = 2 if len(compared) == 4 else min(COLUMNS, len(compared))
    rows = -(-len(compared) // columns)
    panels_data = [scores[[x, y]].replace([np.inf, -np.inf], np.nan).dropna() for x, y in compared]
    shown = sorted(set().union(*(points.index for points in panels_data)), key=_by_model)
    numbers = {cell: str(i) for i, cell in enumerate(shown, start=1)}
    limits = _limits(np.concatenate([points.to_numpy(np.float64).ravel() for points in panels_data]))
    width = min(PAGE_WIDTH, PANEL * columns + 1.0)
    in_row = max(1, int(width / KEY_WIDTH))
    with style():
        figure = new_figure(width, PANEL * rows + 0.4 + KEY_ROW * -(-len(shown) // in_row))
        panels = figure.subplots(rows, columns, squeeze=False)
        for axes, points in zip(panels.flat, panels_data, strict=False):
            _draw(axes, points, limits)
        for axes in panels.flat[len(compared) :]:
            axes.set_visible(False)
        figure.suptitle(label)
        _draw_key(figure, numbers, in_row)
        line = (np.geomspace if limits[0] > 0 else np.linspace)(*limits, num=STEPS)
        diagonal = np.column_stack([line, line])
        for axes, points in zip(panels.flat, panels_data, strict=False):
            texts = [numbers[cell] for cell in points.index]
            label_points(axes, points.to_numpy(np.float64), texts, avoided=diagonal)
    return figure


def _draw(axes: Axes, points: pd.DataFrame, limits: tuple[float, float]) -> None:
    x, y = points.columns
    for cell, row in points.iterrows():
        marker, colour = MODELS.get(_model(cell), OTHER)
        axes.scatter(
            row[x], row[y], s=18, marker=marker, color=colour, edgecolors="white", linewidths=0.5, zorder=3
        )
    axes.set(xlabel=x, ylabel=y, box_aspect=1)
    for which in ("x", "y"):
        format_errors(axes, which, limits, log=limits[0] > 0)
    axes.plot(limits, limits, color="black", linewidth=0.9, zorder=0)
    axes.grid()


def _draw_key(figure: Figure, numbers: Mapping[str, str], columns: int) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for cell, number in numbers.items():
        marker, colour = MODELS.get(_model(cell), OTHER)
        name = f"{number}  {cell}"
        handles.append(Line2D([], [], linestyle="", marker=marker, color=colour, markersize=5, label=name))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, handletextpad=0.1, columnspacing=1.2
    )


def _model(cell: object) -> str:
    return str(cell).split("/")[0]


def _by_model(cell: object) -> tuple[int, str]:
    known = list(MODELS)
    model = _model(cell)
    return (known.index(model) if model in known else len(known), str(cell))


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of both axes; the lower one is positive where a logarithmic scale is needed."""
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low > WIDEST_RANGE:
        return low / 1.3, high * 1.3
    return 0.0, 1.08 * high
