"""The perceptron with a training loop of its own is scikit-learn's own, bit for bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
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
    assert getattr(ours, "loss_curve_", ours.loss_) == getattr(theirs, "loss_curve_", theirs.loss_)
    for mine, their in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(mine, their)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_same_weights_as_scikit_learn(solver: str, activation: str, n_classes: int) -> None:
    assert_same_network(
        n_classes, solver=solver, activation=activation, hidden_layer_sizes=[17, 9], max_iter=40
    )


@settings(max_examples=40, deadline=None)
@given(
    n_classes=st.integers(2, 9),
    activation=st.sampled_from(["relu", "tanh", "logistic", "identity"]),
    alpha=st.floats(1e-8, 1.0),
    learning_rate=st.floats(1e-5, 1.0),
    batch_size=st.one_of(st.integers(1, 120), st.just("auto")),
    layers=st.lists(st.integers(1, 70), min_size=1, max_size=3),
)
def test_same_weights_for_all_hyperparameters(
    n_classes: int,
    activation: str,
    alpha: float,
    learning_rate: float,
    batch_size: int | str,
    layers: list[int],
) -> None:
    assert_same_network(
        n_classes,
        activation=activation,
        alpha=alpha,
        learning_rate_init=learning_rate,
        batch_size=batch_size,
        hidden_layer_sizes=layers,
        max_iter=12,
    )


@pytest.mark.parametrize(
    "parameters",
    [{"early_stopping": True}, {"shuffle": False}, {"tol": 0.1}, {"learning_rate_init": 1e3}],
    ids=lambda parameters: next(iter(parameters)),
)
def test_same_weights_however_the_training_ends(parameters: dict[str, Any]) -> None:
    assert_same_network(3, hidden_layer_sizes=[9], max_iter=30, **parameters)


def test_training_goes_on_as_scikit_learn_would() -> None:
    ours, theirs = (fitted(c, 3, max_iter=5) for c in (FastMLPClassifier, MLPClassifier))
    X, y = np.random.RandomState(1).randn(20, 5), np.arange(20) % 3
    for classifier in (ours, theirs):
        classifier.partial_fit(X, y)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


def test_training_that_does_not_converge_warns() -> None:
    X = np.random.RandomState(0).randn(20, 2)
    with pytest.warns(ConvergenceWarning):
        FastMLPClassifier(max_iter=2).fit(X, X[:, 0] > 0)


def test_same_weights_of_large_layers() -> None:
    assert_same_network(2, hidden_layer_sizes=[300, 300], batch_size=4, max_iter=3)
