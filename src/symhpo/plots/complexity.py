"""Complexity against error over parsimony coefficients, with the stop point (paper, Figure 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.style import PAGE_WIDTH, new_figure, style
from symhpo.statistics import stop_point

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["complexity", "parsimony_curve"]

ERROR_COLOUR, OPERATIONS_COLOUR = "#0072B2", "#D55E00"


def parsimony_curve(records: pd.DataFrame) -> pd.DataFrame:
    """Average error and complexity for each parsimony coefficient of one cell.

    Parameters
    ----------
    records : DataFrame
        Columns ``parsimony_coefficient``, ``rmse``, ``operations``, ``status``.

    Returns
    -------
    DataFrame
        From the strongest coefficient to the weakest: ``parsimony_coefficient``, mean and standard
        deviation of RMSE and operations (``rmse``, ``rmse_std``, …), ``n``, ``failed`` and
        ``is_stop_point``.
    """
    is_ok = (records["status"] == "ok") & np.isfinite(records["rmse"])
    by_coefficient = records[is_ok].groupby("parsimony_coefficient")
    curve = by_coefficient.agg(
        rmse=("rmse", "mean"),
        rmse_std=("rmse", "std"),
        operations=("operations", "mean"),
        operations_std=("operations", "std"),
        n=("rmse", "size"),
    )
    failed = (~is_ok).groupby(records["parsimony_coefficient"]).sum()
    curve = (
        curve.assign(failed=failed).sort_index(ascending=False).reset_index().astype({"operations": float})
    )
    stop = stop_point(curve["rmse"], curve["operations"])
    marked: pd.DataFrame = curve.assign(is_stop_point=np.arange(len(curve)) == stop)
    return marked


def complexity(curves: dict[str, pd.DataFrame]) -> Figure:
    """Draw mean RMSE and operations over the parsimony coefficients, one column of panels a cell.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        Label of a cell to its `parsimony_curve`.
    """
    with style():
        figure = new_figure(min(PAGE_WIDTH, 3.0 * len(curves) + 1.0), 4.2)
        panels = figure.subplots(2, len(curves), sharex=True, squeeze=False)
        for (label, curve), (upper, lower) in zip(curves.items(), panels.T, strict=True):
            _line(upper, curve, "rmse", ERROR_COLOUR, "o")
            _line(lower, curve, "operations", OPERATIONS_COLOUR, "s")
            upper.set_title(label)
            lower.set_xlabel("parsimony coefficient\n(strong to weak)")
            upper.set_xscale("log")
            if not upper.xaxis_inverted():
                upper.invert_xaxis()
        panels[0, 0].set_ylabel("RMSE on the landscape")
        panels[1, 0].set_ylabel("operations")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def _line(axes: Axes, curve: pd.DataFrame, value: str, colour: str, marker: str) -> None:
    x, y = curve["parsimony_coefficient"], curve[value]
    deviation = curve[f"{value}_std"].fillna(0.0)
    axes.plot(x, y, color=colour, marker=marker, label="mean over runs", clip_on=False)
    axes.fill_between(x, y - deviation, y + deviation, color=colour, alpha=0.2, linewidth=0)
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
    # Formulas that are all constants have no operation at all.
    axes.set_ylim(0, 1.05 * float((y + deviation).max()) or 1.0)
    axes.grid(axis="y")
