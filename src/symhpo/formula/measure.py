"""How long a formula is, and what it looks like apart from its constants."""

from __future__ import annotations

from typing import TypeVar

import sympy

from symhpo.formula.expression import Node

__all__ = ["depth", "nodes", "operations", "structure"]

T = TypeVar("T")


def nodes(expression: Node) -> int:
    """Return the number of nodes of the expression tree, as `sympy.preorder_traversal` visits them."""
    counts: dict[Node, int] = {}

    def count(node: Node) -> int:
        if node not in counts:
            counts[node] = 1 + sum(map(count, node.args))
        return counts[node]

    return count(expression)


def depth(expression: Node) -> int:
    """Return the number of edges between the root of the expression tree and its farthest leaf."""
    depths: dict[Node, int] = {}

    def measure(node: Node) -> int:
        if node not in depths:
            depths[node] = max((1 + measure(argument) for argument in node.args), default=0)
        return depths[node]

    return measure(expression)


def operations(expression: Node) -> int:
    """Return `sympy.count_ops` of the expression."""
    return int(sympy.count_ops(expression))


def structure(expression: Node) -> str:
    """Return the expression with every constant as ``c`` and the order of terms and factors undone.

    Exact exponents, such as those of a square or a root, are part of the structure.
    """
    structures: dict[Node, str] = {}

    def describe(node: Node) -> str:
        if node not in structures:
            structures[node] = _describe(node)
        return structures[node]

    def _describe(node: Node) -> str:
        if node.is_number and node not in (sympy.true, sympy.false):
            return "c"
        if node.is_Pow and node.exp.is_Rational:
            return f"Pow({describe(node.base)}, {node.exp})"
        arguments = [describe(argument) for argument in node.args]
        if not arguments:
            return str(node)
        if node.is_Add or node.is_Mul or node.func in (sympy.Min, sympy.Max):
            arguments.sort()
        return f"{node.func.__name__}({', '.join(arguments)})"

    return describe(expression)
