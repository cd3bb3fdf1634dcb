"""How much the formulas of different seeds agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symhpo.plots.methods import COLOURS, METHODS
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["stability"]

PANELS = {
    "disagreement": "disagreement of predictions\n/ std of the landscape",
    "same structure": "share of runs with\nthe commonest structure",
    "nodes": "nodes of the formula,\nmean over runs",
}


def stability(table: pd.DataFrame) -> Figure:
    """Draw the stability of formulas over seeds: a dot for each cell, a box for each method.

    Parameters
    ----------
    table : DataFrame
        A row for each cell and method, with columns ``method``, ``disagreement``, ``same structure``
        and ``nodes``.
    """
    import seaborn as sns
    from matplotlib.ticker import MaxNLocator

    present = [name for name in METHODS if name in set(table["method"])]
    data = table.astype({"method": "object"})
    with style():
        figure = new_figure(PAGE_WIDTH, 0.9 + 0.35 * len(present))
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, (column, label) in zip(panels, PANELS.items(), strict=True):
            shared = {"data": data, "x": column, "y": "method", "order": present, "ax": axes}
            sns.boxplot(
                **shared, hue="method", palette=COLOURS, saturation=1, width=0.6, linewidth=0.7, fliersize=0
            )
            sns.stripplot(**shared, color="black", size=2.2, alpha=0.7, jitter=0.15)
            axes.set(xlabel=label, ylabel="")
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.grid(axis="x")
    return figure
