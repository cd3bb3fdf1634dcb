"""How unevenly Bayesian optimisation samples, and what that does to its formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symhpo.plots.methods import COLOURS
from symhpo.plots.style import new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["sampling_bias"]

MARKERS = {"SR (BO)": "o", "SR (Random)": "s"}


def sampling_bias(points: pd.DataFrame, *, correlation: float, p: float) -> Figure:
    """Draw the error of formulas against the discrepancy of the samples that they come from.

    Parameters
    ----------
    points : DataFrame
        Columns ``method`` (``SR (BO)``, ``SR (Random)``), ``discrepancy`` and ``nrmse``; one row a
        cell and seed.
    correlation, p : float
        Spearman's rank correlation for ``SR (BO)`` and its p-value.
    """
    with style():
        figure = new_figure(4.6, 3.2)
        axes = figure.subplots()
        for name, marker in MARKERS.items():
            group = points[points["method"] == name]
            axes.scatter(
                group["discrepancy"],
                group["nrmse"],
                s=22,
                marker=marker,
                color=COLOURS[name],
                edgecolors="white",
                linewidths=0.5,
                alpha=0.85,
                label=name,
            )
        axes.axhline(1.0, color="black", linestyle="--", linewidth=0.9, label="std of the landscape")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid()
        axes.set(
            xlabel="centred discrepancy of the sample (0: even)",
            ylabel="RMSE / std of the landscape",
            title=f"SR (BO): Spearman's ρ = {correlation:.2f}, p = {p:.2g}",
        )
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
