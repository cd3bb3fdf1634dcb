"""scikit-learn's perceptron with a training loop of its own: the same network bit for bit, in less time.

For networks of the usual size most of scikit-learn's training step is the dispatch of a hundred small NumPy
calls. Here matrix products, exponentials and sums whose order matters stay the same NumPy and SciPy calls on
arrays of the same shape and layout; the element-wise arithmetic between them is compiled, in the same order,
neither rearranged nor contracted; buffers are made once, and the loss of all batches once an epoch. So every
weight and every loss is equal bit for bit (tested).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._base import ACTIVATIONS, DERIVATIVES
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer
from sklearn.utils import gen_batches, shuffle

from symhpo.objectives.classifiers.compiling import compiled

__all__ = ["FastMLPClassifier"]

Floats = NDArray[np.float64]


class FastMLPClassifier(MLPClassifier):  # type: ignore[misc]
    """`sklearn.neural_network.MLPClassifier`, two to five times as fast with the solver ``adam``.

    So for dense features of double precision, shuffled batches and no early stopping; anything else is
    left to scikit-learn. See its class for parameters and attributes.
    """

    def _fit_stochastic(
        self,
        X: Floats,
        y: NDArray[Any],
        sample_weight: Floats | None,
        activations: list[Any],
        deltas: list[Any],
        coef_grads: list[Floats],
        intercept_grads: list[Floats],
        layer_units: list[int],
        incremental: bool,
    ) -> None:
        plain = self.solver == "adam" and self.shuffle and not self.early_stopping and not self.verbose
        dense = isinstance(X, np.ndarray) and X.dtype == np.float64 and X.flags.c_contiguous
        if plain and dense and sample_weight is None and not incremental:
            self._fit_adam(X, y.astype(np.float64, order="C"), layer_units)
        else:
            super()._fit_stochastic(
                X,
                y,
                sample_weight,
                activations,
                deltas,
                coef_grads,
                intercept_grads,
                layer_units,
                incremental,
            )

    def _fit_adam(self, X: Floats, y: Floats, units: Sequence[int]) -> None:
        weights = _Parameters.of(self.coefs_, self.intercepts_)
        self.coefs_: list[Floats] = weights.coefs
        self.intercepts_: list[Floats] = weights.intercepts
        training = _Training(self, X, y, units, weights)
        self._optimizer = training.optimizer
        self.n_iter_ = 0
        order = np.arange(len(X))
        for _ in range(self.max_iter):
            order = shuffle(order, random_state=self._random_state)
            self.loss_ = training.epoch(order)
            self.n_iter_ += 1
            self.t_ += len(X)
            self.loss_curve_.append(self.loss_)
            self._update_no_improvement_count(False, None, None, None)
            if self._no_improvement_count > self.n_iter_no_change:
                return
        warnings.warn(
            f"not converged after {self.max_iter} epochs; raise max_iter", ConvergenceWarning, stacklevel=2
        )


@dataclass(frozen=True)
class _Parameters:
    """One array for all of a network, or of its gradients, and views of it by layer."""

    flat: Floats
    coefs: list[Floats]
    intercepts: list[Floats]

    @classmethod
    def of(cls, coefs: Sequence[Floats], intercepts: Sequence[Floats]) -> _Parameters:
        """Return a copy of a network's parameters."""
        flat = np.concatenate([array.ravel() for array in (*coefs, *intercepts)])
        views, start = [], 0
        for array in (*coefs, *intercepts):
            views.append(flat[start : start + array.size].reshape(array.shape))
            start += array.size
        return cls(flat, views[: len(coefs)], views[len(coefs) :])

    def zeros(self) -> _Parameters:
        """Return zeros of the same shapes."""
        return _Parameters.of(*([np.zeros_like(a) for a in part] for part in (self.coefs, self.intercepts)))

    @property
    def views(self) -> list[Floats]:
        """The layers' coefficients, then their intercepts: scikit-learn's own order."""
        return [*self.coefs, *self.intercepts]


@dataclass(frozen=True)
class _Batch:
    """Views and buffers of one batch.

    `layers` has the batch's rows and then the hidden layers' values; `deltas` the derivatives of the loss
    by the values of each layer behind the first, before its activation.
    """

    y: Floats
    output: Floats
    layers: list[Floats]
    deltas: list[Floats]


