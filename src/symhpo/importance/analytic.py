"""Functions whose Sobol indices are known, to judge estimators of importance by.

Sources: Ishigami and Homma (1990); Sobol' (2003) for the g-function. Sums and products of functions of one
variable have their indices in closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.importance.base import Importance
from symhpo.space import Hyperparameter, Space

__all__ = ["AnalyticFunction", "additive", "g_function", "ishigami", "multiplicative"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AnalyticFunction:
    """A cost over hyperparameters x0, x1, … in closed form, with its importance.

    Attributes
    ----------
    name : str
    space : Space
    function : callable
        From the unit vectors (n, d) of configurations to costs (n,).
    importance : Importance
        The true one.
    """

    name: str
    space: Space
    function: Callable[[Array], Array]
    importance: Importance

    def predict(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return the costs, and zeros as their standard deviation."""
        cost = self.function(self.space.to_unit(X))
        return cost, np.zeros_like(cost)


def ishigami(dimensions: int = 5, a: float = 7.0, b: float = 0.1) -> AnalyticFunction:
    """Return ``sin(z0) + a sin(z1)**2 + b z2**4 sin(z0)`` on [-pi, pi]; further dimensions do nothing."""

    def function(U: Array) -> Array:
        z = (2 * U - 1) * np.pi
        return np.asarray(np.sin(z[:, 0]) * (1 + b * z[:, 2] ** 4) + a * np.sin(z[:, 1]) ** 2)

    variances = np.zeros((dimensions, dimensions))
    variances[0, 0] = (1 + b * np.pi**4 / 5) ** 2 / 2
    variances[1, 1] = a**2 / 8
    variances[0, 2] = variances[2, 0] = 8 * b**2 * np.pi**8 / 225
    total = variances.trace() + variances[0, 2]
    return _analytic("ishigami", dimensions, function, variances / total)


def g_function(coefficients: Sequence[float] = (0, 1, 4.5, 9, 99, 99, 99, 99)) -> AnalyticFunction:
    """Return the product of ``(|4 x - 2| + a) / (1 + a)``."""
    a = np.asarray(coefficients, dtype=np.float64)
    variances = 1 / (3 * (1 + a) ** 2)
    return _analytic(
        "g-function", len(a), lambda U: ((np.abs(4 * U - 2) + a) / (1 + a)).prod(axis=1), _product(variances)
    )


def additive(coefficients: Sequence[float] = (4, 3, 2, 1, 0.5, 0, 0, 0, 0, 0)) -> AnalyticFunction:
    """Return the sum of ``c x``."""
    c = np.asarray(coefficients, dtype=np.float64)
    return _analytic("additive", len(c), lambda U: U @ c, np.diag(c**2 / (c**2).sum()))


def multiplicative(coefficients: Sequence[float] = (1.8, 1.4, 1, 0.3, 0, 0, 0)) -> AnalyticFunction:
    """Return the product of ``1 + c (x - 0.5)``."""
    c = np.asarray(coefficients, dtype=np.float64)
    return _analytic(
        "multiplicative", len(c), lambda U: (1 + c * (U - 0.5)).prod(axis=1), _product(c**2 / 12)
    )


def _product(variances: Array) -> Array:
    """Return the shares of a product of factors of mean 1."""
    shares = np.outer(variances, variances)
    np.fill_diagonal(shares, variances)
    return np.asarray(shares / (np.prod(1 + variances) - 1))


def _analytic(
    name: str, dimensions: int, function: Callable[[Array], Array], shares: Array
) -> AnalyticFunction:
    # Alternately linear and logarithmic: importance must not depend on the scale's units.
    space = Space(
        Hyperparameter(f"x{j}", "float", 1e-4, 1.0, default=0.1, log=j % 2 == 1) for j in range(dimensions)
    )
    no_spread = np.zeros((dimensions, dimensions))
    importance = Importance(
        "true",
        space,
        shares.diagonal().copy(),
        np.zeros(dimensions),
        shares * (1 - np.eye(dimensions)),
        no_spread,
        1,
    )
    return AnalyticFunction(name, space, function, importance)
