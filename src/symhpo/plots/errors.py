"""The error of SR (BO-GP) split: what the surrogate gets wrong, and what the formula gets wrong of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.methods import COLOURS
from symhpo.plots.style import new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["error_split"]

PARTS = {
    "formula against true cost": (COLOURS["SR (BO-GP)"], "o"),
    "surrogate against true cost": (COLOURS["GP baseline"], "s"),
    "formula against surrogate": ("#000000", "^"),
}
OFFSET = 0.24
"""Between the three marks of a cell, whose rows are 1 apart."""


def error_split(split: pd.DataFrame) -> Figure:
    """Draw the three errors of every cell below each other, the cells by rising total error.

    Parameters
    ----------
    split : DataFrame
        A row for each cell (the index), with the columns ``formula against true cost``,
        ``surrogate against true cost`` and ``formula against surrogate``.
    """
    ordered = split.sort_values("formula against true cost", ascending=False)
    y = np.arange(len(ordered))
    with style():
        figure = new_figure(6.0, 0.9 + 0.28 * max(len(ordered), 4))
        axes = figure.subplots()
        for row in y[::2]:
            axes.axhspan(row - 0.5, row + 0.5, color="0.95", linewidth=0)
        for i, (name, (colour, marker)) in enumerate(PARTS.items()):
            height = y + (1 - i) * OFFSET
            axes.scatter(ordered[name], height, s=16, marker=marker, color=colour, label=name, zorder=3)
        axes.set_yticks(y, [str(cell) for cell in ordered.index])
        axes.set_xlim(left=0)
        axes.set_ylim(-0.5, len(ordered) - 0.5)
        axes.grid(axis="x")
        axes.set_xlabel("RMSE / std of the landscape, mean over runs")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
