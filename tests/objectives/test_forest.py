"""The fast forest is scikit-learn's own, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from symhpo.objectives.classifiers.forest import FastForestClassifier


def assert_same_forest(X: NDArray[np.float64], y: NDArray[Any], seed: int = 7, **parameters: Any) -> None:
    ours, theirs = (
        forest(random_state=np.random.RandomState(seed), **parameters).fit(X, y)
        for forest in (FastForestClassifier, RandomForestClassifier)
    )
    unseen = np.random.RandomState(1).randn(300, X.shape[1])
    for rows in (X, unseen):
        np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


@settings(max_examples=40, deadline=None)
@given(
    max_depth=st.integers(1, 50),
    max_features=st.integers(1, 6),
    min_samples_leaf=st.integers(1, 20),
    min_samples_split=st.integers(2, 128),
    n_classes=st.integers(1, 4),
    decimals=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_same_trees_for_all_hyperparameters(
    n_classes: int, decimals: int, seed: int, **parameters: int
) -> None:
    rng = np.random.RandomState(seed)
    X = rng.randn(150, 6).round(decimals)
    X[:, 3] = 1.0  # a column that never splits
    y = rng.randint(n_classes, size=150)
    y[X[:, 0] > 0] = 0
    assert_same_forest(X, y, seed, n_estimators=9, **parameters)


@pytest.mark.parametrize("labels", [["b", "a", "c"], [-1, 3, 10]])
def test_labels_of_any_kind(labels: list[Any]) -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(80, 2), np.array(labels)[rng.randint(3, size=80)]
    assert_same_forest(
        X, y, n_estimators=5, max_depth=4, max_features=1, min_samples_leaf=1, min_samples_split=2
    )


def test_as_many_trees_as_the_model_has() -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(200, 4), rng.randint(2, size=200)
    assert_same_forest(
        X, y, n_estimators=512, max_depth=10, max_features=2, min_samples_leaf=1, min_samples_split=32
    )
