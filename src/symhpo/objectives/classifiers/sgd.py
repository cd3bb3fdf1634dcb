"""Logistic regression by stochastic gradient descent: scikit-learn's weights bit for bit, in less time.

scikit-learn adds up losses and norms along the way, which nothing needs where the number of epochs is
fixed. Here a step is its weight decay, one dot product, one exponential and the update, in the same
order of operations, so every weight is equal bit for bit (tested against scikit-learn).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_X_y

from symhpo.objectives.classifiers.compiling import compiled, xorshift

__all__ = ["FastSGDClassifier"]

Floats = NDArray[np.float64]

_LARGEST = np.iinfo(np.int32).max
_SMALLEST_SCALE = 1e-9


class FastSGDClassifier:
    """`sklearn.linear_model.SGDClassifier` with logistic loss, L2 penalty and a fixed number of epochs.

    Without a tolerance, scikit-learn's learning rate ``"adaptive"`` stays at `eta0`, as it does here.

    Parameters
    ----------
    alpha : float
        Factor of the penalty.
    eta0 : float
        Learning rate.
    max_iter : int
        Number of epochs.
    random_state : RandomState
        Draws the order of the rows.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The labels seen, sorted.
    coef_, intercept_ : arrays of shape (k, d) and (k,)
        One class against the rest; a single row for two classes.
    """

    def __init__(
        self, *, alpha: float, eta0: float, max_iter: int, random_state: np.random.RandomState
    ) -> None:
        self.alpha = alpha
        self.eta0 = eta0
        self.max_iter = max_iter
        self.random_state = random_state
        self.classes_: NDArray[Any] = np.empty(0)
        self.coef_: Floats = np.empty((0, 0))
        self.intercept_: Floats = np.empty(0)

    def fit(self, X: ArrayLike, y: ArrayLike) -> FastSGDClassifier:
        """Learn from rows (n, d) and their labels (n,).

        Raises
        ------
        ValueError
            If there are no rows, values that are not finite, not as many labels or a single class, or the
            weights overflow.
        """
        features, labels = check_X_y(X, y, dtype=np.float64, order="C")
        self.classes_, labels = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all rows have the label {self.classes_[0]!r}; two classes are needed at least")
        problems, seeds = self._problems()
        Y = (labels[:, None] == problems).astype(np.float64)
        self.coef_, self.intercept_ = _descend(features, Y, self.alpha, self.eta0, self.max_iter, seeds)
        if not (np.isfinite(self.coef_).all() and np.isfinite(self.intercept_).all()):
            raise ValueError(f"the weights overflowed with alpha={self.alpha:g}, eta0={self.eta0:g}")
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the scores of the classes, shape (n, k), or of the second of two, shape (n, 1).

        Raises
        ------
        ValueError
            If there are no rows, or values that are not finite.
        """
        scores: Floats = check_array(X) @ self.coef_.T + self.intercept_
        return scores

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels of rows, shape (n,)."""
        scores = self.decision_function(X)
        best = np.argmax(scores, axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(np.int64)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def _problems(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the class of each problem, and the seed of its order of rows."""
        if len(self.classes_) == 2:
            return np.array([1]), np.array([_second_draw(self.random_state)])
        seeds = self.random_state.randint(_LARGEST, size=len(self.classes_))
        draws = [_second_draw(np.random.RandomState(seed)) for seed in seeds]
        return np.arange(len(self.classes_)), np.array(draws)


def _second_draw(generator: np.random.RandomState) -> int:
    # scikit-learn's first draw is for sampling with replacement, which it does not use here.
    generator.randint(1, _LARGEST)
    return int(generator.randint(_LARGEST))


@compiled
def _descend(
    X: Floats, Y: Floats, alpha: float, eta: float, n_epochs: int, seeds: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return weights (k, d) and intercepts (k,) of k problems, whose labels (n, k) are 0 or 1.

    Weights are kept divided by a scale, so that their decay is a single product. A step waits for the
    one before; steps of all problems are taken in turns, so that processors work on several at once.
    """
    (n, d), k = X.shape, len(seeds)
    orders = np.empty((k, n), dtype=np.int32)
    orders[:] = np.arange(n)
    weights, scales, intercepts = np.zeros((k, d)), np.ones(k), np.zeros(k)
    for _ in range(n_epochs):
        for p in range(k):
            _shuffle(orders[p], seeds[p])
        _run_epoch(X, Y, orders, alpha, eta, weights, scales, intercepts)
        if not np.isfinite(intercepts).all():
            break
    for p in range(k):
        weights[p] *= scales[p]
    return weights, intercepts


@compiled
def _run_epoch(
    X: Floats,
    Y: Floats,
    orders: NDArray[np.int32],
    alpha: float,
    eta: float,
    weights: Floats,
    scales: Floats,
    intercepts: Floats,
) -> None:
    k, d = weights.shape
    decay = max(0.0, 1.0 - eta * alpha)
    for i in range(len(X)):
        for p in range(k):
            row = orders[p, i]
            product = 0.0
            for j in range(d):
                product += weights[p, j] * X[row, j]
            update = -eta * _slope(Y[row, p], product * scales[p] + intercepts[p])
            scales[p] *= decay
            if scales[p] < _SMALLEST_SCALE:
                weights[p] *= scales[p]
                scales[p] = 1.0
            if update != 0.0:
                step = update / scales[p]
                for j in range(d):
                    weights[p, j] += X[row, j] * step
                intercepts[p] += update


@compiled
def _slope(y: float, prediction: float) -> float:
    """Return the derivative of the logistic loss, in [−1, 1], as scikit-learn computes it."""
    if prediction > -37:
        e = math.exp(-prediction)
        return ((1 - y) - y * e) / (1 + e)
    return math.exp(prediction) - y


@compiled
def _shuffle(order: NDArray[np.int32], seed: int) -> None:
    """Shuffle in place (Fisher and Yates)."""
    n = len(order)
    for i in range(n - 1):
        seed = xorshift(seed)
        j = i + (seed & 0x7FFFFFFF) % (n - i)
        order[i], order[j] = order[j], order[i]


def _compile() -> None:
    """Compile, or load what this machine has compiled, before an evaluation is timed."""
    _descend(np.zeros((1, 1)), np.zeros((1, 1)), 0.0, 0.0, 1, np.ones(1, dtype=np.int64))


_compile()
