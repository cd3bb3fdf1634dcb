"""Importance with its spread, and partial dependence with its band and the formula on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.plots.axes import cell_edges, format_axis
from symhpo.plots.style import PAGE_WIDTH, new_figure, style
from symhpo.space import Space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from symhpo.importance import Importance
    from symhpo.importance.partial_dependence import PartialDependence
    from symhpo.importance.views import TruthView

__all__ = [
    "importance_bars",
    "partial_dependence_curves",
    "partial_dependence_maps",
    "partial_dependence_truth",
]

Array = NDArray[np.float64]

BAR_HEIGHT, PANEL_HEIGHT = 0.22, 2.2
# Half the distance between two markers of one choice.
BESIDE = 0.08
TRUTH_COLUMNS = 3
MAIN, PAIR = "C0", "C1"


def importance_bars(importances: Mapping[str, Importance], *, n_pairs: int = 5) -> Figure:
    """Draw main effects and the largest interactions as bars, with their spread.

    Parameters
    ----------
    importances : mapping of str to Importance
        Title of a panel to what it shows, side by side.
    n_pairs : int
        Number of pairs shown, those with the largest shares.

    Returns
    -------
    Figure
        Shares of the total variance; whiskers are one standard deviation over trees or seeds.
    """
    from matplotlib.patches import Patch

    counts = [len(importance.names) for importance in importances.values()]
    rows = max(d + min(n_pairs, d * (d - 1) // 2) for d in counts)
    with style():
        width = PAGE_WIDTH / max(2, len(importances))
        figure = new_figure(width * len(importances), 0.8 + BAR_HEIGHT * rows)
        axes = figure.subplots(1, len(importances), squeeze=False)[0]
        for panel, (title, importance) in zip(axes, importances.items(), strict=True):
            _bars(panel, importance, n_pairs)
            panel.set_title(title)
        kinds = [Patch(color=MAIN, label="main effect"), Patch(color=PAIR, label="interaction")]
        axes[-1].legend(handles=kinds, loc="lower right")
    return figure


def _bars(panel: Axes, importance: Importance, n_pairs: int) -> None:
    order = np.argsort(importance.main)[::-1]
    bars = [(importance.names[j], importance.main[j], importance.main_std[j], MAIN) for j in order]
    i, j = np.triu_indices(len(importance.names), k=1)
    for k in np.argsort(importance.pairs[i, j])[::-1][:n_pairs]:
        name = f"{importance.names[i[k]]} × {importance.names[j[k]]}"
        bars.append((name, importance.pairs[i[k], j[k]], importance.pairs_std[i[k], j[k]], PAIR))
    names, shares, spreads, colours = zip(*bars, strict=True)
    at = np.arange(len(bars))
    panel.barh(at, shares, color=colours, height=0.7)
    panel.errorbar(shares, at, xerr=spreads, fmt="none", ecolor="black", elinewidth=0.8, capsize=2)
    panel.set_yticks(at, names)
    panel.invert_yaxis()
    panel.set_xlim(left=0)
    panel.set_xlabel("share of variance")


def partial_dependence_curves(
    dependences: Sequence[PartialDependence],
    formulas: Sequence[Array] = (),
) -> Figure:
    """Draw partial dependences on one hyperparameter each: mean, 95 % band, and the formula on top.

    Parameters
    ----------
    dependences : sequence of PartialDependence
        On one hyperparameter each.
    formulas : sequence of array
        As many as dependences, or none: a formula's values at the same points.

    Raises
    ------
    UserError
        If a partial dependence is on more than one hyperparameter.
    """
    for of in dependences:
        if len(of.space) != 1:
            raise UserError(f"a curve shows one hyperparameter, not {', '.join(of.space.names)}")
    with style():
        figure = new_figure(PAGE_WIDTH / 3 * max(2, len(dependences)), PANEL_HEIGHT)
        axes = figure.subplots(1, len(dependences), squeeze=False, sharey=True)[0]
        for k, (panel, of) in enumerate(zip(axes, dependences, strict=True)):
            _curve(panel, of, formulas[k] if formulas else None)
        axes[0].set_ylabel("average cost")
        axes[0].legend()
    return figure


def _curve(panel: Axes, of: PartialDependence, formula: Array | None) -> None:
    hyperparameter = of.space.hyperparameters[0]
    order = np.argsort(of.X[:, 0])
    x, mean = of.X[order, 0], of.mean[order]
    lower, upper = (bound[order] for bound in of.band())
    if hyperparameter.type == "categorical":
        # Side by side, or one would hide the other.
        panel.errorbar(x - BESIDE, mean, yerr=[mean - lower, upper - mean], fmt="o", label="surrogate")
        panel.set_xlim(-0.5, len(x) - 0.5)
    else:
        panel.plot(x, mean, label="surrogate")
        panel.fill_between(x, lower, upper, alpha=0.25, linewidth=0)
    if formula is not None:
        at, drawn = (x + BESIDE, "s") if hyperparameter.type == "categorical" else (x, "--")
        panel.plot(at, formula[order], drawn, color="C1", label="formula")
    format_axis(panel, "x", hyperparameter)


def partial_dependence_maps(space: Space, maps: Mapping[str, Array], points: int) -> Figure:
    """Draw functions of two hyperparameters as heat maps with one colour scale.

    Parameters
    ----------
    space : Space
        Two hyperparameters; the first is on the horizontal axis.
    maps : mapping of str to array of shape (m,)
        Title of a map to its costs on ``space.grid(points)``.
    points : int

    Raises
    ------
    UserError
        If there are not exactly two hyperparameters.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if len(space) != 2:
        raise UserError(f"a map shows two hyperparameters, not {', '.join(space.names)}")
    first, second = space.hyperparameters
    x, y = first.grid(points), second.grid(points)
    values = np.concatenate(list(maps.values()))
    norm = Normalize(float(np.nanmin(values)), float(np.nanmax(values)))
    with style():
        figure = new_figure(PAGE_WIDTH / 3 * max(2, len(maps)) + 0.6, PANEL_HEIGHT + 0.2)
        axes = figure.subplots(1, len(maps), squeeze=False, sharex=True, sharey=True)[0]
        for panel, (title, cost) in zip(axes, maps.items(), strict=True):
            mesh = np.asarray(cost).reshape(len(x), len(y)).T
            panel.pcolormesh(cell_edges(first, x), cell_edges(second, y), mesh, norm=norm, rasterized=True)
            format_axis(panel, "x", first)
            panel.set_title(title)
        format_axis(axes[0], "y", second)
        figure.colorbar(ScalarMappable(norm), ax=list(axes), label="average cost")
    return figure


def partial_dependence_truth(views: Mapping[str, TruthView]) -> Figure:
    """Draw the surrogate's partial dependence and the formula against the objective's own.

    Parameters
    ----------
    views : mapping of str to TruthView
        Title of a panel to what it shows.
    """
    columns = min(TRUTH_COLUMNS, len(views))
    rows = -(-len(views) // columns)
    with style():
        figure = new_figure(PAGE_WIDTH / TRUTH_COLUMNS * max(2, columns), 0.6 + 1.9 * rows)
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for panel, (title, view) in zip(axes, views.items(), strict=False):
            _against_truth(panel, view)
            panel.set_title(title)
        for panel in axes[len(views) :]:
            panel.set_visible(False)
        figure.supxlabel("true average cost")
        figure.supylabel("predicted average cost")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _against_truth(panel: Axes, view: TruthView) -> None:
    panel.axline((view.true[0], view.true[0]), slope=1, color="0.6", linewidth=0.8, zorder=0)
    panel.plot(view.true, view.surrogate, "o", color="C0", markersize=4, fillstyle="none", label="surrogate")
    panel.plot(view.true, view.formula, "x", color="C1", markersize=4, label="formula")
    panel.locator_params(nbins=4)
