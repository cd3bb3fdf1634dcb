"""Values of a tree, of each of its nodes, and their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.search.tree import Node

__all__ = ["JOIN", "context", "derivatives", "evaluate", "jacobian", "node_values"]

Array = NDArray[np.float64]
Path = tuple[int, ...]
NodeValues = dict[Path, tuple[Node, Array]]

LN10 = math.log(10)
JOIN: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "multiply": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def evaluate(node: Node, columns: Array) -> Array:
    """Return a tree's values; NaN or infinite where it has none.

    Parameters
    ----------
    node : Node
    columns : array of shape (d, n)
        Configurations in true units, one row a hyperparameter.
    """
    return _apply(node, columns, [evaluate(child, columns) for child in node.children])


def _apply(node: Node, columns: Array, arguments: list[Array]) -> Array:
    kind = node.kind
    if kind == "variable":
        return np.asarray(columns[int(node.value)])
    if kind == "constant":
        return np.full(columns.shape[1], node.value)
    result = arguments[0]
    if kind == "log10":
        return np.log10(result)
    if kind == "tanh":
        return np.tanh(result)
    if kind == "power":
        return np.asarray(np.power(result, node.value))
    for argument in arguments[1:]:
        result = JOIN[kind](result, argument)
    return result


def node_values(root: Node, columns: Array) -> NodeValues:
    """Return every node of a tree with its values, by its path from the root, the root first."""
    found: NodeValues = {(): (root, np.empty(0))}

    def visit(node: Node, path: Path) -> Array:
        found[path] = (node, np.empty(0))
        arguments = [visit(child, (*path, i)) for i, child in enumerate(node.children)]
        values = _apply(node, columns, arguments)
        found[path] = (node, values)
        return values

    visit(root, ())
    return found


def derivatives(nodes: NodeValues) -> dict[Path, Array]:
    """Return the derivative of the root's values by those of every node."""
    result: dict[Path, Array] = {(): np.ones_like(nodes[()][1])}
    for path, (node, values) in nodes.items():  # parents stand before their children
        outer = result[path]
        arguments = [nodes[(*path, i)][1] for i in range(len(node.children))]
        for i, argument in enumerate(arguments):
            result[(*path, i)] = outer * _inner_derivative(node, values, arguments, i, argument)
    return result


def _inner_derivative(node: Node, values: Array, arguments: list[Array], i: int, argument: Array) -> Any:
    kind = node.kind
    if kind == "add":
        return 1.0
    if kind in ("max", "min"):
        return argument == values
    if kind == "tanh":
        return 1 - values * values
    if kind == "log10":
        return 1 / (LN10 * argument)
    if kind == "power":
        return node.value * values / argument
    product: Any = 1.0
    for k, other in enumerate(arguments):
        if k != i:
            product = product * other
    return product


def jacobian(nodes: NodeValues, slopes: Mapping[Path, Array]) -> Array:
    """Return the derivatives by the constants and exponents, shape (p, n), in the order of `constants`."""
    rows = []
    for path, (node, values) in nodes.items():
        if node.kind == "constant":
            rows.append(slopes[path])
        elif node.kind == "power":
            rows.append(slopes[path] * values * np.log(nodes[(*path, 0)][1]))
    return np.array(rows).reshape(len(rows), len(nodes[()][1]))


def context(path: Path, nodes: NodeValues) -> Callable[[Any], Any]:
    """Return the function from values at a path to the root's values, all else unchanged.

    It takes and returns arrays of shape (m, n), m alternatives at once, in single precision.
    """
    steps: list[tuple[str, Any]] = []
    for depth in range(len(path) - 1, -1, -1):
        parent, _ = nodes[path[:depth]]
        others: Any = parent.value
        if parent.kind in JOIN:
            siblings = [nodes[(*path[:depth], k)][1] for k in range(len(parent.children)) if k != path[depth]]
            others = siblings[0]
            for sibling in siblings[1:]:
                others = JOIN[parent.kind](others, sibling)
            others = others.astype(np.float32)
        steps.append((parent.kind, others))

    def through(values: Any) -> Any:
        for kind, others in steps:
            if kind in JOIN:
                values = JOIN[kind](values, others)
            elif kind == "power":
                values = np.exp(np.float32(others) * np.log(values))  # twice as fast as np.power
            else:
                values = np.log10(values) if kind == "log10" else np.tanh(values)
        return values

    return through
