"""Values of an expression on arrays, in the order in which the expression is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.codegen.cfunctions import log2, log10
from sympy.functions.elementary.piecewise import Piecewise

from symhpo.formula.expression import Node, is_reciprocal, power

__all__ = ["compile_expression"]

Operation: TypeAlias = Callable[..., Any]

_OPERATIONS: Mapping[Node, Operation] = {
    sympy.Abs: np.abs,
    sympy.acos: np.arccos,
    sympy.acosh: np.arccosh,
    sympy.asin: np.arcsin,
    sympy.asinh: np.arcsinh,
    sympy.atan: np.arctan,
    sympy.atanh: np.arctanh,
    sympy.ceiling: np.ceil,
    sympy.cos: np.cos,
    sympy.cosh: np.cosh,
    sympy.exp: np.exp,
    sympy.floor: np.floor,
    sympy.log: np.log,
    log10: np.log10,
    log2: np.log2,
    sympy.sign: np.sign,
    sympy.sin: np.sin,
    sympy.sinh: np.sinh,
    sympy.tan: np.tan,
    sympy.tanh: np.tanh,
    sympy.StrictLessThan: np.less,
    sympy.LessThan: np.less_equal,
    sympy.StrictGreaterThan: np.greater,
    sympy.GreaterThan: np.greater_equal,
    sympy.Equality: np.equal,
    sympy.Unequality: np.not_equal,
    sympy.Not: np.logical_not,
}
# Taken over the arguments from left to right.
_FOLDS: Mapping[Node, Operation] = {
    sympy.Add: np.add,
    sympy.Min: np.minimum,
    sympy.Max: np.maximum,
    sympy.And: np.logical_and,
    sympy.Or: np.logical_or,
}


def compile_expression(
    expression: Node, hyperparameters: Sequence[str]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the function from configurations to values that an expression stands for.

    Sums, products, minima and maxima are taken from left to right and a product with a reciprocal
    is a division, so that the same text gives the same values bit for bit. Equal subexpressions are
    computed once.

    Parameters
    ----------
    expression : sympy expression
        In normal form.
    hyperparameters : sequence of str
        The columns of the configurations.

    Returns
    -------
    callable
        Takes an array of shape (n, d), returns one of shape (n,).
    """
    slots: dict[Node, int] = {sympy.Symbol(name): j for j, name in enumerate(hyperparameters)}
    steps: list[tuple[Operation, tuple[int, ...]]] = []

    def step(operation: Operation, *arguments: int) -> int:
        steps.append((operation, arguments))
        return len(hyperparameters) + len(steps) - 1

    def slot(node: Node) -> int:
        if node not in slots:
            slots[node] = _compile_node(node, slot, step)
        return slots[node]

    result = slot(expression)

    def evaluate(X: NDArray[np.float64]) -> NDArray[np.float64]:
        values: list[Any] = list(np.ascontiguousarray(X.T))
        with np.errstate(all="ignore"):
            for operation, arguments in steps:
                values.append(operation(*(values[j] for j in arguments)))
        return np.array(np.broadcast_to(values[result], len(X)), dtype=np.float64)

    return evaluate


def _compile_node(node: Node, slot: Callable[[Node], int], step: Callable[..., int]) -> int:
    if node.is_Mul:
        return _compile_product(node, slot, step)
    if node.is_Pow:
        return _compile_power(node, slot, step)
    if node.func is Piecewise:
        return _compile_piecewise(node, slot, step)
    if node.func in _FOLDS:
        return reduce(lambda left, right: step(_FOLDS[node.func], left, right), map(slot, node.args))
    if node.func in _OPERATIONS:
        return step(_OPERATIONS[node.func], *map(slot, node.args))
    return _constant(node is sympy.true if node in (sympy.true, sympy.false) else float(node), step)


def _constant(value: float | bool, step: Callable[..., int]) -> int:
    scalar = np.bool_(value) if isinstance(value, bool) else np.float64(value)
    return step(lambda: scalar)


def _compile_product(node: Node, slot: Callable[[Node], int], step: Callable[..., int]) -> int:
    first, *rest = node.args
    result = slot(first)
    for factor in rest:
        if is_reciprocal(factor):
            result = step(np.divide, result, slot(power(factor.base, -factor.exp)))
        else:
            result = step(np.multiply, result, slot(factor))
    return result


def _compile_power(node: Node, slot: Callable[[Node], int], step: Callable[..., int]) -> int:
    base, exponent = node.args
    if is_reciprocal(node):
        return step(np.divide, _constant(1.0, step), slot(power(base, -exponent)))
    if exponent is sympy.S.Half:
        return step(np.sqrt, slot(base))
    if exponent == 2:
        return step(np.square, slot(base))
    return step(np.power, slot(base), slot(exponent))


def _compile_piecewise(node: Node, slot: Callable[[Node], int], step: Callable[..., int]) -> int:
    *pieces, last = node.args
    value, condition = last.args
    if condition is not sympy.true:
        pieces.append(last)
        result = _constant(float("nan"), step)
    else:
        result = slot(value)
    for value, condition in (piece.args for piece in reversed(pieces)):
        result = step(np.where, slot(condition), slot(value), result)
    return result
