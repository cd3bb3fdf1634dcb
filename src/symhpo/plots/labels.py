"""Texts in a figure: names of cells in several lines, labels that keep clear of each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEADER", "keep_apart", "label_points", "wrap"]

Array = NDArray[np.float64]

POINTS_PER_INCH = 72
CHARACTER = 0.62
"""Width of a character, as a part of the font's size."""

GAP = 0.3
"""Space between two texts side by side, as a part of the font's size."""

RINGS = (1.0, 1.7, 2.6, 3.6, 5.0)
"""Distances at which a label is tried, as multiples of the font's size."""

MARK = 0.4
"""Half the width of a mark, as a part of the font's size."""

LEADER: dict[str, Any] = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.4", "shrinkA": 0, "shrinkB": 0}
"""A line from a label to what it names."""

DIRECTIONS = np.array([(x, y) for x, y in product((1, 0, -1), repeat=2) if (x, y) != (0, 0)], dtype=float)


def wrap(cell: str, width: int = 26) -> str:
    """Return the name of a cell in lines of at most `width` characters."""
    return fill(cell.replace(",", ", "), width)


def keep_apart(positions: Array, distance: float) -> Array:
    """Return positions at least `distance` apart, in the same order and about the same mean.

    Parameters
    ----------
    positions : array of shape (n,)
    distance : float
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(positions, kind="stable")
    # Less these steps, positions that are far enough apart rise; those that are not share their mean.
    steps = distance * np.arange(len(order))
    moved = np.empty(len(order))
    moved[order] = isotonic_regression(positions[order] - steps).x + steps
    return moved


def label_points(
    axes: Axes, points: Array, texts: Sequence[str], *, avoided: Array | None = None, size: float = 6.5
) -> None:
    """Write a text beside each point, where it covers the fewest points and other texts.

    The figure must have its final limits and size; labels away from their point get a line to it.

    Parameters
    ----------
    axes : Axes
    points : array of shape (n, 2)
    texts : sequence of str
    avoided : array of shape (k, 2), optional
        Other points that texts keep clear of, such as those of a line.
    size : float
        Of the font, in points.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = POINTS_PER_INCH / figure.dpi
    places = scale * axes.transData.transform(points)
    inside = scale * np.array(axes.bbox.extents)
    half_mark = MARK * size
    taken = [*np.hstack([places - half_mark, places + half_mark])]
    if avoided is not None:
        line = scale * axes.transData.transform(avoided)
        taken += [*np.hstack([line - 0.5, line + 0.5])]
    for point, place, text in zip(points, places, texts, strict=True):
        half = np.array([CHARACTER * len(text) + GAP, 1.0]) * size / 2
        centres = [place + direction * (ring * size / 2 + half) for ring in RINGS for direction in DIRECTIONS]
        boxes = np.array([np.hstack([centre - half, centre + half]) for centre in centres])
        costs = np.array([_covered(box, np.array(taken)) + _outside(box, inside) for box in boxes])
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        note = axes.annotate(
            text,
            point,
            centres[best] - place,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            arrowprops=LEADER if best >= len(DIRECTIONS) else None,
            zorder=2,
        )
        note.set_in_layout(False)


def _covered(box: Array, others: Array) -> float:
    """Return the area that boxes (left, bottom, right, top) share with one of them."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    return float((width.clip(0) * height.clip(0)).sum())


def _outside(box: Array, inside: Array) -> float:
    """Return by how much a box leaves another, weighed to be worse than to cover something."""
    return 10 * float((inside[:2] - box[:2]).clip(0).sum() + (box[2:] - inside[2:]).clip(0).sum())
