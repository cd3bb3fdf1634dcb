"""Where formulas find nothing: their error beside the noise of the landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.style import new_figure, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["quality"]

NOISE = "standard error of\na landscape point"
VERDICTS = {
    "structure found": ("o", "#0072B2"),
    "mostly noise": ("s", "#E69F00"),
    "no formula beats a constant": ("X", "#D55E00"),
}
ROW = 0.2


def quality(table: pd.DataFrame) -> Figure:
    """Draw the error of the best formula and the noise of every landscape, the cells by rising error.

    The noise is the standard error of a landscape's points. These share their seeds, so what noise there
    is may happen to be less: errors below it are possible.

    Parameters
    ----------
    table : DataFrame
        Columns ``cell``, ``nRMSE``, ``noise / std`` and ``verdict``; flat landscapes have no errors and
        are left out.
    """
    ordered = table[np.isfinite(table["nRMSE"].astype(float))].sort_values("nRMSE", ascending=False)
    y = np.arange(len(ordered))
    with style():
        figure = new_figure(6.0, 0.9 + ROW * max(len(ordered), 4))
        axes = figure.subplots()
        axes.hlines(y, 0, ordered["noise / std"], color="0.75", linewidth=5, label=NOISE)
        for name, (marker, colour) in VERDICTS.items():
            found = (ordered["verdict"] == name).to_numpy()
            if found.any():
                axes.scatter(
                    ordered["nRMSE"][found], y[found], s=26, marker=marker, color=colour, label=name, zorder=3
                )
        axes.axvline(1.0, color="black", linestyle="--", linewidth=0.9, label="a constant")
        axes.set_yticks(y, [str(cell) for cell in ordered["cell"]])
        axes.set_xlim(left=0)
        axes.set_ylim(-0.7, max(len(ordered), 1) - 0.3)
        axes.grid(axis="x")
        axes.set_xlabel("RMSE of the best formula / std of the landscape")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
