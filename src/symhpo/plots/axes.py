"""Axes of hyperparameters (true units, log scales, integers and choices) and of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from symhpo.space import Hyperparameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cell_edges", "format_axis", "format_errors"]


def cell_edges(hyperparameter: Hyperparameter, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges, shape (k + 1,), of cells around `points`, shape (k,), halfway on the own scale."""
    scaled = np.log(points) if hyperparameter.log else points
    if len(scaled) == 1:
        edges = np.array([scaled[0] - 0.5, scaled[0] + 0.5])
    else:
        between = (scaled[1:] + scaled[:-1]) / 2
        edges = np.concatenate([[2 * scaled[0] - between[0]], between, [2 * scaled[-1] - between[-1]]])
    return np.exp(edges) if hyperparameter.log else edges


def format_axis(
    axes: Axes, which: Literal["x", "y"], hyperparameter: Hyperparameter, *, name: str = ""
) -> None:
    """Give one of the axes the scale, ticks and label of a hyperparameter."""
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, StrMethodFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    label = name or hyperparameter.name
    (axes.set_xlabel if which == "x" else axes.set_ylabel)(label)
    if hyperparameter.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if hyperparameter.type == "categorical":
        axis.set_ticks(range(len(hyperparameter.choices)), [str(choice) for choice in hyperparameter.choices])
    elif hyperparameter.type == "int" and hyperparameter.log:
        axis.set_major_locator(FixedLocator(_integer_ticks(hyperparameter.lower, hyperparameter.upper)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    elif hyperparameter.type == "int":
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    elif hyperparameter.log:
        _log_ticks(axes, which, hyperparameter)
    else:
        axis.set_major_locator(MaxNLocator(nbins=4))


def format_errors(axes: Axes, which: Literal["x", "y"], limits: tuple[float, float], *, log: bool) -> None:
    """Give one of the axes limits and ticks for errors or ratios, with plain numbers on a log scale, too."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    if log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        span = limits[1] / limits[0]
        steps = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if span < 10 else (1.0, 2.0, 5.0) if span < 200 else (1.0,)
        axis.set_major_locator(LogLocator(subs=steps))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    else:
        axis.set_major_locator(MaxNLocator(nbins=5))
    (axes.set_xlim if which == "x" else axes.set_ylim)(limits)


def _integer_ticks(lower: float, upper: float) -> list[float]:
    """Return at most six round integers, evenly spread on a log scale, within bounds."""
    steps = (1.0, 2.0, 5.0) if upper / lower < 200 else (1.0,)
    decades = 10.0 ** np.arange(np.floor(np.log10(lower)), np.ceil(np.log10(upper)) + 1)
    return [d * s for d in decades for s in steps if lower <= d * s <= upper]


def _log_ticks(axes: Axes, which: Literal["x", "y"], hyperparameter: Hyperparameter) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(numticks=5))
    axis.set_minor_locator(NullLocator())
    (axes.set_xlim if which == "x" else axes.set_ylim)(hyperparameter.lower, hyperparameter.upper)
