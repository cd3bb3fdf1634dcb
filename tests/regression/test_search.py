"""Trees of the search: sizes and values as sympy's, normal form, fits of constants, terms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symhpo.regression.search.constants import CompiledFit, polish, round_constants
from symhpo.regression.search.evaluation import derivatives, evaluate, jacobian, node_values
from symhpo.regression.search.growth import Search, SearchSettings
from symhpo.regression.search.terms import Hyperparameters, TermLibrary
from symhpo.regression.search.tree import (
    Node,
    constant,
    constants,
    normal_form,
    size,
    skeleton,
    to_formula,
    variable,
    with_constants,
)

NAMES = ("a", "b")
COLUMNS = np.random.default_rng(0).uniform(0.1, 5.0, (2, 60))

numbers = st.floats(0.1, 3.0) | st.floats(-3.0, -0.1)
leaves = st.builds(constant, numbers) | st.sampled_from([variable(0), variable(1)])


def extended(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return (
        st.builds(
            lambda kind, parts: Node(kind, tuple(parts)),
            st.sampled_from(["add", "multiply", "max", "min"]),
            st.lists(children, min_size=2, max_size=3),
        )
        | st.builds(lambda kind, child: Node(kind, (child,)), st.sampled_from(["log10", "tanh"]), children)
        | st.builds(lambda child, p: Node("power", (child,), p), children, numbers)
    )


trees = st.recursive(leaves, extended, max_leaves=6)


def values(node: Node) -> np.ndarray:
    with np.errstate(all="ignore"):
        return evaluate(node, COLUMNS)


@settings(deadline=None)  # the first formula imports sympy
@given(trees)
def test_formula_has_the_tree_s_size_and_values(tree: Node) -> None:
    tree = normal_form(tree)
    formula = to_formula(tree, NAMES)
    expected = values(tree)
    assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e100)
    assert formula.nodes == size(tree)
    assert np.allclose(formula.evaluate(COLUMNS.T), expected, rtol=1e-9, atol=1e-300)


@settings(deadline=None)  # the first formula imports sympy
@given(trees)
def test_normal_form_keeps_values_and_does_not_grow(tree: Node) -> None:
    expected = values(tree)
    assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e6)
    short = normal_form(tree)
    magnitude = max(1.0, *(np.abs(v).max() for _, v in node_values(tree, COLUMNS).values()))
    assume(magnitude < 1e6)
    assert np.allclose(values(short), expected, rtol=1e-6, atol=1e-9 * magnitude)
    assert normal_form(short) == short


@settings(deadline=None)  # the first formula imports sympy
@given(trees)
def test_constants_can_be_taken_out_and_put_back(tree: Node) -> None:
    assert with_constants(tree, constants(tree)) == tree
    assert skeleton(with_constants(tree, [7.0] * len(constants(tree)))) == skeleton(tree)


@settings(deadline=None)  # the first formula imports sympy
@given(trees)
def test_jacobian_is_the_derivative(tree: Node) -> None:
    nodes = node_values(tree, COLUMNS)
    with np.errstate(all="ignore"):
        J = jacobian(nodes, derivatives(nodes))
    start = np.array(constants(tree))
    assume(np.isfinite(J).all() and np.abs(J).max(initial=0) < 1e3)
    for k in range(len(start)):
        h = 1e-6 * np.eye(len(start))[k]
        ahead, behind = (values(with_constants(tree, (start + s * h).tolist())) for s in (1, -1))
        centre = values(tree)
        slope = (ahead - behind) / 2e-6
        smooth = np.abs(ahead - 2 * centre + behind) < 1e-9  # off the kinks
        assert np.allclose(J[k][smooth], slope[smooth], rtol=1e-3, atol=1e-3)


TARGETS = [
    Node(
        "max", (constant(0.4), Node("add", (constant(0.1), Node("multiply", (constant(0.5), variable(0))))))
    ),
    Node("min", (constant(0.9), Node("multiply", (constant(0.5), Node("power", (variable(1),), 0.7))))),
    Node("add", (constant(0.3), Node("tanh", (Node("multiply", (constant(0.8), variable(0))),)))),
    Node("add", (constant(0.3), Node("multiply", (constant(0.8), Node("log10", (variable(1),)))))),
    Node("power", (Node("add", (constant(1.5), variable(0))),), -0.8),
    Node("log10", (Node("add", (constant(2.0), variable(0), variable(1))),)),
]


@pytest.mark.parametrize("target", TARGETS, ids=skeleton)
def test_fits_find_the_constants_back(target: Node) -> None:
    y = values(target)
    start = with_constants(target, [1.1 * c for c in constants(target)])
    compiled = CompiledFit(COLUMNS, y, 20).fit(start)
    assert np.abs(values(compiled) - y).max() < 1e-3
    exact = polish(compiled, COLUMNS, y)
    assert np.abs(values(exact) - y).max() < 1e-9


def test_rounding_lets_other_constants_make_up_for_it() -> None:
    y = values(TARGETS[3]) + 0.01234567 * COLUMNS[1]
    fitted = polish(TARGETS[3], COLUMNS, y)
    rounded = round_constants(fitted, COLUMNS, y, 2)
    assert all(c == float(f"{c:.2g}") for c in constants(rounded))
    naive = with_constants(fitted, [float(f"{c:.2g}") for c in constants(fitted)])
    assert np.sum((values(rounded) - y) ** 2) <= np.sum((values(naive) - y) ** 2) * (1 + 1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_terms_are_what_the_library_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    library = TermLibrary(COLUMNS, Hyperparameters((0, 1), (0,), (0, 1)))
    targets, weights = rng.uniform(0.1, 2.0, (3, 60)), rng.uniform(0.0, 1.0, (3, 60))
    terms, fitted = library.fit(targets, weights)
    for k in range(3):
        for i, nodes in enumerate(library.sizes):
            term = library.term(i, fitted[k, i])
            assert size(term) == nodes
            assert term.kind == library.kinds[i]
            assert np.allclose(values(term), terms[k, i], rtol=1e-4, atol=1e-5)


def test_affine_terms_are_least_squares() -> None:
    rng = np.random.default_rng(1)
    library = TermLibrary(COLUMNS, Hyperparameters((0, 1), (), ()))
    target, weights = rng.normal(size=60), rng.uniform(0.1, 1.0, 60)
    A = np.column_stack([np.ones(60), *COLUMNS])
    root = np.sqrt(weights)
    solution, *_ = np.linalg.lstsq(A * root[:, None], target * root, rcond=None)
    _, fitted = library.fit(target[None], weights[None])
    assert np.allclose(fitted[0, -1], solution, rtol=1e-5)


def test_search_survives_fits_that_leave_their_domain() -> None:
    class Wild:
        """Fits that end where a logarithm has no value."""

        def fit(self, node: Node) -> Node:
            undefined = Node("log10", (Node("add", (constant(-10.0), variable(0))),))
            return Node("max", (undefined, node))

    y = np.sin(COLUMNS[0])
    search = Search(
        COLUMNS,
        y,
        Hyperparameters((0, 1), (), (0, 1)),
        lambda node: bool(np.isfinite(values(node)).all()),
        SearchSettings(max_nodes=8, fits=3),
        np.random.default_rng(0),
    )
    search.compiled = Wild()  # type: ignore[assignment]
    found = [tree for trees in search.run().values() for tree in trees]
    assert [tree.node for tree in found] == [constant(float(y.mean()))]


def test_trees_with_infinite_values_cost_no_warnings(recwarn: pytest.WarningsRecorder) -> None:
    columns = COLUMNS.copy()
    columns[0, :3] = 1.0  # whose logarithm is zero, and has no power below zero
    y = np.log10(0.01 + np.abs(np.log10(columns[0]))) + 0.2 * columns[1]
    search = Search(
        columns,
        y,
        Hyperparameters((0, 1), (0,), (0, 1)),
        lambda _: True,
        SearchSettings(),
        np.random.default_rng(0),
    )
    assert len(search.run()) > 4
    assert not [str(w.message) for w in recwarn if w.category is RuntimeWarning]
