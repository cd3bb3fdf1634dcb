"""The perceptron with compiled updates is scikit-learn's own, bit for bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from symhpo.objectives.classifiers.perceptron import FastMLPClassifier


def fitted(classifier: type[MLPClassifier], n_classes: int, **parameters: Any) -> MLPClassifier:
    rng = np.random.RandomState(3)
    X, y = rng.randn(90, 5), rng.randint(n_classes, size=90)
    y[:n_classes] = np.arange(n_classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classifier(random_state=np.random.RandomState(7), **parameters).fit(X, y)


def assert_same_network(n_classes: int, **parameters: Any) -> None:
    ours, theirs = (fitted(c, n_classes, **parameters) for c in (FastMLPClassifier, MLPClassifier))
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == theirs.loss_
    for mine, their in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(mine, their)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_same_weights_as_scikit_learn(solver: str, activation: str, n_classes: int) -> None:
    assert_same_network(
        n_classes, solver=solver, activation=activation, hidden_layer_sizes=[17, 9], max_iter=40
    )


@settings(max_examples=25, deadline=None)
@given(
    alpha=st.floats(1e-8, 1.0),
    learning_rate=st.floats(1e-5, 1.0),
    batch_size=st.integers(1, 120),
    layers=st.lists(st.integers(1, 70), min_size=1, max_size=3),
)
def test_same_weights_for_all_hyperparameters(
    alpha: float, learning_rate: float, batch_size: int, layers: list[int]
) -> None:
    assert_same_network(
        3,
        alpha=alpha,
        learning_rate_init=learning_rate,
        batch_size=batch_size,
        hidden_layer_sizes=layers,
        max_iter=12,
    )


def test_same_weights_of_large_layers() -> None:
    assert_same_network(2, hidden_layer_sizes=[300, 300], batch_size=4, max_iter=3)
