"""Critical-difference diagrams: average ranks of methods, and which are not told apart (Demšar, 2006)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.methods import COLOURS
from symhpo.plots.style import new_figure, style
from symhpo.statistics import RankComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["critical_difference"]

ROW = 0.24
"""Height of a line of text, in inches, and the unit of the vertical axis."""

BAR = 0.6
"""Distance between bars, in that unit."""


def critical_difference(comparison: RankComparison) -> Figure:
    """Draw average ranks on an axis, the best on the left, with bars over methods not told apart.

    Parameters
    ----------
    comparison : RankComparison
        Of at least two methods.
    """
    ranks, groups = comparison.ranks, comparison.groups
    k = len(ranks)
    half = -(-k // 2)
    depth = half + BAR * len(groups) + 0.9
    with style():
        figure = new_figure(6.0, ROW * (depth + 3.5))
        axes = figure.subplots()
        axes.set(xlim=(1 - 0.45 * (k - 1), k + 0.45 * (k - 1)), ylim=(-depth, 3.0))
        axes.axis("off")
        _draw_axis(axes, k, comparison.critical_difference)
        for level, group in enumerate(groups):
            y = -0.5 - BAR * level
            axes.plot([ranks[group[0]] - 0.04, ranks[group[-1]] + 0.04], [y, y], color="black", linewidth=3)
        for i, (name, rank) in enumerate(ranks.items()):
            on_left = i < half
            level = i if on_left else k - 1 - i
            _draw_label(axes, str(name), float(rank), -BAR * len(groups) - 0.6 - level, k, on_left=on_left)
    return figure


def _draw_axis(axes: Axes, k: int, difference: float) -> None:
    axes.plot([1, k], [0, 0], color="black", linewidth=1)
    for rank in range(1, k + 1):
        axes.plot([rank, rank], [0, 0.25], color="black", linewidth=1)
        axes.text(rank, 0.4, str(rank), ha="center", va="bottom")
    if np.isfinite(difference):
        end = min(1 + difference, 1 + 1.4 * (k - 1))
        axes.plot([1, end], [2.0, 2.0], color="black", linewidth=1.2, marker="|", markersize=6)
        axes.text((1 + end) / 2, 2.25, f"critical difference {difference:.2f}", ha="center", va="bottom")


def _draw_label(axes: Axes, name: str, rank: float, y: float, k: int, *, on_left: bool) -> None:
    edge = 1 - 0.06 * (k - 1) if on_left else k + 0.06 * (k - 1)
    colour = COLOURS.get(name, "black")
    axes.plot([rank, rank, edge], [0, y, y], color=colour, linewidth=1.2)
    text = f"{name}  {rank:.2f}" if on_left else f"{rank:.2f}  {name}"
    axes.text(edge, y, f" {text} ", ha="right" if on_left else "left", va="center")
