"""Every compiled classifier against the same contract: input that cannot be learned from is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symhpo.objectives.classifiers import FastForestClassifier, FastMLPClassifier, FastSGDClassifier

SETTINGS: dict[type, dict[str, Any]] = {
    FastForestClassifier: {
        "n_estimators": 5,
        "max_depth": 9,
        "max_features": 2,
        "min_samples_leaf": 1,
        "min_samples_split": 2,
    },
    FastMLPClassifier: {"hidden_layer_sizes": [3], "max_iter": 2},
    FastSGDClassifier: {"alpha": 1e-3, "eta0": 0.01, "max_iter": 5},
}
X = np.random.RandomState(3).randn(20, 2)
Y = np.arange(20) % 2


@pytest.fixture(params=SETTINGS, ids=lambda c: c.__name__)
def classifier(request: pytest.FixtureRequest) -> Any:
    return request.param(random_state=np.random.RandomState(3), **SETTINGS[request.param])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class TestContract:
    def test_labels_of_any_kind_are_predicted(self, classifier: Any) -> None:
        labels = np.array(["no", "yes"])[Y]
        assert set(classifier.fit(X, labels).predict(X)) <= {"no", "yes"}

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_values_that_are_not_finite_are_refused(self, classifier: Any, value: float) -> None:
        bad = X.copy()
        bad[::2, 0] = value
        with pytest.raises(ValueError, match="contains"):
            classifier.fit(bad, Y)
        classifier.fit(X, Y)
        with pytest.raises(ValueError, match="contains"):
            classifier.predict(bad)

    def test_rows_that_do_not_match_are_refused(self, classifier: Any) -> None:
        with pytest.raises(ValueError, match="inconsistent numbers"):
            classifier.fit(X, np.append(Y, 1))

    def test_columns_that_do_not_match_are_refused(self, classifier: Any) -> None:
        classifier.fit(X, Y)
        with pytest.raises(ValueError, match=r"1 columns|1 features|mismatch"):
            classifier.predict(X[:, :1])
