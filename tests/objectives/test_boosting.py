"""The natively trained classifier has xgboost's own trees and predictions, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xgboost import XGBClassifier

from symhpo.objectives.classifiers.boosting import FastXGBClassifier


@settings(max_examples=30, deadline=None)
@given(
    n_classes=st.integers(2, 5),
    tree_method=st.sampled_from([None, "exact", "approx", "hist"]),
    colsample_bytree=st.floats(0.1, 1.0),
    eta=st.floats(2**-10, 1.0),
    max_depth=st.integers(1, 20),
    reg_lambda=st.floats(2**-10, 2**10),
    seed=st.integers(0, 2**31 - 1),
)
def test_same_trees_as_xgboost(
    n_classes: int,
    tree_method: str | None,
    colsample_bytree: float,
    eta: float,
    max_depth: int,
    reg_lambda: float,
    seed: int,
) -> None:
    rng = np.random.RandomState(3)
    X, y = rng.randn(80, 5), rng.randint(n_classes, size=80)
    y[:n_classes] = np.arange(n_classes)
    multiclass = {"objective": "multi:softmax", "num_class": n_classes}
    ours, theirs = (
        classifier(
            **(multiclass if n_classes > 2 else {"objective": "binary:logistic"}),
            tree_method=tree_method,
            colsample_bytree=colsample_bytree,
            eta=eta,
            max_depth=max_depth,
            reg_lambda=reg_lambda,
            n_estimators=15,
            n_jobs=1,
            random_state=seed,
        ).fit(X, y)
        for classifier in (FastXGBClassifier, XGBClassifier)
    )
    assert ours.get_booster().save_raw() == theirs.get_booster().save_raw()
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_a_class_that_does_not_occur_ends_as_with_xgboost() -> None:
    X, y = np.random.RandomState(0).randn(20, 2), np.arange(20) % 2 * 2
    with pytest.raises(ValueError, match="classes"):
        FastXGBClassifier(objective="multi:softmax", num_class=3, n_estimators=2).fit(X, y)
