"""From a surrogate to formulas on the hyperparameters that matter, and their scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.importance import Sobol
from symhpo.importance.explain import Explanation, Settings, explain, over_all_draws, score
from symhpo.importance.partial_dependence import PartialDependence, with_values
from symhpo.importance.views import View, views
from symhpo.objectives import Landscape
from symhpo.regression.baselines import LinearRegressor, QuadraticRegressor
from symhpo.regression.selection import MostAccurate
from symhpo.sampling.surrogate import Surrogate
from symhpo.space import Hyperparameter, Space

METHOD = Sobol(n_points=256, n_replicates=2)
SETTINGS = Settings(n_points=60, n_scoring_points=20, n_draws=100)
SPACE = Space(
    [
        Hyperparameter("a", "float", 0.0, 1.0, 0.5),
        Hyperparameter("b", "float", 1e-3, 1.0, 0.1, log=True),
        Hyperparameter("c", "int", 1, 9, 5),
    ]
)


def cost(X: np.ndarray) -> np.ndarray:
    """Of which c explains little."""
    return X[:, 0] + 0.5 * np.log10(X[:, 1]) + 0.04 * X[:, 2]


def landscape_of(space: Space, function: Callable[[np.ndarray], np.ndarray]) -> Landscape:
    X = space.sample(100, np.random.default_rng(5))
    costs = function(X)[:, None]
    return Landscape(space.names, X, np.array([0]), costs, costs, np.zeros_like(costs))


@pytest.fixture
def explanation(surrogate_of: Callable[..., Surrogate]) -> Explanation:
    return explain(
        surrogate_of(SPACE, cost, n=100),
        n_evaluations=100,
        method=METHOD,
        regressor=LinearRegressor(),
        seed=0,
        settings=SETTINGS,
    )


def test_finds_what_matters(explanation: Explanation) -> None:
    assert explanation.choice.names == ("a", "b")
    assert explanation.choice.share > 0.9
    assert explanation.whole_choice.names == ("a", "b", "c")
    assert explanation.training_set.n_evaluations == explanation.whole.n_evaluations == 100
    assert explanation.training_set.X.shape == (60, 2)
    assert explanation.whole.X.shape == (60, 3)
    assert explanation.scoring.X.shape == (20, 2)


def test_scores_tell_what_each_step_loses(explanation: Explanation) -> None:
    at = explanation.scoring
    # The average of c is 5.
    true = cost(np.column_stack([at.X, np.full(len(at.X), 5.0)]))[:15]
    truth = PartialDependence(at.space, at.X[:15], true, np.zeros(15))
    rows = {
        row["predictor"]: row for row in score(explanation, MostAccurate(), landscape_of(SPACE, cost), truth)
    }
    assert list(rows) == [
        "surrogate",
        "partial dependence",
        "formula",
        # None is as short as the formula of the partial dependence.
        "whole formula",
    ]
    assert rows["surrogate"]["rmse_dependence"] == 0
    assert rows["surrogate"]["nrmse"] < 0.1
    # Without c an error of its own spread is left: 0.04 times the standard deviation of 1..9.
    left = 0.04 * np.std(np.arange(1, 10))
    for predictor in ("partial dependence", "formula"):
        assert rows[predictor]["rmse"] == pytest.approx(left, rel=0.3)
    assert rows["whole formula"]["rmse"] < 0.5 * left
    for row in rows.values():
        assert row["nrmse_true_dependence"] < 0.05
    assert "c" in rows["whole formula"]["formula"]


def test_few_draws_of_the_truth_stand_for_all(explanation: Explanation) -> None:
    at, few = explanation.scoring, 3
    X = with_values(SPACE, at.space.names, at.X, explanation.draws)
    by_draw = cost(X).reshape(len(at.X), -1)
    truth = PartialDependence(at.space, at.X, by_draw[:, :few].mean(axis=1), np.zeros(len(at.X)))
    corrected = over_all_draws(explanation, truth, few)
    error, before = (np.abs(of.mean - by_draw.mean(axis=1)).max() for of in (corrected, truth))
    assert error < 0.3 * before


def test_the_band_holds_its_own_mean(explanation: Explanation) -> None:
    rows = score(explanation, MostAccurate(), landscape_of(SPACE, cost), explanation.scoring)
    assert {row["predictor"]: row["coverage"] for row in rows}["partial dependence"] == 1
    far = replace(explanation.scoring, mean=explanation.scoring.mean + 100)
    rows = score(explanation, MostAccurate(), landscape_of(SPACE, cost), far)
    assert {row["predictor"]: row["coverage"] for row in rows}["partial dependence"] == 0


def test_points_without_a_true_value_are_left_out(explanation: Explanation) -> None:
    mean = explanation.scoring.mean.copy()
    mean[:5] = np.nan
    known = replace(explanation.scoring, mean=mean)
    rows = score(explanation, MostAccurate(), landscape_of(SPACE, cost), known)
    assert {row["predictor"]: row["coverage"] for row in rows}["partial dependence"] == 1
    assert all(np.isfinite(row["nrmse_true_dependence"]) for row in rows)


def test_without_the_truth(explanation: Explanation) -> None:
    for row in score(explanation, MostAccurate(), landscape_of(SPACE, cost)):
        assert np.isnan(row["rmse_true_dependence"])
        assert np.isfinite(row["rmse"])


def test_round_trip(explanation: Explanation, tmp_path: Path) -> None:
    explanation.save(tmp_path)
    again = Explanation.load(tmp_path)
    landscape = landscape_of(SPACE, cost)
    np.testing.assert_equal(
        score(again, MostAccurate(), landscape), score(explanation, MostAccurate(), landscape)
    )
    assert again.importance.to_json() == explanation.importance.to_json()


def test_repeats(explanation: Explanation, surrogate_of: Callable[..., Surrogate]) -> None:
    again = explain(
        surrogate_of(SPACE, cost, n=100),
        n_evaluations=100,
        method=METHOD,
        regressor=LinearRegressor(),
        seed=0,
        settings=SETTINGS,
    )
    assert again.front.to_json() == explanation.front.to_json()
    np.testing.assert_array_equal(again.dependence.mean, explanation.dependence.mean)


def test_categorical_and_conditional(surrogate_of: Callable[..., Surrogate], kernel_space: Space) -> None:
    def by_kernel(X: np.ndarray) -> np.ndarray:
        values = dict(zip(kernel_space.names, X.T, strict=True))
        of_poly = 0.3 * np.nan_to_num(values["degree"])
        return np.choose(values["kernel"].astype(int), [0.5 * np.log10(values["C"]), of_poly, 0.2])

    of = explain(
        surrogate_of(kernel_space, by_kernel, n=150),
        n_evaluations=150,
        method=METHOD,
        regressor=QuadraticRegressor(),
        seed=0,
        settings=SETTINGS,
    )
    assert of.choice.names == ("C", "kernel", "degree")
    rows = {row["predictor"]: row for row in score(of, MostAccurate(), landscape_of(kernel_space, by_kernel))}
    assert rows["formula"]["legend"] == "kernel: 0 rbf, 1 poly, 2 sigmoid"
    assert "Eq(kernel, 1)" in rows["formula"]["formula"]
    assert rows["formula"]["nrmse"] < 0.2
    shown = {view.space.names: view for view in views(of, of.front.members[-1].formula)}
    degree = shown[("degree (kernel = poly)",)]
    np.testing.assert_allclose(degree.dependence.mean, 0.3 * degree.dependence.X[:, 0], atol=0.1)
    again = View.from_json(json.loads(json.dumps(degree.to_json())))
    np.testing.assert_array_equal(again.dependence.X, degree.dependence.X)


def test_equal_costs(surrogate_of: Callable[..., Surrogate]) -> None:
    with pytest.raises(UserError, match="no hyperparameter explains any"):
        explain(
            surrogate_of(SPACE, lambda X: np.full(len(X), 0.25)),
            n_evaluations=60,
            method=METHOD,
            regressor=LinearRegressor(),
            seed=0,
            settings=SETTINGS,
        )


def test_views_show_the_partial_dependence_and_the_formula(explanation: Explanation) -> None:
    formula = explanation.front.members[0].formula
    of_a, of_b, of_both = views(explanation, formula)
    assert (of_a.space.names, of_b.space.names, of_both.space.names) == (("a",), ("b",), ("a", "b"))
    # The cost is additive: what is averaged out only shifts it.
    slope = np.polyfit(of_a.dependence.X[:, 0], of_a.dependence.mean, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.1)
    np.testing.assert_allclose(of_both.formula, of_both.dependence.mean, atol=0.1)
    np.testing.assert_allclose(of_both.formula, formula.evaluate(of_both.dependence.X), rtol=1e-9)
    again = View.from_json(json.loads(json.dumps(of_both.to_json())))
    np.testing.assert_array_equal(again.dependence.X, of_both.dependence.X)
    np.testing.assert_array_equal(again.formula, of_both.formula)
