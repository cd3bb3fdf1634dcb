"""The fast logistic regression has scikit-learn's own weights, bit for bit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier

from symhpo.objectives.classifiers.sgd import FastSGDClassifier


def assert_same_model(
    X: NDArray[np.float64], y: NDArray[Any], seed: int = 7, **parameters: Any
) -> FastSGDClassifier:
    theirs = SGDClassifier(
        loss="log_loss",
        learning_rate="adaptive",
        tol=None,
        random_state=np.random.RandomState(seed),
        **parameters,
    ).fit(X, y)
    ours = FastSGDClassifier(random_state=np.random.RandomState(seed), **parameters).fit(X, y)
    np.testing.assert_array_equal(ours.coef_, theirs.coef_)
    np.testing.assert_array_equal(ours.intercept_, theirs.intercept_)
    unseen = np.random.RandomState(1).randn(50, X.shape[1])
    for rows in (X, unseen):
        scores = theirs.decision_function(rows).reshape(len(rows), -1)
        np.testing.assert_array_equal(ours.decision_function(rows), scores)
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    return ours


@settings(max_examples=40, deadline=None)
@given(
    alpha=st.floats(1e-5, 1.0),
    eta0=st.floats(1e-5, 1.0),
    n_classes=st.integers(2, 5),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    seed=st.integers(0, 2**32 - 1),
)
def test_same_weights_for_all_hyperparameters(
    alpha: float, eta0: float, n_classes: int, scale: float, seed: int
) -> None:
    rng = np.random.RandomState(seed)
    X, y = scale * rng.randn(60, 7), rng.randint(n_classes, size=60)
    y[:n_classes] = np.arange(n_classes)
    assert_same_model(X, y, seed, alpha=alpha, eta0=eta0, max_iter=30)


@pytest.mark.parametrize("labels", [["b", "a"], ["b", "a", "c"], [-1, 3, 10]])
def test_labels_of_any_kind(labels: list[Any]) -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(80, 2), np.array(labels)[rng.randint(len(labels), size=80)]
    assert_same_model(X, y, alpha=1e-3, eta0=0.01, max_iter=20)


@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_a_decay_that_sets_all_weights_to_zero(alpha: float) -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(40, 3), rng.randint(2, size=40)
    assert_same_model(X, y, alpha=alpha, eta0=1.0, max_iter=5)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_any_layout_in_memory(n_classes: int, order: Literal["C", "F"]) -> None:
    rng = np.random.RandomState(3)
    X = np.asarray(rng.randn(80, 6), order=order)[::2, ::-2]
    assert_same_model(X, rng.randint(n_classes, size=40), alpha=1e-3, eta0=0.01, max_iter=20)


def test_as_many_epochs_as_the_model_has() -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(100, 4), rng.randint(3, size=100)
    assert_same_model(X, y, alpha=0.3, eta0=0.4, max_iter=1000)


def test_a_single_class_and_an_overflow_are_told() -> None:
    X, y = np.array([[1.0], [2.0]]), np.array([0, 1])
    parameters: dict[str, Any] = {"max_iter": 3, "random_state": np.random.RandomState(0)}
    with pytest.raises(ValueError, match="two classes"):
        FastSGDClassifier(alpha=0.0, eta0=0.1, **parameters).fit(X, np.zeros(2))
    with pytest.raises(ValueError, match="overflowed"):
        FastSGDClassifier(alpha=0.0, eta0=1e300, **parameters).fit(1e200 * X, y)
