"""Findings: formulas that beat what needs no search."""

from __future__ import annotations

import numpy as np
import pytest

from symhpo.formula import Formula
from symhpo.regression.base import Member, TrainingSet
from symhpo.regression.baselines import BASELINES, LinearRegressor
from symhpo.regression.finding import is_finding
from symhpo.space import Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("C", "float", 1e-3, 1e3, 1.0, log=True),
        Hyperparameter("gamma", "float", 1e-3, 1e3, 1.0, log=True),
    ]
)
HINGE = "0.1 + 0.2*Max(0, log10(C) - 1)"


def surface(cost: str, noise: float = 0.01, n: int = 100) -> TrainingSet:
    rng = np.random.default_rng(0)
    X = SPACE.sample(n, rng)
    y = Formula.parse(cost, SPACE.names).evaluate(X) + noise * rng.standard_normal(n)
    return TrainingSet(SPACE, X, y, n)


def member(text: str, training_set: TrainingSet) -> Member:
    formula = Formula.parse(text, training_set.space.names)
    residuals = formula.evaluate(training_set.X) - training_set.y
    return Member(formula, float(np.sqrt(np.mean(residuals**2))))


def test_a_plateau_with_a_slope_is_a_finding() -> None:
    training_set = surface(HINGE)
    found, reason = is_finding(member(HINGE, training_set), training_set)
    assert found
    assert reason.startswith("beats the ")
    assert "nodes" in reason


def test_what_is_linear_is_none() -> None:
    training_set = surface("0.1 + 0.2*log10(C)")
    wrapped = member("0.1 + 0.2*Max(log10(C), -5 + 0.001*gamma)", training_set)
    found, reason = is_finding(wrapped, training_set)
    assert not found
    assert reason.startswith("does not beat the ")


def test_a_better_fit_to_noise_is_none() -> None:
    training_set = surface("0.5", noise=0.1)
    least_squares = LinearRegressor().fit(training_set, seed=0).members[0]
    assert least_squares.rmse < np.std(training_set.y)
    assert not is_finding(least_squares, training_set)[0]


@pytest.mark.parametrize("name", BASELINES)
def test_no_baseline_is_one(name: str) -> None:
    training_set = surface(HINGE)
    for rival in BASELINES[name].fit(training_set, seed=0).members:
        assert not is_finding(rival, training_set)[0]


def test_longer_baselines_do_not_count() -> None:
    # A quadratic is far better than this line, but also longer.
    training_set = surface("log10(C)**2 + 0.5*log10(C)*log10(gamma) + log10(gamma)**2 + log10(C)")
    line = member("4 + log10(C)", training_set)
    assert is_finding(line, training_set, [LinearRegressor()])[0]


def test_evaluations_count_not_labels() -> None:
    # The same gain in error is evidence with 400 evaluations behind the labels, but not with 10.
    training_set = surface("0.1 + 0.02*Max(0, log10(C) - 1)", noise=0.012, n=400)
    hinge = member("0.1 + 0.02*Max(0, log10(C) - 1)", training_set)
    assert is_finding(hinge, training_set)[0]
    few = TrainingSet(SPACE, training_set.X, training_set.y, n_evaluations=10)
    assert not is_finding(hinge, few)[0]


def test_an_exact_tie_is_none() -> None:
    training_set = surface("0.25", noise=0.0)
    found, reason = is_finding(member("0.25", training_set), training_set)
    assert not found
    assert "constant" in reason


def test_without_a_baseline_of_its_size() -> None:
    training_set = surface(HINGE)
    found, reason = is_finding(member("0.2", training_set), training_set, [LinearRegressor()])
    assert found
    assert "no baseline has as few as 1 nodes" in reason
