"""Error over the size of the sample: learning curves (paper, Figure 2) and ratios of methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.plots.axes import format_errors
from symhpo.plots.labels import LEADER, keep_apart
from symhpo.plots.methods import COLOURS, METHODS
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_curves", "ratio_over_size"]

MEAN_COLOUR = "#D55E00"

FEWEST_BOXED = 6
"""Fewer values than these are drawn as points."""

ROUNDING = 1e-12
"""A standard error below this is that of a landscape without noise."""

NAME_DISTANCE = 0.055
"""Between the names of cells, as a part of the height of the axes."""


def learning_curves(
    records: pd.DataFrame, *, spread: float | None = None, noise: float | None = None, title: str = ""
) -> Figure:
    """Draw box plots of the RMSE over the size of the sample, one colour a method.

    Parameters
    ----------
    records : DataFrame
        Records of one cell with a column ``method``; failed ones are left out.
    spread : float, optional
        Standard deviation of the landscape, which is the RMSE of its mean: a dashed line.
    noise : float, optional
        Standard error of the landscape's points: a dotted line, left out for a landscape without noise.
        The points share their seeds, so what noise there is may happen to be less: errors below the
        line are possible.
    title : str

    Returns
    -------
    Figure
        On a log scale, unless an error is zero; fewer than six values are points instead of a box.
    """
    from matplotlib.patches import Patch

    data = records[np.isfinite(records["rmse"]) & (records["status"] == "ok")]
    sizes = sorted(set(data["n_samples"].astype(int)))
    present = [name for name in METHODS if name in set(data["method"])]
    width = 0.8 / max(len(present), 1)
    with style():
        figure = new_figure(PAGE_WIDTH, 2.6)
        axes = figure.subplots()
        for i, name in enumerate(present):
            own = data[data["method"] == name]
            for j, size in enumerate(sizes):
                x = j + (i - (len(present) - 1) / 2) * width
                _draw_values(axes, x, own.loc[own["n_samples"] == size, "rmse"], 0.8 * width, COLOURS[name])
        handles: list[Artist] = [Patch(color=COLOURS[name], label=name) for name in present]
        lines = [(spread, "--", "std of the landscape"), (noise, ":", "standard error of\na landscape point")]
        handles += [
            axes.axhline(value, color="black", linestyle=line, linewidth=0.9, label=label)
            for value, line, label in lines
            if value is not None and value > ROUNDING
        ]
        _format_errors(axes)
        axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        axes.grid(axis="y")
        axes.set(xlabel="number of samples", ylabel="RMSE on the landscape", title=title)
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def ratio_over_size(ratios: pd.DataFrame, means: pd.DataFrame, *, label: str) -> Figure:
    """Draw the ratio of two methods' errors over the size of the sample, with its mean over the cells.

    Parameters
    ----------
    ratios : DataFrame
        Columns ``cell``, ``n_samples``, ``ratio``: a thin line for each cell.
    means : DataFrame
        Columns ``n_samples``, ``mean``, ``low``, ``high``: a line with a band.
    label : str
        What is divided by what.
    """
    table = ratios.pivot(index="n_samples", columns="cell", values="ratio")
    with style():
        figure = new_figure(0.8 * PAGE_WIDTH, 3.2)
        axes = figure.subplots()
        axes.plot(table.index, table, color="0.6", linewidth=0.7)
        sizes, low, high = means["n_samples"], means["low"], means["high"]
        band: dict[str, Any] = {"color": MEAN_COLOUR, "alpha": 0.25, "linewidth": 0}
        axes.fill_between(sizes, low, high, label="95 % interval of the mean", **band)
        middle = "geometric mean over cells"
        axes.plot(sizes, means["mean"], "o-", color=MEAN_COLOUR, label=middle, clip_on=False)
        axes.axhline(1.0, color="black", linestyle="--", linewidth=0.9)
        values = np.concatenate([ratios["ratio"], low.dropna(), high.dropna(), [1.0]])
        format_errors(axes, "y", (values.min() / 1.1, values.max() * 1.1), log=True)
        axes.set_xticks(table.index)
        axes.set_xlim(table.index[0], table.index[-1])
        axes.set(xlabel="number of samples", ylabel=label)
        axes.grid(axis="y")
        figure.legend(loc="outside upper left", ncols=2)
        _name_ends(axes, table.iloc[-1])
    return figure


def _draw_values(axes: Axes, x: float, values: pd.Series[float], width: float, colour: str) -> None:
    if len(values) < FEWEST_BOXED:
        axes.scatter([x] * len(values), values, s=9, color=colour, linewidths=0)
        return
    line = {"color": colour, "linewidth": 1.0}
    parts: dict[str, Any] = {f"{part}props": line for part in ("box", "whisker", "cap", "median")}
    fliers = {"marker": "o", "markersize": 1.5, "markeredgecolor": colour}
    axes.boxplot(values, positions=[x], widths=width, manage_ticks=False, flierprops=fliers, **parts)


def _format_errors(axes: Axes) -> None:
    """Give the vertical axis a log scale, or one from zero where there is an error of zero."""
    low, high = axes.dataLim.intervaly
    is_log = low > 0
    format_errors(axes, "y", (low / 1.15, high * 1.15) if is_log else (0.0, 1.05 * high or 1.0), log=is_log)


def _name_ends(axes: Axes, ends: pd.Series[float]) -> None:
    """Write the name of each cell at the right end of its line."""
    low, high = np.log(axes.get_ylim())
    places = (np.log(ends.to_numpy()) - low) / (high - low)
    for name, end, height in zip(ends.index, ends, keep_apart(places, NAME_DISTANCE), strict=True):
        axes.annotate(
            str(name),
            xy=(1, end),
            xycoords=("axes fraction", "data"),
            xytext=(1.05, height),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            arrowprops=LEADER | {"relpos": (0, 0.5)},
            annotation_clip=False,
        )
