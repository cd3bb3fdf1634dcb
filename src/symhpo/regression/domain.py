"""Whether a formula behaves on the whole search space: finite, proven so, and in a plausible range."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symhpo.space import Hyperparameter, Space

if TYPE_CHECKING:
    from symhpo.formula import Formula

__all__ = ["Domain", "corners", "spread"]

Array = NDArray[np.float64]
Interval = tuple[Array, Array]

# Points of a search space that a formula is evaluated on, besides the corners.
N_POINTS = 1000
# Corners of a search space that a formula is evaluated on, at most: d hyperparameters have 2 ** d.
MAX_CORNERS = 4096
# Cells that a search space is cut into for interval arithmetic, at most.
MAX_CELLS = 4096
# How far a formula may leave the range of the training costs, in units of that range.
MARGIN = 0.5


def spread(n: int, d: int) -> Array:
    """Return `n` points spread evenly over the unit cube, shape (n, d): an additive recurrence.

    The generalised golden ratio gives steps whose sequences fill the cube with low discrepancy in
    every prefix (Roberts, The unreasonable effectiveness of quasirandom sequences, 2018).
    """
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (d + 1))
    steps = ratio ** -np.arange(1.0, d + 1)
    return (0.5 + np.outer(np.arange(1, n + 1), steps)) % 1.0


def corners(space: Space) -> Array:
    """Return the corners of the box of bounds, of which some are taken, spread evenly, if there are many.

    Parameters
    ----------
    space : Space
        A categorical counts as a number between the indices of its first and its last choice.

    Returns
    -------
    array of shape (m, d)
        All ``2 ** d`` corners up to d = 12; 4096 of them, the lowest and the highest included, beyond.
    """
    d = len(space)
    bounds = np.array([(h.lower, h.upper) for h in space.hyperparameters], dtype=np.float64).reshape(d, 2)
    if 2**d <= MAX_CORNERS:
        return np.array(list(itertools.product(*bounds)), dtype=np.float64)
    upper = spread(MAX_CORNERS, d) >= 0.5
    upper[0], upper[-1] = False, True
    return np.where(upper, bounds[:, 1], bounds[:, 0])


@dataclass(frozen=True)
class Domain:
    """A search space and the range in which costs on it are plausible.

    Parameters
    ----------
    space : Space
    y : array of shape (n,)
        The training costs; a formula may leave their range by half its width on either side.

    Attributes
    ----------
    X : array of shape (m, d)
        Points spread over the space and its corners, every hyperparameter active.
    lower, upper : float
        The plausible range.
    """

    space: Space
    y: Array
    X: Array = field(init=False, repr=False)
    lower: float = field(init=False)
    upper: float = field(init=False)

    def __post_init__(self) -> None:
        width = float(np.ptp(self.y))
        # Costs without any spread leave room for rounding.
        margin = MARGIN * width if width > 0 else 1e-9 * max(1.0, abs(float(self.y[0])))
        between = self.space.quantile(spread(N_POINTS, len(self.space)))
        object.__setattr__(self, "X", np.vstack([corners(self.space), between]))
        object.__setattr__(self, "lower", float(self.y.min()) - margin)
        object.__setattr__(self, "upper", float(self.y.max()) + margin)

    def holds(self, values: Array) -> bool:
        """Whether all values are finite and in the plausible range."""
        return bool(np.all((values >= self.lower) & (values <= self.upper)))

    def reason_against(self, formula: Formula) -> str | None:
        """Return why a formula is not to be trusted on the space, None if nothing is wrong.

        The formula is evaluated on all points, and interval arithmetic over a partition of the
        space has to prove that it is finite everywhere.
        """
        values = formula.evaluate(self.X)
        if not np.isfinite(values).all():
            return f"not finite at {self._describe(int(np.argmin(np.isfinite(values))))}"
        if not self.holds(values):
            worst = int(np.argmax(np.maximum(self.lower - values, values - self.upper)))
            return (
                f"{values[worst]:.3g} at {self._describe(worst)}, "
                f"outside [{self.lower:.3g}, {self.upper:.3g}]"
            )
        if not self.is_proven_finite(formula):
            return "not proven finite everywhere on the search space"
        return None

    def is_proven_finite(self, formula: Formula) -> bool:
        """Whether interval arithmetic proves that a formula is finite on the whole search space."""
        cells = _cells(self.space)
        boxes = {name: cells[j] for j, name in enumerate(self.space.names)}
        with np.errstate(all="ignore"):
            lower, upper = _bounds(formula.expression, boxes)
        return bool(np.isfinite(lower).all() and np.isfinite(upper).all())

    def _describe(self, row: int) -> str:
        pairs = zip(self.space.names, self.X[row], strict=True)
        return ", ".join(f"{name}={value:.3g}" for name, value in pairs)


def _cells(space: Space) -> list[Interval]:
    """Return a partition of the space: for each hyperparameter the lower and upper ends of the cells."""
    d = len(space)
    cuts = int(max(1, math.floor(MAX_CELLS ** (1 / max(d, 1)) + 1e-9)))
    axes = [_edges(h, cuts) for h in space.hyperparameters]
    if cuts == 1:
        # NumPy's grids have 64 dimensions at most.
        return [(axis[:1], axis[1:]) for axis in axes]
    lower = np.meshgrid(*(axis[:-1] for axis in axes), indexing="ij")
    upper = np.meshgrid(*(axis[1:] for axis in axes), indexing="ij")
    return [(low.ravel(), high.ravel()) for low, high in zip(lower, upper, strict=True)]


def _edges(hyperparameter: Hyperparameter, cuts: int) -> Array:
    """Return the ends of the cells of one axis, evenly spaced on its own scale, whole numbers or not."""
    lower, upper = hyperparameter.lower, hyperparameter.upper
    edges = (
        np.geomspace(lower, upper, cuts + 1) if hyperparameter.log else np.linspace(lower, upper, cuts + 1)
    )
    edges[[0, -1]] = lower, upper
    return edges


def _bounds(node: Any, boxes: Mapping[str, Interval]) -> Interval:
    """Return bounds of an expression on every cell; NaN where it may be undefined."""
    if node.is_Symbol:
        return boxes[node.name]
    if not node.args:
        value = np.array([float(node)])
        return value, value
    arguments = [_bounds(argument, boxes) for argument in node.args]
    rule = _RULES.get(node.func.__name__)
    if rule is None:
        return np.array([-np.inf]), np.array([np.inf])
    return rule(arguments)


def _product(first: Interval, second: Interval) -> Interval:
    ends = np.stack(np.broadcast_arrays(*(a * b for a in first for b in second)))
    return ends.min(axis=0), ends.max(axis=0)


def _power(arguments: Sequence[Interval]) -> Interval:
    base, (exponent, highest) = arguments
    if exponent.size > 1 or exponent[0] != highest[0]:
        return _varying_power(base, (exponent, highest))
    p = float(exponent[0])
    if p == int(p):
        ends = np.stack(np.broadcast_arrays(base[0] ** p, base[1] ** p))
        lower, upper = ends.min(axis=0), ends.max(axis=0)
        across = (base[0] <= 0) & (base[1] >= 0)
        if p < 0:
            return np.where(across, -np.inf, lower), np.where(across, np.inf, upper)
        return np.where(across & (p % 2 == 0), 0.0, lower), upper
    allowed = base[0] >= 0 if p > 0 else base[0] > 0
    ends = np.stack(np.broadcast_arrays(np.abs(base[0]) ** p, np.abs(base[1]) ** p))
    return np.where(allowed, ends.min(axis=0), np.nan), np.where(allowed, ends.max(axis=0), np.nan)


def _varying_power(base: Interval, exponent: Interval) -> Interval:
    """Return bounds of a power of a positive base: monotone in both, so extreme in a corner."""
    ends = np.stack(np.broadcast_arrays(*(np.abs(b) ** p for b in base for p in exponent)))
    allowed = base[0] > 0
    return np.where(allowed, ends.min(axis=0), np.nan), np.where(allowed, ends.max(axis=0), np.nan)


def _monotone(function: Callable[[Array], Any]) -> Callable[[Sequence[Interval]], Interval]:
    return lambda arguments: (function(arguments[0][0]), function(arguments[0][1]))


def _absolute(arguments: Sequence[Interval]) -> Interval:
    ((lower, upper),) = arguments
    ends = np.abs(lower), np.abs(upper)
    across = (lower <= 0) & (upper >= 0)
    return np.where(across, 0.0, np.minimum(*ends)), np.maximum(*ends)


def _unit(arguments: Sequence[Interval]) -> Interval:
    finite = np.isfinite(arguments[0][0]) & np.isfinite(arguments[0][1])
    return np.where(finite, -1.0, np.nan), np.where(finite, 1.0, np.nan)


_RULES: Mapping[str, Callable[[Sequence[Interval]], Interval]] = {
    "Abs": _absolute,
    "Add": lambda a: (reduce(np.add, [low for low, _ in a]), reduce(np.add, [high for _, high in a])),
    "Max": lambda a: (
        reduce(np.maximum, [low for low, _ in a]),
        reduce(np.maximum, [high for _, high in a]),
    ),
    "Min": lambda a: (
        reduce(np.minimum, [low for low, _ in a]),
        reduce(np.minimum, [high for _, high in a]),
    ),
    "Mul": lambda a: reduce(_product, a),
    "Pow": _power,
    "atan": _monotone(np.arctan),
    "cos": _unit,
    "exp": _monotone(np.exp),
    "log": _monotone(np.log),
    "log10": _monotone(np.log10),
    "sin": _unit,
    "tanh": _monotone(np.tanh),
}
