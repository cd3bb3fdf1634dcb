"""One front of formulas: error against the size of the formula, with what it is compared to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from symhpo.errors import UserError
from symhpo.plots.methods import COLOURS
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ERRORS", "front"]

ERRORS = {
    "nrmse": "RMSE / std of the landscape",
    "rmse": "RMSE on the landscape",
    "rmse_train": "RMSE on the training set",
}
"""The errors that a front can be drawn with, and the label of their axis."""

FRONT_COLOUR, CHOSEN_COLOUR, OTHER_COLOUR = "#0072B2", "#D55E00", "#555555"
# Between the labels of two lines, as a part of the height of the axes.
LABEL_DISTANCE = 0.065


def front(
    members: pd.DataFrame,
    *,
    chosen: int | None = None,
    references: Mapping[str, float] | None = None,
    error: str = "nrmse",
    title: str = "",
) -> Figure:
    """Draw the error of a front's formulas against their nodes.

    Parameters
    ----------
    members : DataFrame
        One row a formula: ``nodes`` and the column of the error.
    chosen : int, optional
        Nodes of the formula that was chosen; it is marked.
    references : mapping of str to float, optional
        Label of a baseline or of the Gaussian process to its error, drawn as a line.
    error : {"nrmse", "rmse", "rmse_train"}
    title : str
        Such as the name of the cell.

    Raises
    ------
    UserError
        If the front has no formula with a finite error, or none of the size of the chosen one.
    """
    from matplotlib.ticker import MaxNLocator

    finite = members[np.isfinite(members[error].astype(float))].sort_values("nodes")
    if finite.empty:
        raise UserError("the front has no formula with a finite error; look at why its formulas were dropped")
    with style():
        figure = new_figure(0.8 * PAGE_WIDTH, 2.9)
        axes = figure.subplots()
        axes.plot(finite["nodes"], finite[error], "o-", color=FRONT_COLOUR, label="front", zorder=2)
        if chosen is not None:
            _mark(axes, finite, chosen, error)
        lines = {name: value for name, value in (references or {}).items() if np.isfinite(value)}
        top = 1.08 * max([*finite[error], *lines.values()])
        axes.set_ylim(0, top or 1.0)
        _draw_references(axes, lines)
        axes.set(xlabel="nodes of the formula", ylabel=ERRORS[error], title=title)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True))
        axes.legend(loc="lower left")
    return figure


def _mark(axes: Axes, members: pd.DataFrame, nodes: int, error: str) -> None:
    row = members[members["nodes"] == nodes]
    if row.empty:
        raise UserError(f"no formula of the front has {nodes} nodes; there are {list(members['nodes'])}")
    axes.scatter(
        row["nodes"],
        row[error],
        s=90,
        facecolors="none",
        edgecolors=CHOSEN_COLOUR,
        linewidths=1.6,
        zorder=3,
        label=f"chosen: {nodes} nodes, {float(row[error].iloc[0]):.3g}",
    )


def _draw_references(axes: Axes, lines: Mapping[str, float]) -> None:
    """Draw each line with its label at its right end; close labels move apart."""
    low, high = axes.get_ylim()
    position = -np.inf
    for name, value in sorted(lines.items(), key=lambda line: line[1]):
        colour = COLOURS.get(name, OTHER_COLOUR)
        axes.axhline(value, color=colour, linestyle="--", linewidth=1, zorder=1)
        position = max((value - low) / (high - low), position + LABEL_DISTANCE)
        axes.annotate(
            f"{name}  {value:.3g}",
            xy=(1, value),
            xycoords=("axes fraction", "data"),
            xytext=(1.06, position),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linestyle": "--",
                "relpos": (0, 0.5),
                "shrinkA": 0,
                "shrinkB": 0,
            },
            annotation_clip=False,
        )
