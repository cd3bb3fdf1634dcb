"""Text into formulas and back, without running the text."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.formula import Formula

NAMES = ("C", "E", "S", "gamma", "reg_lambda")
X = np.random.default_rng(1).uniform(-2.0, 3.0, (40, len(NAMES)))

numbers = st.one_of(
    st.integers(-20, 20).map(lambda i: f"({i})"),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"({x!r})"),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda f: f"({f[0]}/{f[1]})"),
)


def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    condition = st.tuples(inner, st.sampled_from(["<", "<=", ">", ">="]), inner).map(" ".join)
    return st.one_of(
        st.tuples(pair, st.sampled_from("+-*/")).map(lambda t: f"({t[0][0]}){t[1]}({t[0][1]})"),
        st.tuples(pair, st.sampled_from("+-*/")).map(lambda t: f"{t[0][0]} {t[1]} {t[0][1]}"),
        st.tuples(inner, st.sampled_from(["2", "-1", "(1/2)", "(-1/2)", "-2", "3"])).map(
            lambda t: f"({t[0]})**{t[1]}"
        ),
        inner.map(lambda a: f"-({a})"),
        st.tuples(st.sampled_from(["Abs", "log", "log10", "sqrt", "exp", "tanh", "sin"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(st.sampled_from(["Min", "Max"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda t: f"{t[0]}({', '.join(t[1])})"
        ),
        st.tuples(pair, condition, condition, st.sampled_from("&|")).map(
            lambda t: f"Piecewise(({t[0][0]}, ({t[1]}) {t[3]} ~({t[2]})), ({t[0][1]}, True))"
        ),
    )


texts = st.recursive(st.one_of(numbers, st.sampled_from(NAMES)), extend, max_leaves=12)


@given(texts)
@settings(max_examples=300, deadline=None)
def test_text_reads_back_as_the_same_tree_and_values(text: str) -> None:
    formula = Formula.parse(text, NAMES)
    again = Formula.parse(formula.text, NAMES)
    assert again.text == formula.text
    assert again.expression == formula.expression
    np.testing.assert_array_equal(again.evaluate(X), formula.evaluate(X))


@given(texts)
@settings(max_examples=150, deadline=None)
def test_any_expression_of_sympy_survives_its_text(text: str) -> None:
    # What sympy itself builds, evaluated and reordered, is a formula like any other.
    source = Formula.parse(text, NAMES).expression
    try:
        expanded = sympy.expand(source, deep=False)
    except (ArithmeticError, RecursionError, TypeError):  # beyond sympy, such as 0.0/0.0
        return
    try:
        evaluated = Formula(expanded, NAMES)
    except (UserError, RecursionError):  # complex, infinite or too deep
        return
    again = Formula.parse(evaluated.text, NAMES)
    assert again.expression == evaluated.expression


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_number_is_lost(value: float) -> None:
    formula = Formula(sympy.Float(value) + sympy.Symbol("C"), NAMES)
    again = Formula.parse(formula.text, NAMES)
    assert again.evaluate(np.zeros((1, len(NAMES))))[0] == value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.1+0.2 * C", "0.1 + 0.2*C"),
        ("C - (gamma - S)", "C - (gamma - S)"),
        ("(C + gamma) + S", "C + gamma + S"),
        ("C*(gamma*S)", "C*(gamma*S)"),
        ("-C*gamma/S**2", "-C*gamma/S**2"),
        ("1/3*S", "1/3*S"),
        ("C**-2", "1/C**2"),
        ("C**(1/2)", "sqrt(C)"),
        ("--C", "C"),
        ("+C", "C"),
        ("1e-05*C", "1e-05*C"),
        ("E**2", "E**2"),
        ("pi*C", "pi*C"),
        ("Gt(C, 1)", None),
        ("Piecewise((C, Ge(C, 1)), (0, True))", "Piecewise((C, C >= 1), (0, True))"),
        ("Piecewise((C, Eq(C, 1)))", "Piecewise((C, Eq(C, 1)))"),
    ],
)
def test_standard_syntax(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(UserError):
            Formula.parse(text, NAMES)
    else:
        assert Formula.parse(text, NAMES).text == canonical


def test_hyperparameters_come_before_constants() -> None:
    x = np.full((1, 1), 7.0)
    assert Formula.parse("E", ("E",)).evaluate(x) == 7.0
    assert Formula.parse("E", ("C",)).evaluate(x) == np.e
    # The constant e over a hyperparameter of that name is a number, not the hyperparameter.
    assert Formula(sympy.E + sympy.Symbol("C"), ("C", "E")).evaluate(np.array([[0.0, 7.0]])) == np.e


def test_names_that_are_no_identifiers() -> None:
    formula = Formula(sympy.Symbol("svm:C") * sympy.Symbol("lambda"), ("svm:C", "lambda"))
    assert Formula.parse(formula.text, formula.hyperparameters) == formula
    assert formula.evaluate([[2.0, 3.0]]) == 6.0


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("__import__('os').system('true')", 1),
        ("C + __import__('os')", 16),
        ("C.real", 1),
        ("1 + foo(C)", 5),
        ("C if C else 1", 1),
        ("1e999", 1),
        ("C + D", 5),
        ("log(C, 10)", 1),
        ("log(x=C)", 1),
        ("C // 2", 1),
        ("C @ C", 1),
        ("True", 1),
        ("1j", 1),
        ("'C'", 1),
        ("C < 1", 1),
        ("[C]", 1),
        ("lambda: 1", 1),
        ("Min()", 1),
        ("Symbol('D')", 1),
        ("Piecewise(C)", 11),
        ("Piecewise((C, 1))", 15),
        ("Piecewise((C, 0 < C < 1))", 15),
    ],
)
def test_all_else_is_refused_with_its_place(text: str, column: int) -> None:
    with pytest.raises(UserError, match=rf"column {column}:"):
        Formula.parse(text, NAMES)


@pytest.mark.parametrize("text", ["", "C +", "(C", "C C", "C\x00", "1.2.3"])
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="formula"):
        Formula.parse(text, NAMES)


@pytest.mark.parametrize("text", ["(" * 300 + "C" + ")" * 300, "-" * 5000 + "C"])
def test_too_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="nested"):
        Formula.parse(text, NAMES)


def test_deep_nesting_is_read() -> None:
    formula = Formula.parse("sin(" * 150 + "C" + ")" * 150, NAMES)
    assert formula.depth == 150
    assert Formula.parse(formula.text, NAMES) == formula


def test_long_sums_are_no_deep_nesting() -> None:
    text = " + ".join(f"{i}.5*C" for i in range(600))
    assert Formula.parse(text, NAMES).evaluate(np.ones((1, 5))) == sum(i + 0.5 for i in range(600))
