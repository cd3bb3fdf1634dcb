"""Statistics: known answers, textbook examples, properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control, ttest_1samp, wilcoxon

from symhpo.space import Hyperparameter, Space
from symhpo.statistics import (
    average_ranks,
    bootstrap_interval,
    centred_discrepancy,
    disagreement,
    holm,
    noise_floor,
    paired_tests,
    rank_biserial,
    ratio_interval,
    stop_point,
)

SPACE = Space(
    [
        Hyperparameter("C", "float", 2.0**-10, 2.0**10, 1.0, log=True),
        Hyperparameter("gamma", "float", 2.0**-10, 2.0**10, 0.1, log=True),
    ]
)
numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
probabilities = arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1))


def test_bootstrap_interval_is_near_the_normal_one():
    values = np.random.default_rng(0).normal(3, 2, 400)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std(ddof=1) / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    assert bootstrap_interval(values) == (low, high)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.inf], [1.0, np.nan]])
def test_no_interval_without_two_finite_values(values: list[float]):
    assert np.isnan(bootstrap_interval(values)).all()


def test_equal_values_have_an_interval_of_no_length():
    assert bootstrap_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)


def test_ratio_interval_is_students_on_the_logarithms():
    ratios = np.array([1.2, 0.9, 1.6, 1.1])
    low, high = ttest_1samp(np.log(ratios), 0).confidence_interval(0.95)
    assert ratio_interval(ratios) == pytest.approx((np.exp(low), np.exp(high)))
    low, high = ratio_interval(1 / ratios)
    assert ratio_interval(ratios) == pytest.approx((1 / high, 1 / low))


@pytest.mark.parametrize("ratios", [[], [1.0], [1.0, 0.0], [1.0, np.inf]])
def test_no_interval_without_two_positive_ratios(ratios: list[float]):
    assert np.isnan(ratio_interval(ratios)).all()


def test_holm_leaves_out_what_was_not_tested():
    assert holm([0.02, np.nan, 0.01]) == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)


def test_holm_of_a_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(probabilities)
def test_holm_lies_between_the_p_value_and_bonferronis(p: np.ndarray):
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(len(p) * p, 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
    assert (adjusted >= false_discovery_control(p) - 1e-12).all()


def test_rank_biserial():
    assert rank_biserial([1, 2, 3]) == 1
    assert rank_biserial([-1, -2, 0]) == -1
    assert rank_biserial([0, 0]) == 0
    # Ranks 1, 2, 3 of which 1 and 3 speak for a positive difference: (4 - 2) / 6.
    assert rank_biserial([1, -2, 3]) == pytest.approx(1 / 3)


@given(st.lists(numbers, max_size=20))
def test_rank_biserial_turns_with_the_sign(differences: list[float]):
    d = np.array(differences)
    assert -1 <= rank_biserial(d) <= 1
    assert rank_biserial(-d) == pytest.approx(-rank_biserial(d))


def test_paired_tests_name_the_better_method():
    rng = np.random.default_rng(0)
    good = rng.uniform(0.1, 0.2, 12)
    scores = pd.DataFrame({"good": good, "bad": good + rng.uniform(0.05, 0.1, 12), "same": good})
    tests = paired_tests(scores).set_index(["first", "second"])
    first = tests.loc[("good", "bad")]
    assert (first["first wins"], first["second wins"], first["rank-biserial"]) == (12, 0, -1)
    assert first["p"] == wilcoxon(scores["good"] - scores["bad"]).pvalue
    assert first["p"] < first["p (Holm)"] < 0.01
    assert tests.loc[("good", "same"), "p"] == 1
    assert tests.loc[("good", "same"), "median difference"] == 0


def test_a_family_of_tests_can_be_named():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.uniform(size=(8, 3)), columns=list("abc"))
    pairs = [("c", "a"), ("b", "c")]
    tests = paired_tests(scores, pairs)
    assert list(zip(tests["first"], tests["second"], strict=True)) == pairs
    assert tests["p (Holm)"].tolist() == holm(tests["p"]).tolist()
    assert tests["p"].max() < 1


@pytest.mark.parametrize(("cells", "tested"), [(5, False), (6, True)])
def test_fewer_than_six_cells_have_no_p_value(cells: int, tested: bool):
    scores = pd.DataFrame({"a": np.arange(cells), "b": np.arange(cells) + 1.0})
    tests = paired_tests(scores)
    assert np.isfinite(tests[["p", "p (Holm)"]]).all(axis=None) == tested


def test_cells_that_lack_a_method_leave_only_its_pairs():
    scores = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, np.nan, 4], "c": [3.0, 4, np.inf]})
    assert paired_tests(scores)["cells"].tolist() == [2, 2, 1]


def test_ranks_of_demsar():
    """The four algorithms on 14 data sets of Demšar (2006, Table 6): ranks, Friedman, critical difference."""
    accuracy = [
        (0.763, 0.768, 0.771, 0.798),
        (0.599, 0.591, 0.590, 0.569),
        (0.954, 0.971, 0.968, 0.967),
        (0.628, 0.661, 0.654, 0.657),
        (0.882, 0.888, 0.886, 0.898),
        (0.936, 0.931, 0.916, 0.931),
        (0.661, 0.668, 0.609, 0.685),
        (0.583, 0.583, 0.563, 0.625),
        (0.775, 0.838, 0.866, 0.875),
        (1.000, 1.000, 1.000, 1.000),
        (0.940, 0.962, 0.965, 0.962),
        (0.619, 0.666, 0.614, 0.669),
        (0.972, 0.981, 0.9751, 0.975),
        (0.957, 0.978, 0.946, 0.970),
    ]
    names = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
    comparison = average_ranks(-pd.DataFrame(accuracy, columns=names))
    assert comparison.ranks.to_dict() == pytest.approx(
        {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}, abs=1e-3
    )
    assert comparison.critical_difference == pytest.approx(1.25, abs=0.005)
    assert comparison.p < 0.05


def test_groups_are_the_largest_sets_not_told_apart():
    rows = [[1.0, 2, 3, 4]] * 40
    told_apart = average_ranks(pd.DataFrame(rows, columns=list("abcd")))
    assert told_apart.groups == []
    few = average_ranks(pd.DataFrame(rows[:4], columns=list("abcd")))
    assert few.critical_difference == pytest.approx(2.345, abs=0.001)
    assert few.groups == [("a", "b", "c"), ("b", "c", "d")]


def test_ranks_leave_out_cells_that_lack_a_method():
    scores = pd.DataFrame({"a": [1.0, 9, 1], "b": [2.0, np.nan, 2]})
    comparison = average_ranks(scores)
    assert comparison.n_cells == 2
    assert comparison.ranks.to_dict() == {"a": 1, "b": 2}


def test_noise_floor():
    assert noise_floor([0.1, 0.1], 5) == pytest.approx(0.1 / np.sqrt(5))
    assert noise_floor([0.3, 0.0], [1, 1]) == pytest.approx(np.sqrt(0.045))
    assert noise_floor([0.1, np.nan], [4, 0]) == pytest.approx(0.05)
    assert np.isnan(noise_floor([np.nan], [1]))


@pytest.mark.parametrize(
    ("rmse", "operations", "stop"),
    [
        ([1.0, 0.5, 0.25, 0.25], [1, 5, 9, 20], 2),  # the last step adds operations and no accuracy
        ([1.0, 0.95, 0.5], [1, 3, 9], 2),  # two operations more are always worth it
        ([1.0, 0.95, 0.5], [1, 4, 9], 0),  # three are not, whatever comes later
        ([1.0, 0.9, 0.5], [1, 4, 9], 0),  # 0.9 times is not below
        ([1.0, 0.8, 0.6], [1, 9, 30], 2),  # never stops: the weakest
        ([1.0], [1], 0),
    ],
)
def test_stop_point(rmse: list[float], operations: list[int], stop: int):
    assert stop_point(rmse, operations) == stop


def test_discrepancy_grows_with_clustering():
    rng = np.random.default_rng(0)
    even = SPACE.sample(140, rng)
    clustered = SPACE.from_unit(np.clip(0.2 + 0.05 * rng.normal(size=(140, 2)), 0, 1))
    assert centred_discrepancy(SPACE, even) < 0.01 < 0.3 < centred_discrepancy(SPACE, clustered)


def test_disagreement():
    cost = np.array([0.0, 2.0])
    assert disagreement([[0, 1], [0, 1]], cost) == 0
    # The standard deviation of 0 and 2 is √2 on both points, that of the landscape 1.
    assert disagreement([[0, 0], [2, 2]], cost) == pytest.approx(np.sqrt(2))
    assert np.isnan(disagreement([[0, 1]], cost))
    assert np.isnan(disagreement([[0, 1], [1, 2]], [1.0, 1.0]))
