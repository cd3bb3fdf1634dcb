"""The small terms that a search grows its trees by, fitted to many targets at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.search.tree import Node, constant, size, variable

__all__ = ["Hyperparameters", "TermLibrary"]

Array = NDArray[np.float64]

# Exponents of powers, and the logarithms of their factors, stay within these.
MAX_EXPONENT = 4.0
MAX_LOG = 30.0
# Relative weight of the diagonal in a regression: keeps those of equal points solvable.
RIDGE = 1e-9


@dataclass(frozen=True)
class Hyperparameters:
    """Which columns a formula may use, and how.

    Attributes
    ----------
    columns : tuple of int
        Those that have a value everywhere.
    logarithmic : tuple of int
        Those that also enter as log10.
    positive : tuple of int
        Those that also enter as powers.
    """

    columns: tuple[int, ...]
    logarithmic: tuple[int, ...]
    positive: tuple[int, ...]


class TermLibrary:
    """Terms ``c``, ``f``, ``b f``, ``a + b f``, ``a + b f + c g``, ``x^p``, ``c x^p`` and ``c x^p z^q``.

    ``f`` and ``g`` are hyperparameters or their log10, ``x`` and ``z`` positive hyperparameters.

    Parameters
    ----------
    columns : array of shape (d, n)
    hyperparameters : Hyperparameters

    Attributes
    ----------
    sizes : array of int, shape (m,)
        Nodes of each term.
    kinds : array of str, shape (m,)
        The kind of each term's root.
    """

    def __init__(self, columns: Array, hyperparameters: Hyperparameters) -> None:
        self.features = [variable(j) for j in hyperparameters.columns]
        self.features += [Node("log10", (variable(j),)) for j in hyperparameters.logarithmic]
        self.powers = list(hyperparameters.positive)
        rows = [columns[j] for j in hyperparameters.columns]
        rows += [np.log10(columns[j]) for j in hyperparameters.logarithmic]
        self._linear = _Regression(np.array(rows), self._pairs_of_features(hyperparameters))
        self._logarithmic = _Regression(
            np.array([np.log(columns[j]) for j in self.powers]).reshape(len(self.powers), columns.shape[1]),
            list(itertools.combinations(range(len(self.powers)), 2)),
        )
        self._builders = list(self._list_builders())
        examples = [build(2.0, 3.0, 5.0) for build in self._builders]
        self.sizes = np.array([size(example) for example in examples])
        self.kinds = np.array([example.kind for example in examples])

    def _pairs_of_features(self, hyperparameters: Hyperparameters) -> list[tuple[int, int]]:
        """The features of two hyperparameters, each on its own scale."""
        own = [
            self.features.index(
                Node("log10", (variable(j),)) if j in hyperparameters.logarithmic else variable(j)
            )
            for j in hyperparameters.columns
        ]
        return list(itertools.combinations(own, 2))

    def fit(self, targets: Array, weights: Array) -> tuple[NDArray[np.float32], Array]:
        """Fit every term to every target by weighted least squares; powers on the logarithm of it.

        Parameters
        ----------
        targets, weights : arrays of shape (k, n)

        Returns
        -------
        array of shape (k, m, n)
            Values of the fitted terms.
        array of shape (k, m, 3)
            Their constants, for `term`.
        """
        weights = weights / (weights.sum(axis=1, keepdims=True) + np.finfo(np.float64).tiny)
        linear = self._linear.fit(targets, weights)
        positive = targets > 0
        log_weights = np.where(positive, weights * targets**2, 0.0)
        log_weights /= log_weights.sum(axis=1, keepdims=True) + np.finfo(np.float64).tiny
        powers = self._logarithmic.fit(np.log(np.where(positive, targets, 1.0)), log_weights)
        k, n = targets.shape
        f = len(self.features)
        exact = np.zeros((k, f, 3))
        exact[..., 1] = 1.0
        no_constant, with_constant, pairs = powers.through_zero, powers.single, powers.pairs
        log_constants = np.concatenate([no_constant, with_constant, pairs], axis=1)
        log_constants[..., 0] = np.clip(log_constants[..., 0], -MAX_LOG, MAX_LOG)
        log_constants[..., 1:] = np.clip(log_constants[..., 1:], -MAX_EXPONENT, MAX_EXPONENT)
        values = np.concatenate(
            [
                np.broadcast_to(linear.mean[:, None, None], (k, 1, n)),
                np.broadcast_to(self._linear.rows, (k, f, n)),
                self._linear.values(linear.through_zero, linear.single, linear.pairs),
                np.exp(self._logarithmic.values(*np.split(log_constants, self._power_splits, axis=1))),
            ],
            axis=1,
            dtype=np.float32,
        )
        means = np.zeros((k, 1, 3))
        means[:, 0, 0] = linear.mean
        log_constants[..., 0] = np.exp(log_constants[..., 0])
        constants = np.concatenate(
            [means, exact, linear.through_zero, linear.single, linear.pairs, log_constants], axis=1
        )
        return values, constants

    @property
    def _power_splits(self) -> list[int]:
        return [len(self.powers), 2 * len(self.powers)]

    def term(self, index: int, constants: Sequence[float]) -> Node:
        """Return a term with its constants ``(a, b, c)`` as `fit` gives them."""
        a, b, c = (float(value) for value in constants)
        return self._builders[index](a, b, c)

    def _list_builders(self) -> Iterator[Callable[[float, float, float], Node]]:
        """Yield a function from the constants to the tree for each term, in the order of `fit`."""
        yield lambda a, _b, _c: constant(a)
        for f in self.features:
            yield lambda _a, _b, _c, f=f: f  # type: ignore[misc]
        for f in self.features:
            yield lambda _a, b, _c, f=f: _scaled(b, f)  # type: ignore[misc]
        for f in self.features:
            yield lambda a, b, _c, f=f: Node("add", (constant(a), _scaled(b, f)))  # type: ignore[misc]
        for i, j in self._linear.pairs:
            yield lambda a, b, c, i=i, j=j: self._plane(i, j, a, b, c)  # type: ignore[misc]
        for j in self.powers:
            yield lambda _a, b, _c, j=j: Node("power", (variable(j),), b)  # type: ignore[misc]
        for j in self.powers:
            yield lambda a, b, _c, j=j: _scaled(a, Node("power", (variable(j),), b))  # type: ignore[misc]
        for i, j in self._logarithmic.pairs:
            yield lambda a, b, c, i=i, j=j: self._monomial(i, j, a, b, c)  # type: ignore[misc]

    def _plane(self, i: int, j: int, a: float, b: float, c: float) -> Node:
        return Node("add", (constant(a), _scaled(b, self.features[i]), _scaled(c, self.features[j])))

    def _monomial(self, i: int, j: int, a: float, b: float, c: float) -> Node:
        first, second = (Node("power", (variable(self.powers[k]),), p) for k, p in ((i, b), (j, c)))
        return Node("multiply", (constant(a), first, second))


def _scaled(factor: float, node: Node) -> Node:
    return Node("multiply", (constant(factor), node))


@dataclass(frozen=True)
class _Fits:
    """Constants ``(a, b, c)`` of ``b f``, ``a + b f`` and ``a + b f + c g``, and the target's mean."""

    mean: Array
    through_zero: Array
    single: Array
    pairs: Array


