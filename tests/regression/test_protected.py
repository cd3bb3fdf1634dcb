"""gplearn programs as formulas: the same values bit for bit, thresholds of the protections included."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import sympy
from gplearn._program import _Program
from gplearn.fitness import _fitness_map
from gplearn.functions import _function_map, make_function
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.formula.simplify import simplify
from symhpo.regression.domain import corners
from symhpo.regression.protected import capped_exp, to_formula
from symhpo.space import Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("C", "float", 2.0**-10, 2.0**10, 1.0, log=True),
        Hyperparameter("alpha", "float", 1e-8, 1.0, 1e-3, log=True),
        Hyperparameter("batch_size", "int", 4, 256, 32, log=True),
        Hyperparameter("max_features", "float", 0.0, 1.0, 0.5),
    ]
)
NAMES = ["add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", "abs", "neg", "inv", "max", "min", "tan"]
FUNCTIONS = {name: _function_map[name] for name in NAMES}
FUNCTIONS["exp"] = make_function(function=capped_exp, name="exp", arity=1, wrap=False)
THRESHOLD = 0.001


def _points() -> NDArray[np.float64]:
    around = [THRESHOLD, np.nextafter(THRESHOLD, 0), np.nextafter(THRESHOLD, 1)]
    edges = itertools.product(around, around, [4.0, 256.0], [0.0, *around])
    return np.vstack([SPACE.sample(200, np.random.default_rng(0)), corners(SPACE), list(edges)])


POINTS = _points()


def program(nodes: Sequence[Any], functions: Sequence[Any] = tuple(FUNCTIONS.values())) -> _Program:
    return _Program(
        list(functions),
        {arity: [f for f in functions if f.arity == arity] for arity in (1, 2)},
        (2, 6),
        "half and half",
        len(SPACE),
        (-1.0, 1.0),
        _fitness_map["rmse"],
        0.05,
        1e-4,
        check_random_state(0),
        program=list(nodes),
    )


def random_program(seed: int, depth: tuple[int, int]) -> _Program:
    functions = [f for name, f in FUNCTIONS.items() if name not in ("neg", "inv", "max", "min", "tan")]
    arities = {arity: [f for f in functions if f.arity == arity] for arity in (1, 2)}
    random_state = check_random_state(seed)
    return _Program(
        functions, arities, depth, "full", 4, (-1.0, 1.0), _fitness_map["rmse"], 0.05, 1e-4, random_state
    )


def execute(engine: _Program, X: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        return np.asarray(engine.execute(X))


leaves = st.one_of(
    st.integers(0, len(SPACE) - 1).map(lambda i: [i]),
    st.floats(-1.0, 1.0).map(lambda c: [c]),
    st.sampled_from([[0.0], [1.0], [-1.0], [THRESHOLD], [-THRESHOLD]]),
)


def grow(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    unary = st.sampled_from([f for f in FUNCTIONS.values() if f.arity == 1])
    binary = st.sampled_from([f for f in FUNCTIONS.values() if f.arity == 2])
    return st.one_of(
        st.tuples(unary, inner).map(lambda t: [t[0], *t[1]]),
        st.tuples(binary, inner, inner).map(lambda t: [t[0], *t[1], *t[2]]),
    )


def multiplies_by_an_inverse(nodes: list[Any]) -> bool:
    products = (FUNCTIONS["mul"], FUNCTIONS["div"])
    return FUNCTIONS["inv"] in nodes and any(node in products for node in nodes)


@given(st.recursive(leaves, grow, max_leaves=10))
@settings(max_examples=400, deadline=None)
def test_any_program_keeps_its_values(nodes: list[Any]) -> None:
    assume(not multiplies_by_an_inverse(nodes))
    formula = to_formula(nodes, SPACE)
    np.testing.assert_array_equal(formula.evaluate(POINTS), execute(program(nodes), POINTS))
    assert Formula.parse(formula.text, SPACE.names).expression == formula.expression


@pytest.mark.parametrize("nodes", [["mul", 0, "inv", 2], ["mul", "inv", 0, "inv", 2], ["div", "inv", 0, 2]])
def test_a_product_with_an_inverse_is_a_rounding_away(nodes: list[Any]) -> None:
    # SymPy has x * (1 / y) as x / y, which is rounded once less.
    of_functions = [FUNCTIONS.get(node, node) for node in nodes]
    formula = to_formula(of_functions, SPACE)
    ours, theirs = formula.evaluate(POINTS), execute(program(of_functions), POINTS)
    np.testing.assert_allclose(ours, theirs, rtol=5e-16)


@pytest.mark.parametrize("seed", range(60))
def test_gplearn_s_own_programs_keep_their_values(seed: int) -> None:
    engine = random_program(seed, (2, 6))
    formula = to_formula(engine.program, SPACE)
    expected = execute(engine, POINTS)
    np.testing.assert_array_equal(formula.evaluate(POINTS), expected)
    assert simplify(formula, POINTS).is_equal(formula, POINTS)


@pytest.mark.parametrize("seed", [8, 31, 38])
def test_programs_of_hundreds_of_nodes(seed: int) -> None:
    engine = random_program(seed, (10, 10))
    assert len(engine.program) > 200
    formula = to_formula(engine.program, SPACE)
    np.testing.assert_array_equal(formula.evaluate(POINTS), execute(engine, POINTS))
    assert Formula.parse(formula.text, SPACE.names) == formula


C, ALPHA, BATCH_SIZE, MAX_FEATURES = 0, 1, 2, 3


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        (["log", ALPHA], "Piecewise((log(alpha), alpha > 0.001), (0, True))"),
        (["log", BATCH_SIZE], "log(batch_size)"),
        (["div", 1.0, BATCH_SIZE], "1.0/batch_size"),
        (["div", C, ALPHA], "Piecewise((C/alpha, alpha > 0.001), (1, True))"),
        (["sqrt", C], "sqrt(C)"),
        (["sqrt", "sub", C, 1.0], "sqrt(Abs(C - 1.0))"),
        (["abs", "neg", C], "C"),
        (["exp", MAX_FEATURES], "exp(max_features)"),
        (["exp", C], "Min(exp(C), 100000)"),
        (
            ["log", "log", ALPHA],
            "Piecewise((log(Abs(log(alpha))), (alpha > 0.001) & (Abs(log(alpha)) > 0.001)), (0, True))",
        ),
        (["sin", "log", ALPHA], "Piecewise((sin(log(alpha)), alpha > 0.001), (0, True))"),
        (["add", C, "add", ALPHA, BATCH_SIZE], "alpha + batch_size + C"),
        (["div", C, "mul", ALPHA, 0.0], "1"),
        (["log", "div", ALPHA, 2000.0], "0"),
    ],
)
def test_protections_stay_where_they_can_act(nodes: list[Any], text: str) -> None:
    nodes = [FUNCTIONS.get(node, node) if isinstance(node, str) else node for node in nodes]
    formula = to_formula(nodes, SPACE)
    assert formula.text == text
    np.testing.assert_array_equal(formula.evaluate(POINTS), execute(program(nodes), POINTS))


def test_the_thresholds_are_met_to_the_last_bit() -> None:
    formula = to_formula([FUNCTIONS["div"], C, ALPHA], SPACE)
    at, above = [2.0, THRESHOLD, 4.0, 0.0], [2.0, np.nextafter(THRESHOLD, 1), 4.0, 0.0]
    values = formula.evaluate([at, above])
    assert values[0] == 1.0
    assert values[1] == pytest.approx(2000.0)


def test_no_digit_of_a_constant_is_cut() -> None:
    formula = to_formula([FUNCTIONS["mul"], 0.12345678901234567, C], SPACE)
    assert formula.expression.args[0] == sympy.Float(0.12345678901234567)
    assert formula.text == f"{0.12345678901234567!r}*C"


def test_infinite_and_undefined_values_are_kept() -> None:
    power = [C]
    for _ in range(9):  # C**512 overflows
        power = [FUNCTIONS["mul"], *power, *power]
    nodes = [FUNCTIONS["sin"], FUNCTIONS["sub"], *power, *power]
    values = execute(program(nodes), POINTS)
    assert not np.isfinite(values).all()
    np.testing.assert_array_equal(to_formula(nodes, SPACE).evaluate(POINTS), values)


def test_a_function_without_standard_form_is_refused() -> None:
    own = make_function(function=lambda x: x, name="own", arity=1, wrap=False)
    with pytest.raises(UserError, match="'own' has no standard form"):
        to_formula([own, C], SPACE)
