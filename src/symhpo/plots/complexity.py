"""Complexity against error over parsimony coefficients, with the stop point (paper, Figure 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from symhpo.plots.labels import wrap
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["complexity"]

ERROR_COLOUR, OPERATIONS_COLOUR = "#0072B2", "#D55E00"

LINEAR_OPERATIONS = 10
"""Up to here the axis of the operations is linear, beyond it logarithmic."""

TICKS = (0, 5, 10, 30, 100, 300, 1000, 3000, 10000)


def complexity(curves: dict[str, pd.DataFrame]) -> Figure:
    """Draw mean RMSE and operations over the parsimony coefficients, one column of panels a cell.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        Label of a cell to its curve, as `symhpo.results.parsimony.parsimony_curve` returns it.

    Returns
    -------
    Figure
        The operations of all cells are on the same axis, linear up to ten and logarithmic beyond.
    """
    with style():
        figure = new_figure(min(PAGE_WIDTH, 3.0 * len(curves) + 1.0), 4.2)
        panels = figure.subplots(2, len(curves), sharex=True, squeeze=False)
        for (label, curve), (upper, lower) in zip(curves.items(), panels.T, strict=True):
            _draw_line(upper, curve, "rmse", ERROR_COLOUR, "o")
            _draw_line(lower, curve, "operations", OPERATIONS_COLOUR, "s")
            upper.set_title(wrap(label))
            lower.set_xlabel("parsimony coefficient\n(strong to weak)")
            upper.set_xscale("log")
            if not upper.xaxis_inverted():
                upper.invert_xaxis()
            if not curve["operations"].any():
                lower.text(0.5, 0.5, "constants only", ha="center", transform=lower.transAxes)
        _scale_operations(panels[1], max(_highest(curve, "operations") for curve in curves.values()))
        panels[0, 0].set_ylabel("RMSE on the landscape")
        panels[1, 0].set_ylabel("operations")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def _draw_line(axes: Axes, curve: pd.DataFrame, value: str, colour: str, marker: str) -> None:
    x, y = curve["parsimony_coefficient"], curve[value]
    deviation = curve[f"{value}_std"].fillna(0.0)
    axes.plot(x, y, color=colour, marker=marker, label="mean over runs", clip_on=False)
    axes.fill_between(x, (y - deviation).clip(lower=0), y + deviation, color=colour, alpha=0.2, linewidth=0)
    stop = curve[curve["is_stop_point"]]
    axes.scatter(
        stop["parsimony_coefficient"],
        stop[value],
        s=90,
        facecolors="none",
        edgecolors="black",
        linewidths=1.4,
        zorder=3,
        label="stop point",
        clip_on=False,
    )
    axes.set_ylim(0, 1.05 * _highest(curve, value) or 1.0)
    axes.grid(axis="y")


def _scale_operations(panels: Iterable[Axes], highest: float) -> None:
    from matplotlib.ticker import NullLocator

    top = max(1.3 * highest, LINEAR_OPERATIONS)
    ticks = [tick for tick in TICKS if tick <= top]
    for axes in panels:
        axes.set_yscale("symlog", linthresh=LINEAR_OPERATIONS)
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(0, top)


def _highest(curve: pd.DataFrame, value: str) -> float:
    return float((curve[value] + curve[f"{value}_std"].fillna(0.0)).max())