class _Regression:
    """Weighted regressions on one and on two rows, for many targets, from one table of moments."""

    def __init__(self, rows: Array, pairs: list[tuple[int, int]]) -> None:
        self.rows, self.pairs = rows, pairs
        self._first = np.array([i for i, _ in pairs], dtype=np.intp)
        self._second = np.array([j for _, j in pairs], dtype=np.intp)
        self._moments = np.vstack([rows, rows**2, rows[self._first] * rows[self._second]]).T

    def fit(self, targets: Array, weights: Array) -> _Fits:
        """`targets`, `weights` of shape (k, n); the weights sum to one."""
        f = len(self.rows)
        moments = weights @ self._moments
        mean, square, cross = moments[:, :f], moments[:, f : 2 * f], moments[:, 2 * f :]
        weighted = weights * targets
        target_mean = weighted.sum(axis=1)
        product = weighted @ self.rows.T
        tiny = np.finfo(np.float64).tiny
        variance = square - mean**2 + RIDGE * square + tiny
        covariance = product - mean * target_mean[:, None]
        through_zero = np.zeros((len(targets), f, 3))
        through_zero[..., 1] = product / (square + tiny)
        single = np.zeros((len(targets), f, 3))
        single[..., 1] = covariance / variance
        single[..., 0] = target_mean[:, None] - single[..., 1] * mean
        i, j = self._first, self._second
        shared = cross - mean[:, i] * mean[:, j]
        determinant = variance[:, i] * variance[:, j] - shared**2 + tiny
        pairs = np.zeros((len(targets), len(i), 3))
        pairs[..., 1] = (covariance[:, i] * variance[:, j] - covariance[:, j] * shared) / determinant
        pairs[..., 2] = (covariance[:, j] * variance[:, i] - covariance[:, i] * shared) / determinant
        pairs[..., 0] = target_mean[:, None] - pairs[..., 1] * mean[:, i] - pairs[..., 2] * mean[:, j]
        return _Fits(target_mean, through_zero, single, pairs)

    def values(self, through_zero: Array, single: Array, pairs: Array) -> Array:
        """Return the values for some constants, shape (k, 2 f + number of pairs, n)."""
        rows = self.rows
        return np.concatenate(
            [
                through_zero[..., 1:2] * rows,
                single[..., 0:1] + single[..., 1:2] * rows,
                pairs[..., 0:1] + pairs[..., 1:2] * rows[self._first] + pairs[..., 2:3] * rows[self._second],
            ],
            axis=1,
        )
