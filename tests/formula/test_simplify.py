"""Shorter formulas, never other values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symhpo.formula import Formula
from symhpo.formula import simplify as simplify_module
from symhpo.formula.fold import fold
from symhpo.formula.simplify import simplify

NAMES = ("C", "gamma")
POINTS = np.random.default_rng(0).uniform(0.01, 20.0, (100, 2))


def folded(text: str) -> str:
    return Formula(fold(Formula.parse(text, NAMES).expression), NAMES).text


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("1.0*C", "C"),
        ("C + 0.0", "C"),
        ("0.5*(2.0*C)", "C"),
        ("0.25 + C + 0.25", "0.5 + C"),
        ("C + C", "2*C"),
        ("C - C", "0"),
        ("C*gamma/gamma", "C"),
        ("Max(C, Max(gamma, 0.1), 0.3)", "Max(C, gamma, 0.3)"),
        ("Min(C, C)", "C"),
        ("Min(0.5, 0.25)", "0.25"),
        ("log10(100.0)*C", "2.0*C"),
        ("Piecewise((C, 1.0 > 0.001), (0, True))", "C"),
        ("Piecewise((C, 1.0 < 0.001), (gamma, True))", "gamma"),
        ("Piecewise((C, gamma > 0.001), (C, True))", "C"),
        ("0.5*(C + gamma)", "0.5*(C + gamma)"),
    ],
)
def test_cheap_rules(text: str, short: str) -> None:
    assert folded(text) == short


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.sampled_from("+-*/"))
@settings(max_examples=50, deadline=None)
def test_folding_keeps_the_values(a: float, b: float, operator: str) -> None:
    formula = Formula.parse(f"({a!r}*C {operator} {b!r})*({a!r} + gamma) - Max({b!r}*C, {a!r}*C)", NAMES)
    assert Formula(fold(formula.expression), NAMES).is_equal(formula, POINTS, 1e-6)


def test_a_form_that_moves_a_value_is_rejected() -> None:
    # By algebra this is C + 1; in floating point the constant swallows it.
    formula = Formula.parse("1e17 + C + 1 - 1e17", NAMES)
    assert simplify(formula, POINTS) == formula


def test_sympy_finds_what_the_rules_do_not() -> None:
    formula = Formula.parse("sin(C)**2*gamma + cos(C)**2*gamma", NAMES)
    assert simplify(formula, POINTS).nodes > 1
    assert simplify(formula, POINTS, time_limit=60).text == "gamma"


def test_a_simplification_that_takes_too_long_is_killed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(simplify_module, "MAX_NODES", 10_000)
    caplog.set_level("INFO")
    text = "sin(C*gamma) + cos(gamma)"
    for _ in range(6):
        text = f"Piecewise((sqrt(Abs({text}))/log(Abs({text})), Abs(C - gamma) > 0.001), (1, True))"
    formula = Formula.parse(text, NAMES)
    assert simplify(formula, POINTS, time_limit=1) == formula
    assert "killed" in caplog.text


def test_a_process_that_dies_leaves_the_formula_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplify_module.sys, "executable", "false")
    formula = Formula.parse("sin(C)**2*gamma + cos(C)**2*gamma", NAMES)
    assert simplify(formula, POINTS, time_limit=1) == formula


def test_nested_branches_fold_at_once() -> None:
    # sympy's own constructors recurse for ever on the power of a Piecewise whose condition holds another.
    text = "log(C)"
    for _ in range(5):
        text = f"Piecewise((1.0*gamma/({text}), Abs({text}) > 0.001), (1, True)) + 0.0"
    formula = Formula.parse(text, NAMES)
    short = Formula(fold(formula.expression), NAMES)
    assert short.is_equal(formula, POINTS)
    assert "1.0*" not in short.text
