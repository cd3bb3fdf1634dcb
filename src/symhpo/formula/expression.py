"""The sympy expressions that a formula may be, built as written: sympy evaluates nothing.

sympy would reorder terms, fold constants and distribute products while it builds an expression.
That moves the last digits of a value, or all of them next to a threshold or a cancellation, so
formulas are built here without it. Equal values still have one form: sums and products associate
to the left, signs stand with the leading factor, a quotient is a product with a reciprocal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import sympy
from sympy.codegen.cfunctions import log2, log10
from sympy.core.basic import Basic
from sympy.functions.elementary.piecewise import ExprCondPair, Piecewise

from symhpo.errors import UserError

__all__ = [
    "CONNECTIVES",
    "CONSTANTS",
    "EXTREMA",
    "FUNCTIONS",
    "RELATIONS",
    "Node",
    "add",
    "call",
    "connect",
    "divide",
    "extremum",
    "is_reciprocal",
    "multiply",
    "negate",
    "normal_form",
    "number",
    "piecewise",
    "power",
    "relation",
]

Node: TypeAlias = Any  # sympy ships no types

FUNCTIONS: Mapping[str, Node] = {
    "Abs": sympy.Abs,
    "acos": sympy.acos,
    "acosh": sympy.acosh,
    "asin": sympy.asin,
    "asinh": sympy.asinh,
    "atan": sympy.atan,
    "atanh": sympy.atanh,
    "ceiling": sympy.ceiling,
    "cos": sympy.cos,
    "cosh": sympy.cosh,
    "exp": sympy.exp,
    "floor": sympy.floor,
    "log": sympy.log,
    "log10": log10,
    "log2": log2,
    "sign": sympy.sign,
    "sin": sympy.sin,
    "sinh": sympy.sinh,
    "tan": sympy.tan,
    "tanh": sympy.tanh,
}
EXTREMA: Mapping[str, Node] = {"Max": sympy.Max, "Min": sympy.Min}
CONSTANTS: Mapping[str, Node] = {"E": sympy.E, "pi": sympy.pi, "True": sympy.true, "False": sympy.false}
RELATIONS: Mapping[str, Node] = {
    "<": sympy.StrictLessThan,
    "<=": sympy.LessThan,
    ">": sympy.StrictGreaterThan,
    ">=": sympy.GreaterThan,
    "==": sympy.Equality,
    "!=": sympy.Unequality,
}
CONNECTIVES: Mapping[str, Node] = {"&": sympy.And, "|": sympy.Or, "~": sympy.Not}

_CONSTANT_NODES = frozenset(CONSTANTS.values())
_FUNCTION_CLASSES = frozenset(FUNCTIONS.values())
_EXTREMUM_CLASSES = frozenset(EXTREMA.values())
_CONDITION_CLASSES = frozenset([Piecewise, ExprCondPair, *RELATIONS.values(), *CONNECTIVES.values()])


def number(value: float | int | Node) -> Node:
    """Return a real number in double precision; integers and fractions stay exact.

    Raises
    ------
    UserError
        If the number is complex or not finite in double precision.
    """
    value = sympy.sympify(value) if isinstance(value, (int, float)) else value
    try:
        as_float = float(value)
    except (TypeError, OverflowError):
        as_float = math.nan
    if not math.isfinite(as_float):
        raise UserError(f"a formula's numbers are real and finite; {value} is not")
    return value if value.is_Rational else sympy.Float(as_float)


def negate(term: Node) -> Node:
    """Return `-term`, the sign standing with the leading number."""
    if term.is_Number:
        return -term
    if not term.is_Mul:
        return sympy.Mul(sympy.S.NegativeOne, term, evaluate=False)
    leading, *rest = term.args
    if not leading.is_Number:
        return sympy.Mul(sympy.S.NegativeOne, *term.args, evaluate=False)
    if leading is not sympy.S.NegativeOne:
        return sympy.Mul(-leading, *rest, evaluate=False)
    return rest[0] if len(rest) == 1 else sympy.Mul(*rest, evaluate=False)


def add(*terms: Node) -> Node:
    """Return the sum of the terms from left to right."""
    first, *rest = terms
    head = first.args if first.is_Add else (first,)
    return sympy.Add(*head, *rest, evaluate=False) if rest else first


def multiply(*factors: Node) -> Node:
    """Return the product of the factors from left to right."""
    first, *rest = factors
    head = first.args if first.is_Mul else (first,)
    product = [factor for factor in (*head, *rest) if factor is not sympy.S.One]
    if not product:
        return sympy.S.One
    if len(product) == 1:
        return product[0]
    if product[0] is sympy.S.NegativeOne:
        return negate(multiply(*product[1:]))
    if len(product) < len(head) + len(rest):
        return multiply(*product)
    return sympy.Mul(*product, evaluate=False)


def divide(numerator: Node, denominator: Node) -> Node:
    """Return `numerator / denominator`: a fraction of integers is a number, all else a product."""
    if numerator.is_Rational and denominator.is_Rational and denominator != 0:
        return numerator / denominator
    return multiply(numerator, power(denominator, sympy.S.NegativeOne))


def power(base: Node, exponent: Node) -> Node:
    """Return `base**exponent`; the reciprocal of a power is a power with the negative exponent."""
    if exponent is sympy.S.One:
        return base
    if base is sympy.E:
        return sympy.exp(exponent, evaluate=False)
    if exponent is sympy.S.NegativeOne:
        if base.is_Rational and base != 0:
            return sympy.S.One / base
        if base.is_Pow and base.exp.is_Number and base.exp > 0:
            return power(base.base, -base.exp)
    return sympy.Pow(base, exponent, evaluate=False)


def is_reciprocal(node: Node) -> bool:
    """Whether a node is `1 / something`: a power whose exponent is a negative number."""
    return bool(node.is_Pow and node.exp.is_Number and node.exp < 0)


def call(function: Node, argument: Node) -> Node:
    """Return a function of one argument."""
    return function(argument, evaluate=False)


# sympy's own constructors of the following sort, fold and simplify even when told not to evaluate
# (a condition that holds a Piecewise is multiplied out, which can take for ever).


def extremum(function: Node, arguments: Sequence[Node]) -> Node:
    """Return the smallest (`Min`) or largest (`Max`) of some arguments."""
    return arguments[0] if len(arguments) == 1 else Basic.__new__(function, *arguments)


def relation(operator: Node, left: Node, right: Node) -> Node:
    """Return a comparison."""
    return Basic.__new__(operator, left, right)


def connect(connective: Node, arguments: Sequence[Node]) -> Node:
    """Return a conjunction, disjunction or negation of conditions."""
    return Basic.__new__(connective, *arguments)


def piecewise(pieces: Sequence[tuple[Node, Node]]) -> Node:
    """Return the expression of the first piece whose condition holds, NaN where none does."""
    return Basic.__new__(Piecewise, *(Basic.__new__(ExprCondPair, *piece) for piece in pieces))


def normal_form(expression: Node, hyperparameters: Sequence[str]) -> Node:
    """Rebuild an expression in the one form that its text is read back as.

    Equal subexpressions become one object, so that the time of all that follows grows with the
    number of different subexpressions, not with the size of the tree.

    Raises
    ------
    UserError
        If the expression has something that is no formula over these hyperparameters.
    """
    symbols = {name: sympy.Symbol(name) for name in hyperparameters}
    forms: dict[Node, Node] = {}
    interned: dict[Node, Node] = {}

    def form(node: Node) -> Node:
        if node not in forms:
            new = _normal_node(node, symbols, form)
            forms[node] = interned.setdefault(new, new)
        return forms[node]

    return form(sympy.sympify(expression) if isinstance(expression, (int, float)) else expression)


def _normal_node(node: Node, symbols: Mapping[str, Node], form: Callable[[Node], Node]) -> Node:
    if node.is_Symbol:
        if node.name not in symbols:
            raise UserError(f"{node.name!r} is no hyperparameter; there are {', '.join(symbols) or 'none'}")
        return symbols[node.name]
    if isinstance(node, sympy.Number):
        return number(node)
    if node in _CONSTANT_NODES:
        # A hyperparameter of the same name would take the constant's place in the text.
        return number(float(node)) if str(node) in symbols else node
    arguments = [form(argument) for argument in node.args]
    if node.func in _BUILDERS:
        return _BUILDERS[node.func](*arguments)
    if node.func in _FUNCTION_CLASSES and len(arguments) == 1:
        return call(node.func, *arguments)
    if node.func in _EXTREMUM_CLASSES:
        return extremum(node.func, arguments)
    if node.func in _CONDITION_CLASSES:
        return Basic.__new__(node.func, *arguments)
    raise UserError(f"a formula cannot hold {node.func.__name__} ({str(node)[:60]})")


_BUILDERS: Mapping[Node, Callable[..., Node]] = {
    sympy.Add: add,
    sympy.Mul: multiply,
    sympy.Pow: power,
}
