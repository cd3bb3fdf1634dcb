"""Planted formulas: cases repeat, shapes are compared rightly, faults are seen, some are found."""

from __future__ import annotations

import numpy as np
import pytest

from symhpo.formula import Formula
from symhpo.regression.base import Front, Member, TrainingSet
from symhpo.regression.fuzz.cases import KINDS, draw
from symhpo.regression.fuzz.measures import Task, failed, measure, summary
from symhpo.regression.fuzz.shape import shape
from symhpo.regression.operon import OperonRegressor
from symhpo.regression.selection import Bic

# The first case of each kind that the goals are for.
FIRST = 4


class Oracle:
    """An engine that knows the planted formula, and may report another one."""

    name = "oracle"

    def __init__(self, report: str | None = None) -> None:
        self.report = report

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        formula = draw("sums", seed).planted
        if self.report is not None:
            formula = Formula.parse(self.report, training_set.space.names)
        error = formula.evaluate(training_set.X) - training_set.y
        return Front((Member(formula, float(np.sqrt(np.mean(error**2)))),))


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_its_number_s(kind: str) -> None:
    for number in range(FIRST + 2):
        case, again = draw(kind, number), draw(kind, number)
        assert case.planted.text == again.planted.text
        np.testing.assert_array_equal(case.training_set.X, again.training_set.X)
        assert np.isfinite(case.training_set.y).all()
        assert np.isfinite(case.costs).all()
        assert case.planted.text != draw(kind, number + 1).planted.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.5 + 2*x + y", "7*y + (-3 - x)"),
        ("2*(x - 3)**2 + 1", "0.1 - 5*x + 0.3*x*x"),
        ("2*(x - 3)**2 + 1", "1 + x*(2 - 3*x)"),
        ("1 - 2*Max(0.1, 0.5 - x)", "Min(0.8, 2 + 3*x)"),
        ("Min(0.9, Max(0.2, x))", "Max(0.1, Min(0.5, x))"),
        ("x*y**0.3", "(2*x)**1.0*5*y**(-1.7)"),
        ("1 + log10(2*x)", "3*log10(x) - 5"),
        ("tanh(1 - x)", "-0.2*tanh(x + 3)"),
        ("x/(x + 0.5)", "1 - 0.5/(x + 0.7)"),
        ("(x + y + 0.5)**200", "3*(x + y + 0.7)**100.0"),
    ],
)
def test_equal_shapes(one: str, other: str) -> None:
    scaled = [shape(Formula.parse(f"0.3 + 0.7*({text})", ("x", "y"))) for text in (one, other)]
    assert scaled[0] == scaled[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [("1 + x", "1 + y"), ("1 + x", "1 + log10(x)"), ("x**2 + y", "x**2 + x + y"), ("Max(1, x)", "Min(1, x)")],
)
def test_different_shapes(one: str, other: str) -> None:
    assert shape(Formula.parse(one, ("x", "y"))) != shape(Formula.parse(other, ("x", "y")))


def test_a_right_answer_has_no_fault() -> None:
    outcome = measure(Task("sums", FIRST, Oracle(), Bic()))
    assert outcome.counts
    assert outcome.is_structure
    assert outcome.nrmse == 0
    assert outcome.beats_constant
    assert outcome.is_finite
    assert outcome.equals_engine


def test_wrong_answers_are_seen() -> None:
    wrong = measure(Task("sums", FIRST, Oracle("100.0"), Bic()))
    assert wrong.nrmse > 1
    assert not wrong.beats_constant
    infinite = measure(Task("sums", FIRST, Oracle("log10(x0 - x0)"), Bic()))
    assert not infinite.is_finite
    table = summary([wrong, infinite, failed(Task("sums", 9, Oracle(), Bic()), "it raised")])
    row = table[table.kind == "sums"].iloc[0]
    assert (row.found, row.worse, row.infinite, row.crashed) == (0, 2, 1, 1)
    assert not row.reached


def test_the_default_engine_finds_some_and_fails_on_none() -> None:
    engine = OperonRegressor(max_nodes=9)
    outcomes = [
        measure(Task(kind, number, engine, Bic()))
        for kind, number in [("products", FIRST), ("interactions", FIRST), *((kind, 1) for kind in KINDS)]
    ]
    for outcome in outcomes:
        assert outcome.beats_constant, outcome
        assert outcome.is_finite, outcome
        assert outcome.equals_engine, outcome
    assert all(outcome.nrmse < 0.01 for outcome in outcomes[:2])
