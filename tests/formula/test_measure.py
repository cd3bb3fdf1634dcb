"""Nodes, operations, depth and structure."""

from __future__ import annotations

import pytest
import sympy

from symhpo.formula import Formula

NAMES = ("C", "gamma")


@pytest.mark.parametrize(
    ("text", "nodes", "operations", "depth"),
    [
        ("0.5", 1, 0, 0),
        ("log10(C)", 2, 1, 1),
        ("0.1 + 0.2*C", 5, 2, 2),
        ("C/gamma", 5, 1, 2),
        ("C - gamma", 5, 1, 2),
        ("Max(C, gamma, 0.5)", 4, 2, 1),
        ("Piecewise((C, C > 0.5), (0, True))", 9, 1, 3),
    ],
)
def test_known_measures(text: str, nodes: int, operations: int, depth: int) -> None:
    formula = Formula.parse(text, NAMES)
    assert (formula.nodes, formula.operations, formula.depth) == (nodes, operations, depth)
    assert formula.nodes == len(list(sympy.preorder_traversal(formula.expression)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.5 + 2.5*C", "C*(-3.0) + 7.0"),
        ("Max(C, 0.1*gamma)", "Max(0.2*gamma, C)"),
        ("C**2 - 0.5*log10(gamma)", "1.5*log10(gamma) + C**2"),
    ],
)
def test_structure_ignores_constants_and_order(one: str, other: str) -> None:
    assert Formula.parse(one, NAMES).structure == Formula.parse(other, NAMES).structure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C**2", "C**3"),
        ("sqrt(C)", "C"),
        ("0.5*C", "0.5*gamma"),
        ("Min(C, 0.5)", "Max(C, 0.5)"),
        ("1 + C", "C"),
    ],
)
def test_structure_tells_shapes_apart(one: str, other: str) -> None:
    assert Formula.parse(one, NAMES).structure != Formula.parse(other, NAMES).structure


def test_shared_parts_are_counted_each_time_and_in_time() -> None:
    expression = sympy.Symbol("C")
    for _ in range(60):  # a tree of 2**60 leaves, sixty different nodes
        expression = sympy.Mul(sympy.Add(expression, 1, evaluate=False), expression, evaluate=False)
    assert Formula(expression, NAMES).nodes > 2**60
