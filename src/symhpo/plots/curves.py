"""Learning curves: error over the size of the sample (paper, Figure 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.methods import COLOURS, METHODS
from symhpo.plots.style import PAGE_WIDTH, new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["learning_curves"]

WIDEST_RANGE = 20.0


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
        Noise floor of the landscape: a dotted line.
    title : str

    Returns
    -------
    Figure
        On a log scale where the errors span more than a factor of 20.
    """
    import seaborn as sns

    data = records[np.isfinite(records["rmse"]) & (records["status"] == "ok")]
    present = [name for name in METHODS if name in set(data["method"])]
    with style():
        figure = new_figure(PAGE_WIDTH, 2.6)
        axes = figure.subplots()
        sns.boxplot(
            data=data.astype({"method": "object", "n_samples": "int64"}),
            x="n_samples",
            y="rmse",
            hue="method",
            hue_order=present,
            palette=COLOURS,
            fill=False,
            width=0.8,
            gap=0.2,
            linewidth=1.0,
            fliersize=1.5,
            ax=axes,
        )
        _reference_line(axes, spread, "--", "std of the landscape")
        _reference_line(axes, noise, ":", "noise floor")
        low, high = data["rmse"].min(), data["rmse"].max()
        if low > 0 and high / low > WIDEST_RANGE:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.set(xlabel="number of samples", ylabel="RMSE on the landscape", title=title)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _reference_line(axes: object, value: float | None, line: str, label: str) -> None:
    if value is not None and np.isfinite(value) and value > 0:
        axes.axhline(value, color="black", linestyle=line, linewidth=0.9, label=label)  # type: ignore[attr-defined]
