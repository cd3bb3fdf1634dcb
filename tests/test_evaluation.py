"""Scores: known answers, and what is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from symhpo.evaluation import scores

costs = npst.arrays(np.float64, st.integers(2, 20), elements=st.floats(-1e3, 1e3, width=32))


def test_known_answer() -> None:
    result = scores([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 3.0, 2.0])
    assert result == pytest.approx(
        {
            "rmse": np.sqrt(0.5),
            "mae": 0.5,
            "r2": 1 - 2 / 5,
            "kendall_tau": (5 - 1) / 6,
            "nrmse": np.sqrt(0.5) / np.sqrt(1.25),
        }
    )


def test_ties_count_as_in_tau_b() -> None:
    # Of six pairs four are ordered alike, none otherwise, and each side has ties of its own.
    result = scores([0.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 2.0])
    assert result["kendall_tau"] == pytest.approx(4 / np.sqrt(5 * 5))


@given(costs)
def test_perfect_prediction(cost: np.ndarray) -> None:
    result = scores(cost, cost)
    assert result["rmse"] == result["mae"] == 0.0
    if np.ptp(cost) > 0:
        assert result["r2"] == 1.0
        assert result["kendall_tau"] == pytest.approx(1.0)


@given(costs)
def test_the_mean_scores_one(cost: np.ndarray) -> None:
    if np.std(cost) < 1e-6:
        return
    result = scores(cost, np.full(len(cost), cost.mean()))
    assert result["nrmse"] == pytest.approx(1.0)
    assert result["r2"] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(result["kendall_tau"])


def test_failed_evaluations_are_left_out() -> None:
    assert scores([0.0, np.nan, 2.0], [1.0, 5.0, 2.0]) == scores([0.0, 2.0], [1.0, 2.0])


def test_a_constant_cost_has_no_relative_scores() -> None:
    result = scores([0.3, 0.3, 0.3], [0.3, 0.2, 0.4])
    assert result["rmse"] == pytest.approx(np.sqrt(0.02 / 3))
    assert np.isnan([result["r2"], result["kendall_tau"], result["nrmse"]]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_is_infinitely_wrong(bad: float) -> None:
    result = scores([0.0, 1.0], [0.0, bad])
    assert result["rmse"] == result["mae"] == result["nrmse"] == np.inf
    assert result["r2"] == -np.inf
    assert np.isnan(result["kendall_tau"])


def test_nothing_to_score() -> None:
    assert all(np.isnan(value) for value in scores([np.nan], [1.0]).values())
    assert all(np.isnan(value) for value in scores([], []).values())


@pytest.mark.parametrize("prediction", [[0.0], [[0.0], [1.0], [2.0]]])
def test_shapes_must_agree(prediction: list) -> None:
    with pytest.raises(ValueError, match="do not match"):
        scores([0.0, 1.0, 2.0], prediction)
