"""The fronts of all cells: error on the landscape against the size of the formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.plots.labels import wrap
from symhpo.plots.methods import COLOURS, METHODS, SYMBOLIC
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fronts_overview", "most_accurate", "trade_off_curves"]

COLUMNS = 4


def most_accurate(fronts: pd.DataFrame) -> pd.DataFrame:
    """Return the member of each front with the smallest error on the training set.

    Parameters
    ----------
    fronts : DataFrame
        Columns ``run_id``, ``regressor``, ``regressor_seed``, ``nodes``, ``rmse_train``, ``nrmse``.
    """
    front = ["run_id", "regressor", "regressor_seed"]
    return fronts.loc[fronts.groupby(front, dropna=False)["rmse_train"].idxmin()]


def fronts_overview(
    fronts: pd.DataFrame, chosen: pd.DataFrame, references: dict[str, dict[str, float]] | None = None
) -> Figure:
    """Draw median error against nodes for every cell, with the formulas that were chosen.

    Parameters
    ----------
    fronts : DataFrame
        As in `most_accurate`, with the columns ``cell`` and ``method``.
    chosen : DataFrame
        The records of the same runs: ``cell``, ``method``, ``nodes``, ``nrmse``.
    references : mapping, optional
        For a cell the nRMSE of baselines, drawn as dashed lines in the baselines' colours.

    Returns
    -------
    Figure
        With room for all lines; chosen formulas above them are arrows with their errors.
    """
    cells = sorted(set(fronts["cell"]))
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    with style():
        figure = new_figure(max(PAGE_WIDTH * columns / COLUMNS, 3.6), 1.75 * rows + 0.8)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, cell in zip(panels.flat, cells, strict=False):
            _draw_cell(axes, fronts[fronts["cell"] == cell], chosen[chosen["cell"] == cell])
            for name, value in (references or {}).get(cell, {}).items():
                axes.axhline(value, color=COLOURS[name], linestyle="--", linewidth=1, label=name)
            axes.set_title(wrap(cell), fontsize=8)
        top = 1.05 * max(_highest_line(axes) for axes in panels.flat)
        panels[0, 0].set_ylim(0, top)
        beyond = chosen[chosen["method"].isin(SYMBOLIC) & (chosen["nrmse"] > top)]
        for axes, cell in zip(panels.flat, cells, strict=False):
            _mark_beyond(axes, beyond[beyond["cell"] == cell])
        for axes in panels.flat[len(cells) :]:
            axes.set_visible(False)
        for axes in panels.flat[max(len(cells) - columns, 0) : len(cells)]:
            axes.tick_params(labelbottom=True)
        _share_labels(figure, panels, 2 if columns < 3 else len(METHODS))
    return figure


def trade_off_curves(table: pd.DataFrame) -> Figure:
    """Draw the error that formulas of at most so many nodes reach, over all cells.

    Parameters
    ----------
    table : DataFrame
        Columns ``cell``, ``method``, ``nodes``, ``nrmse``; a row for each cell, method and size.

    Returns
    -------
    Figure
        Lines are medians over the cells, bands hold the middle half of them.
    """
    with style():
        figure = new_figure(4.8, 2.9)
        axes = figure.subplots()
        for name in SYMBOLIC:
            own = table[table["method"] == name].groupby("nodes")["nrmse"]
            if own.ngroups == 0:
                continue
            low, middle, high = (own.quantile(q) for q in (0.25, 0.5, 0.75))
            axes.step(middle.index, middle, where="post", color=COLOURS[name], label=name)
            axes.fill_between(low.index, low, high, color=COLOURS[name], alpha=0.15, linewidth=0, step="post")
        axes.axhline(1.0, color="black", linestyle="--", linewidth=0.9, label="std of the landscape")
        axes.set(xlabel="nodes of the formula, at most", ylabel="RMSE / std of the landscape")
        axes.set_ylim(0, 1.05 * axes.dataLim.ymax)
        axes.grid()
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _draw_cell(axes: Axes, fronts: pd.DataFrame, chosen: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    sizes = np.unique(fronts["nodes"].astype(int))
    for name in SYMBOLIC:
        own = fronts[fronts["method"] == name]
        if own.empty:
            continue
        errors = [most_accurate(own[own["nodes"] <= size])["nrmse"].median() for size in sizes]
        axes.step(sizes, errors, where="post", color=COLOURS[name], label=name)
        picked = chosen[chosen["method"] == name]
        axes.scatter(
            picked["nodes"],
            picked["nrmse"],
            s=9,
            color=COLOURS[name],
            edgecolors="white",
            linewidths=0.4,
            zorder=3,
        )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.grid()


def _highest_line(axes: Axes) -> float:
    values = np.concatenate([[1.0], *(np.asarray(line.get_ydata(), np.float64) for line in axes.lines)])
    return float(values[np.isfinite(values)].max())


def _mark_beyond(axes: Axes, chosen: pd.DataFrame) -> None:
    """Mark formulas above the upper limit by arrows at it, with their errors."""
    rounded = chosen[["method", "nodes", "nrmse"]].round({"nrmse": 2}).drop_duplicates()
    for i, (name, nodes, error) in enumerate(rounded.itertuples(index=False)):
        height = 0.97 - 0.1 * i
        side = "left" if nodes < np.mean(axes.get_xlim()) else "right"
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "color": COLOURS[name]}
        axes.scatter(nodes, height, s=14, marker="^", linewidths=0, zorder=3, **place)
        axes.text(nodes, height, f"  {error:.2f}  ", ha=side, va="center", fontsize=7, **place)


def _share_labels(figure: Figure, panels: np.ndarray, columns: int) -> None:
    labelled: dict[str, Artist] = {}
    for axes in panels.flat:
        handles, labels = axes.get_legend_handles_labels()
        labelled |= dict(zip((str(label) for label in labels), handles, strict=True))
    figure.legend(list(labelled.values()), list(labelled), loc="outside upper center", ncols=columns)
    figure.supxlabel("nodes of the formula", fontsize=9)
    figure.supylabel("RMSE / std of the landscape", fontsize=9)