class _Training:
    """The epochs of one training."""

    def __init__(
        self, network: Any, X: Floats, y: Floats, units: Sequence[int], weights: _Parameters
    ) -> None:
        self.X, self.y, self.weights = X, y, weights
        self.alpha, self.activation = float(network.alpha), network.activation
        self.is_softmax = network.out_activation_ == "softmax"
        self.gradients, self.m, self.v = weights.zeros(), weights.zeros(), weights.zeros()
        self.n_coefs = sum(array.size for array in weights.coefs)
        self.optimizer = AdamOptimizer(
            weights.views, network.learning_rate_init, network.beta_1, network.beta_2, network.epsilon
        )
        self.optimizer.ms, self.optimizer.vs = self.m.views, self.v.views
        size = min(200, len(X)) if network.batch_size == "auto" else min(network.batch_size, len(X))
        self.slices = list(gen_batches(len(X), int(size)))
        self.rows = np.array([part.stop - part.start for part in self.slices])
        # The rows in an epoch's order, and what the network says of them, batch by batch.
        self.shuffled_X, self.shuffled_y = np.empty_like(X), np.empty_like(y)
        self.output = np.empty_like(y)
        self.batches = list(self._batches(units))

    def _batches(self, units: Sequence[int]) -> Iterator[_Batch]:
        buffers = {n: [np.empty((n, u)) for u in (*units[1:-1], *units[1:])] for n in set(self.rows.tolist())}
        for part, n in zip(self.slices, self.rows.tolist(), strict=True):
            hidden, deltas = buffers[n][: len(units) - 2], buffers[n][len(units) - 2 :]
            yield _Batch(self.shuffled_y[part], self.output[part], [self.shuffled_X[part], *hidden], deltas)

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Train on all rows once, in an order, and return the mean loss on the way."""
        np.take(self.X, order, axis=0, out=self.shuffled_X)
        np.take(self.y, order, axis=0, out=self.shuffled_y)
        squares = np.empty(len(self.batches))
        flat_coefs = [array.reshape(-1) for array in self.weights.coefs]
        for i, (batch, n) in enumerate(zip(self.batches, self.rows.tolist(), strict=True)):
            self._forward(batch)
            total = 0.0
            for coefs in flat_coefs:
                total += np.dot(coefs, coefs)
            squares[i] = total
            self._backward(batch)
            self._update(n)
        return self._loss(squares)

    def _forward(self, batch: _Batch) -> None:
        coefs, intercepts = self.weights.coefs, self.weights.intercepts
        for i, values in enumerate(batch.layers[1:]):
            np.matmul(batch.layers[i], coefs[i], out=values)
            if self.activation == "relu":
                _rectify(values, intercepts[i])
            else:
                np.add(values, intercepts[i], out=values)
                ACTIVATIONS[self.activation](values)
        output = batch.output
        np.matmul(batch.layers[-1], coefs[-1], out=output)
        np.add(output, intercepts[-1], out=output)
        if self.is_softmax:
            ACTIVATIONS["softmax"](output)
        else:
            expit(output, out=output)

    def _backward(self, batch: _Batch) -> None:
        coefs, gradients, deltas = self.weights.coefs, self.gradients, batch.deltas
        np.subtract(batch.output, batch.y, out=deltas[-1])
        for i in range(len(deltas) - 1, -1, -1):
            np.matmul(batch.layers[i].T, deltas[i], out=gradients.coefs[i])
            np.add.reduce(deltas[i], axis=0, out=gradients.intercepts[i])
            if i == 0:
                break
            np.matmul(deltas[i], coefs[i].T, out=deltas[i - 1])
            if self.activation == "relu":
                _mask(deltas[i - 1], batch.layers[i])
            else:
                DERIVATIVES[self.activation](batch.layers[i], deltas[i - 1])

    def _update(self, n: int) -> None:
        adam = self.optimizer
        adam.t += 1
        adam.learning_rate = (
            adam.learning_rate_init * np.sqrt(1 - adam.beta_2**adam.t) / (1 - adam.beta_1**adam.t)
        )
        _adam(
            self.weights.flat,
            self.gradients.flat,
            self.m.flat,
            self.v.flat,
            self.n_coefs,
            float(n),
            self.alpha,
            adam.beta_1,
            adam.beta_2,
            adam.learning_rate,
            adam.epsilon,
        )

    def _loss(self, squares: Floats) -> float:
        losses = _batch_losses(self.shuffled_y, self.output, self.rows, self.is_softmax)
        losses += (0.5 * self.alpha) * squares / self.rows
        total = 0.0
        for loss in (losses * self.rows).tolist():  # one after the other: sum() would round otherwise
            total += loss
        return total / len(self.X)


def _batch_losses(y: Floats, output: Floats, rows: NDArray[np.int64], softmax: bool) -> Floats:
    """Return the mean cross entropy of each batch, shape (batches,)."""
    epsilon = np.finfo(np.float64).eps
    p = np.clip(output, epsilon, 1 - epsilon)
    terms = xlogy(y, p) if softmax else xlogy(y, p) + xlogy(1 - y, 1 - p)
    # All batches but perhaps the last have as many rows: each is summed as if it were alone.
    n_even = len(rows) if rows[-1] == rows[0] else len(rows) - 1
    even = terms[: n_even * rows[0]].reshape(n_even, rows[0], -1)
    parts = [even.sum(axis=1) / rows[0]]
    if n_even < len(rows):
        parts.append(terms[n_even * rows[0] :].sum(axis=0)[None] / rows[-1])
    losses: Floats = -np.concatenate(parts).sum(axis=1)
    return losses


@partial(compiled, signature="void(f8[:,::1], f8[::1])")
def _rectify(values: Floats, intercepts: Floats) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            value = values[i, j] + intercepts[j]
            values[i, j] = 0.0 if value <= 0.0 else value


@partial(compiled, signature="void(f8[:,::1], f8[:,::1])")
def _mask(deltas: Floats, values: Floats) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            if values[i, j] == 0.0:
                deltas[i, j] = 0.0


@partial(compiled, signature="void(f8[::1], f8[::1], f8[::1], f8[::1], i8, f8, f8, f8, f8, f8, f8)")
def _adam(
    weights: Floats,
    gradients: Floats,
    m: Floats,
    v: Floats,
    n_coefs: int,
    n_rows: float,
    alpha: float,
    beta_1: float,
    beta_2: float,
    learning_rate: float,
    epsilon: float,
) -> None:
    """Decay the coefficients; then Adam (Kingma and Ba 2015, algorithm 1) in scikit-learn's order."""
    for i in range(weights.size):
        gradient = gradients[i]
        if i < n_coefs:
            gradient = gradient + alpha * weights[i]
        gradient = gradient / n_rows
        m[i] = beta_1 * m[i] + (1 - beta_1) * gradient
        v[i] = beta_2 * v[i] + (1 - beta_2) * (gradient * gradient)
        weights[i] += -learning_rate * m[i] / (np.sqrt(v[i]) + epsilon)
