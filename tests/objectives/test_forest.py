"""The fast forest is scikit-learn's own, bit for bit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from symhpo.objectives.classifiers.forest import FastForestClassifier

TREES: dict[str, Any] = {
    "n_estimators": 20,
    "max_depth": 50,
    "max_features": 2,
    "min_samples_leaf": 1,
    "min_samples_split": 2,
}


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
    scale=st.sampled_from(
        [1e-30, 1e-7, 1.0, 1e30]
    ),  # at the second, some values are too close to be told apart
    seed=st.integers(0, 2**32 - 1),
)
def test_same_trees_for_all_hyperparameters(
    n_classes: int, decimals: int, scale: float, seed: int, **parameters: int
) -> None:
    rng = np.random.RandomState(seed)
    X = scale * rng.randn(250, 6).round(decimals)
    X[:, 3] = 1.0  # a column that never splits
    y = rng.randint(n_classes, size=250)
    y[X[:, 0] > 0] = 0
    rows = rng.randint(250, size=250)  # a bootstrap, in which rows are equal
    assert_same_forest(X[rows], y[rows], seed, n_estimators=9, **parameters)


def test_values_too_close_to_be_told_apart() -> None:
    rng = np.random.RandomState(3)
    X, y = 4e-8 * rng.randint(6, size=(200, 3)), rng.randint(2, size=200)
    assert_same_forest(X, y, **TREES)


def test_equal_rows_among_many_distinct_ones() -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(400, 3), rng.randint(3, size=400)
    rows = rng.randint(400, size=800)
    assert_same_forest(X[rows], y[rows], **(TREES | {"min_samples_leaf": 3}))


def test_a_single_row_of_a_rare_class() -> None:
    rng = np.random.RandomState(3)
    assert_same_forest(rng.randn(500, 3), np.arange(500) == 0, **TREES)


def test_cuts_that_gain_nothing() -> None:
    # Few rows, so that many cuts leave the shares of the classes as they are, up to rounding.
    rng = np.random.RandomState(3)
    X, y = rng.randint(2, size=(12, 2)), rng.randint(3, size=12)
    assert_same_forest(X.astype(float), y, **(TREES | {"n_estimators": 512}))


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (40, 1)])
def test_a_single_row_or_column(shape: tuple[int, int]) -> None:
    rng = np.random.RandomState(3)
    assert_same_forest(rng.randn(*shape), rng.randint(2, size=shape[0]), **TREES)


@pytest.mark.parametrize("order", ["C", "F"])
def test_any_layout_in_memory(order: Literal["C", "F"]) -> None:
    rng = np.random.RandomState(3)
    X = np.asarray(rng.randn(80, 6), order=order)[::2, ::-2]
    assert_same_forest(X, rng.randint(2, size=40), **TREES)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_values_beyond_single_precision_are_refused() -> None:
    X = np.full((10, 2), 1e39)
    with pytest.raises(ValueError, match="contains"):
        FastForestClassifier(random_state=np.random.RandomState(3), **TREES).fit(X, np.arange(10) % 2)


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
