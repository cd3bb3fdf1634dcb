"""Formulas: values, equality, what they may hold, and their life in other processes."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy
from numpy.typing import NDArray
from sympy.codegen.cfunctions import log10

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.formula.formula import max_relative_difference

C, gamma = sympy.symbols("C gamma", positive=True)
NAMES = ("C", "gamma")
X = np.array([[0.5, 2.0], [10.0, 0.001], [1.0, 1.0]])
c, g = X.T


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (C - gamma, c - g),
        (0.1 * log10(C) + gamma**2, 0.1 * np.log10(c) + g**2),
        (C / gamma, c / g),
        (sympy.sqrt(C) / sympy.sqrt(gamma), np.sqrt(c) / np.sqrt(g)),
        (sympy.Max(C, 0.7, gamma), np.maximum(np.maximum(c, 0.7), g)),
        (sympy.Min(C, gamma), np.minimum(c, g)),
        (sympy.Piecewise((C, gamma < C), (gamma, True)), np.maximum(c, g)),
        (sympy.Piecewise((1, (C > 0.7) & (gamma < 1.5)), (2, True)), np.where((c > 0.7) & (g < 1.5), 1, 2)),
        (sympy.tanh(C) * sympy.exp(-gamma), np.tanh(c) * np.exp(-g)),
        (sympy.Abs(C - gamma), np.abs(c - g)),
        (sympy.Rational(1, 3) * C, c / 3),
        (sympy.Float(0.25), np.full(3, 0.25)),
        (C**gamma, c**g),
        (sympy.E**C, np.exp(c)),
        (sympy.floor(C) + sympy.ceiling(gamma) + sympy.sign(C), np.floor(c) + np.ceil(g) + 1),
    ],
)
def test_values(expression: sympy.Expr, values: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(Formula(expression, NAMES).evaluate(X), values, rtol=1e-15)


def test_values_are_those_of_the_expression_as_written() -> None:
    # sympy would fold the constants: 1e16 + 1 - 1e16 is 0 from left to right, 1 by algebra.
    formula = Formula.parse("1e16 + C - 1e16", NAMES)
    np.testing.assert_array_equal(formula.evaluate(X), 1e16 + c - 1e16)


def test_evaluation_never_raises() -> None:
    formula = Formula.parse("log(C)/gamma + sqrt(-C) + exp(exp(exp(C)))", NAMES)
    values = formula.evaluate([[0.0, 0.0], [-1.0, 0.0], [1000.0, np.nan], [np.inf, -np.inf]])
    assert values.shape == (4,)
    assert not np.isfinite(values).any()


def test_a_piecewise_without_a_branch_is_not_a_number() -> None:
    np.testing.assert_array_equal(
        Formula.parse("Piecewise((1, C > 5))", NAMES).evaluate(X), [np.nan, 1.0, np.nan]
    )


def test_evaluation_does_not_depend_on_the_array_it_is_given() -> None:
    formula = Formula.parse("sin(C)*log10(gamma) + exp(-C)/gamma**3", NAMES)
    many = np.random.default_rng(0).uniform(0.1, 5.0, (1001, 2))
    values = formula.evaluate(many)
    np.testing.assert_array_equal(formula.evaluate(np.asfortranarray(many)), values)
    np.testing.assert_array_equal(
        np.concatenate([formula.evaluate(many[:7]), formula.evaluate(many[7:])]), values
    )
    read_only = many.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(formula.evaluate(read_only), values)


def test_the_values_do_not_alias_the_configurations() -> None:
    values = Formula.parse("C", NAMES).evaluate(X)
    values[:] = -1.0
    assert (X > 0).all()


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 3), (1, 3, 2)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        Formula.parse("C", NAMES).evaluate(np.ones(shape))


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Symbol("eta"),
        sympy.I * C,
        sympy.oo,
        sympy.zoo,
        sympy.nan,
        sympy.gamma(C),
        sympy.Integer(10) ** 400 * C,
        sympy.Function("f")(C),
        sympy.Integral(C, C),
    ],
)
def test_what_is_no_formula_is_refused(expression: sympy.Expr) -> None:
    with pytest.raises(UserError):
        Formula(expression, NAMES)


def test_symbols_are_known_by_their_names() -> None:
    assumed = sympy.log(sympy.Symbol("C", integer=True))
    assert Formula(assumed, NAMES) == Formula(sympy.log(sympy.Symbol("C")), NAMES)


def test_equality() -> None:
    formula = Formula.parse("C + gamma", NAMES)
    assert formula == Formula.parse("(C + gamma)", NAMES)
    assert hash(formula) == hash(Formula.parse("(C + gamma)", NAMES))
    assert formula != Formula.parse("gamma + C", NAMES)
    assert formula != Formula.parse("C + gamma", (*NAMES, "eta"))
    assert formula.is_equal(Formula.parse("gamma + C", NAMES), X)
    assert not formula.is_equal(Formula.parse("gamma + 1.00000001*C", NAMES), X)


def test_pickles_keep_the_expression_as_it_is_written() -> None:
    formula = Formula.parse("1e16 + C - 1e16 + C*(2*gamma)", NAMES)
    again = pickle.loads(pickle.dumps(formula))
    assert again.expression == formula.expression
    np.testing.assert_array_equal(again.evaluate(X), formula.evaluate(X))


def test_text_and_values_are_the_same_in_every_process() -> None:
    code = (
        "import sympy; from symhpo.formula import Formula; a, b = sympy.symbols('C gamma');"
        "f = Formula(sympy.expand((a + 0.3*b + sympy.Max(a, b))**3), ('C', 'gamma'));"
        "print(f.text, f.structure, f.evaluate([[0.1, 0.7]])[0].hex())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(seed), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (0, 1, 2)
    }
    assert len(outputs) == 1


class TestMaxRelativeDifference:
    """The measure by which formulas are compared."""

    def test_is_relative_point_by_point(self) -> None:
        assert max_relative_difference([1.0, 100.0], [1.0, 101.0]) == pytest.approx(1 / 101)
        assert max_relative_difference([1.1, 100.0], [1.0, 100.0]) == pytest.approx(0.1)

    def test_takes_a_tiny_reference_for_a_millionth_of_the_largest(self) -> None:
        assert max_relative_difference([1e-12, 1.0], [0.0, 1.0]) == pytest.approx(1e-6)

    def test_compares_values_that_are_not_finite_by_kind(self) -> None:
        odd = [np.nan, np.inf, -np.inf]
        assert max_relative_difference(odd, odd) == 0.0
        assert max_relative_difference([np.inf], [-np.inf]) == np.inf
        assert max_relative_difference([np.nan, 1.0], [1.0, 1.0]) == np.inf

    def test_of_zeros(self) -> None:
        assert max_relative_difference([0.0], [0.0]) == 0.0
        assert max_relative_difference([1.0], [0.0]) == np.inf
        assert max_relative_difference([], []) == 0.0
