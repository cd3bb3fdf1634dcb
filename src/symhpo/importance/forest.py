"""Functional analysis of variance of one regression tree, in closed form.

A tree is constant on boxes. The variance that some columns explain is a sum over pairs of boxes:
the product of their values, of their lengths in the other columns, and of the lengths of their
overlap in those columns.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.importance.base import Importance, Predictor, from_surrogate
from symhpo.importance.learning import learn_surrogate
from symhpo.space import Hyperparameter, Space

__all__ = ["ForestMethod", "to_inputs", "tree_shares"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ForestMethod(ABC):
    """What the methods have in common that fit a forest to points.

    A tree of 1000 points misses a tenth of the variance of a wavy cost, and finds interactions in its
    place. Labels of a surrogate cost nothing, so the forests see many more.

    Parameters
    ----------
    name : str
        The method's name in commands and records.
    n_points : int
        Uniform configurations that a surrogate labels.
    relabel : bool
        Whether a Gaussian process is learned from given points and labels `n_points` others, uniform
        over the space, in their place. Without it the forests see the given points alone.
    """

    name: str
    n_points: int = 16_000
    relabel: bool = True

    def from_points(self, space: Space, X: Array, y: Array, *, seed: int) -> Importance:
        """Return the shares of forests, fitted to the points or to labels of what is learned from them."""
        if self.relabel:
            return from_surrogate(learn_surrogate(space, X, y, seed=seed), method=self, seed=seed)
        return self._shares(space, to_inputs(space, X), y, seed)

    def from_predictor(self, predictor: Predictor, *, seed: int) -> Importance:
        """Return the shares of forests fitted to configurations that the predictor labels."""
        space = predictor.space
        # An inactive hyperparameter has a value of its own, too, that changes nothing: a constant in
        # its place would tell the forest what its parent's value is.
        U = np.random.default_rng(seed).random((self.n_points, len(space)))
        X = space.quantile(U)
        categorical = [h.type == "categorical" for h in space.hyperparameters]
        inputs = np.where(categorical, X, U)
        return self._shares(space, inputs, predictor.predict(space.deactivate(X))[0], seed)

    @abstractmethod
    def _shares(self, space: Space, inputs: Array, y: Array, seed: int) -> Importance:
        """Return the shares of forests fitted to points; numbers are quantiles, choices their index."""


def to_inputs(space: Space, X: ArrayLike) -> Array:
    """Return configurations as a forest sees them: numbers as quantiles, choices as their index.

    An integer is in the middle of its cell, so that each has the share of the interval that it is
    drawn with. An inactive hyperparameter has its default's value, as is usual for functional ANOVA.
    """
    defaults = np.array([h.to_number(h.default) for h in space.hyperparameters])
    X = np.asarray(X, dtype=np.float64)
    X = np.where(np.isnan(X), defaults, X)
    columns = [_quantile_of(h, X[:, j]) for j, h in enumerate(space.hyperparameters)]
    return np.column_stack(columns)


def _quantile_of(h: Hyperparameter, x: Array) -> Array:
    if h.type != "int":
        return h.to_unit(x)
    edges = np.array([h.lower - 0.5, h.upper + 0.5])
    scale = np.log if h.log else np.asarray
    low, high = scale(edges)
    middle = (scale(x - 0.5) + scale(x + 0.5)) / 2
    return np.asarray((middle - low) / (high - low))


def tree_shares(tree: Any, space: Space) -> Array:
    """Return the shares of the variance of a scikit-learn tree over the whole space.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        Fitted to `to_inputs` of configurations.
    space : Space

    Returns
    -------
    array of shape (d, d)
        Main effects on the diagonal, pairs beside it; NaN for a constant tree.
    """
    lower, upper, value = _leaves(tree, space)
    length = upper - lower
    volume = length.prod(axis=1)
    value = value - volume @ value
    variance = volume @ value**2
    d = len(space)
    if variance <= 0:
        return np.full((d, d), np.nan)
    overlap = [_overlap(lower[:, j], upper[:, j]) for j in range(d)]
    shares = np.zeros((d, d))
    for j in range(d):
        rest = value * volume / length[:, j]
        shares[j, j] = rest @ overlap[j] @ rest
    for i, j in itertools.combinations(range(d), 2):
        rest = value * volume / (length[:, i] * length[:, j])
        shares[i, j] = shares[j, i] = rest @ (overlap[i] * overlap[j]) @ rest - shares[i, i] - shares[j, j]
    return np.asarray(shares / variance)


def _leaves(tree: Any, space: Space) -> tuple[Array, Array, Array]:
    """Return the leaves' lower and upper bounds, as quantiles, and their values."""
    lower = np.zeros((tree.node_count, len(space)))
    upper = np.ones((tree.node_count, len(space)))
    # A node stands before its children.
    for node in np.flatnonzero(tree.children_left >= 0):
        left, right, column = tree.children_left[node], tree.children_right[node], tree.feature[node]
        lower[[left, right]], upper[[left, right]] = lower[node], upper[node]
        upper[left, column] = lower[right, column] = _quantile(space, column, tree.threshold[node])
    leaves = tree.children_left < 0
    return lower[leaves], upper[leaves], tree.value[leaves, 0, 0]


def _quantile(space: Space, column: int, threshold: float) -> float:
    choices = len(space.hyperparameters[column].choices)
    return float((np.floor(threshold) + 1) / choices if choices else threshold)


def _overlap(lower: Array, upper: Array) -> Array:
    start, end = np.maximum.outer(lower, lower), np.minimum.outer(upper, upper)
    return np.asarray(np.maximum(end - start, 0.0))
