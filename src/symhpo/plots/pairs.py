"""Two methods against each other: one mark a cell, on which side of the diagonal it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
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
PANEL = 2.1
WIDEST_RANGE = 20.0
COLUMNS = 3


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
        On logarithmic axes where the scores of a panel span more than a factor of 20.
    """
    columns = 2 if len(compared) == 4 else min(COLUMNS, len(compared))
    rows = -(-len(compared) // columns)
    with style():
        figure = new_figure(min(PAGE_WIDTH, PANEL * columns + 1.0), PANEL * rows + 0.3)
        panels = figure.subplots(rows, columns, squeeze=False)
        for axes, (x, y) in zip(panels.flat, compared, strict=False):
            _draw(axes, scores[[x, y]].replace([np.inf, -np.inf], np.nan).dropna())
        for axes in panels.flat[len(compared) :]:
            axes.set_visible(False)
        labelled: dict[str, Artist] = {}
        for axes in panels.flat:
            handles, labels = axes.get_legend_handles_labels()
            labelled |= dict(zip((str(text) for text in labels), handles, strict=True))
        figure.legend(list(labelled.values()), list(labelled), loc="outside right upper")
        figure.suptitle(label)
    return figure


def _draw(axes: Axes, points: pd.DataFrame) -> None:
    x, y = points.columns
    models = points.index.map(lambda cell: str(cell).split("/")[0])
    for model in [name for name in (*MODELS, *sorted(set(models) - set(MODELS))) if name in set(models)]:
        own = points[models == model]
        marker, colour = MODELS.get(model, OTHER)
        axes.scatter(
            own[x], own[y], s=24, marker=marker, color=colour, edgecolors="white", linewidths=0.5, label=model
        )
    low, high = _limits(points.to_numpy(np.float64))
    if low > 0:
        axes.set(xscale="log", yscale="log")
    axes.plot([low, high], [low, high], color="black", linewidth=0.9, zorder=0)
    axes.set(xlabel=x, ylabel=y, xlim=(low, high), ylim=(low, high), box_aspect=1)
    axes.grid()


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of both axes; the lower one is positive where a logarithmic scale is needed."""
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low > WIDEST_RANGE:
        return low / 1.3, high * 1.3
    return 0.0, 1.08 * high
