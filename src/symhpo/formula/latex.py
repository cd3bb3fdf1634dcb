"""Formulas as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy
from sympy.functions.elementary.piecewise import Piecewise

from symhpo.formula.expression import CONNECTIVES, EXTREMA, RELATIONS, Node, is_reciprocal, negate, power

__all__ = ["rounded", "to_latex"]

SUM, PRODUCT, POWER, ATOM = range(4)

_SIGNS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}
_JOINTS = {"&": r"\wedge", "|": r"\vee"}
_RELATION_SIGNS = {cls: _SIGNS[operator] for operator, cls in RELATIONS.items()}
_CONNECTIVE_SIGNS = {cls: _JOINTS[sign] for sign, cls in CONNECTIVES.items() if sign in _JOINTS}
_CONDITION_CLASSES = frozenset([*_RELATION_SIGNS, *CONNECTIVES.values()])
_CONSTANTS = {
    sympy.E: r"\exp\left(1\right)",
    sympy.pi: r"\pi",
    sympy.true: r"\text{true}",
    sympy.false: r"\text{false}",
}
_EXTREMA_NAMES = {cls: name for name, cls in EXTREMA.items()}
_NAMES = {
    "log": r"\log",
    "log10": r"\log_{10}",
    "log2": r"\log_{2}",
    "acos": r"\arccos",
    "asin": r"\arcsin",
    "atan": r"\arctan",
    "Max": r"\max",
    "Min": r"\min",
    **{name: rf"\{name}" for name in ("cos", "cosh", "exp", "sin", "sinh", "tan", "tanh")},
}


def rounded(expression: Node, digits: int) -> Node:
    """Return a formula with the constants that `to_latex` writes with so many digits."""
    from sympy.core.basic import Basic

    if expression.is_Float:
        return sympy.Float(_decimal(expression, digits))
    if not expression.args:
        return expression
    # sympy's own constructors would evaluate and reorder.
    return Basic.__new__(expression.func, *(rounded(argument, digits) for argument in expression.args))


def to_latex(expression: Node, digits: int = 4, choices: Mapping[str, Sequence[Any]] | None = None) -> str:
    """Return a formula as LaTeX for math mode (needs amsmath where it has cases).

    Parameters
    ----------
    expression : sympy expression
        In normal form.
    digits : int
        Significant digits of the constants, 17 for all of them.
    choices : mapping, optional
        The choices of each categorical hyperparameter, to be written in the place of their index.
    """
    if choices:
        expression = _with_choices(expression, choices)
    known: dict[Node, tuple[str, int]] = {}

    def latex(node: Node, at_least: int = SUM) -> str:
        if node not in known:
            known[node] = _node_latex(node, latex, digits)
        inner, binding = known[node]
        return inner if binding >= at_least else rf"\left({inner}\right)"

    return latex(expression)


Print = Callable[..., str]


def _node_latex(node: Node, latex: Print, digits: int) -> tuple[str, int]:
    if node.is_Symbol:
        return rf"\mathrm{{{_escape(node.name)}}}", ATOM
    if node.is_Number:
        return _number_latex(node, digits)
    if node.is_Add:
        return _sum_latex(node, latex), SUM
    if node.is_Mul:
        return _product_latex(node, latex), PRODUCT
    if node.is_Pow:
        return _power_latex(node, latex)
    if node in _CONSTANTS:
        return _CONSTANTS[node], ATOM
    if node.func is Piecewise or node.func in _CONDITION_CLASSES:
        return _branch_latex(node, latex), ATOM
    return _call_latex(node, latex), ATOM


def _with_choices(node: Node, choices: Mapping[str, Sequence[Any]]) -> Node:
    """Return a formula in which a categorical is compared with the names of its choices."""
    from sympy.core.basic import Basic

    if not node.args:
        return node
    if node.func in _RELATION_SIGNS:
        left, right = node.args
        if left.is_Symbol and left.name in choices and right.is_Integer:
            name = sympy.Symbol(str(choices[left.name][int(right)]))
            return Basic.__new__(node.func, left, name)
    return Basic.__new__(node.func, *(_with_choices(argument, choices) for argument in node.args))


_SPECIAL = {"\\": r"\backslash ", "^": r"\hat{\ }", "~": r"\sim ", "\n": " ", "\r": " ", "\t": " "}


def _escape(name: str) -> str:
    return "".join(rf"\{c}" if c in "_#$%&{}" else _SPECIAL.get(c, c) for c in name)


def _number_latex(node: Node, digits: int) -> tuple[str, int]:
    if node.is_Rational:
        if node.is_Integer:
            return str(node), ATOM if node >= 0 else PRODUCT
        fraction = rf"\frac{{{abs(node.p)}}}{{{node.q}}}"
        return (fraction, POWER) if node > 0 else (f"-{fraction}", PRODUCT)
    text = _decimal(node, digits)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text, PRODUCT if text.startswith("-") else ATOM
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT


def _decimal(node: Node, digits: int) -> str:
    return f"{float(node):.{digits}g}" if digits < 17 else repr(float(node))


def _sum_latex(node: Node, latex: Print) -> str:
    first, *rest = node.args
    parts = [latex(first, PRODUCT)]
    for term in rest:
        leading = term.args[0] if term.is_Mul else term
        negative = leading.is_Number and leading < 0
        parts.append(f" - {latex(negate(term), PRODUCT)}" if negative else f" + {latex(term, PRODUCT)}")
    return "".join(parts)


def _product_latex(node: Node, latex: Print) -> str:
    if node.args[0] is sympy.S.NegativeOne:
        return f"-{latex(negate(node), PRODUCT)}"
    numerator = [factor for factor in node.args if not is_reciprocal(factor)]
    denominator = [power(factor.base, -factor.exp) for factor in node.args if is_reciprocal(factor)]
    if not denominator:
        return _factors_latex(numerator, latex)
    below = _factors_latex(denominator, latex)
    return rf"\frac{{{_factors_latex(numerator, latex)}}}{{{below}}}"


def _factors_latex(factors: list[Node], latex: Print) -> str:
    if len(factors) < 2:
        return "".join(latex(factor) for factor in factors) or "1"
    first, *rest = factors
    return r" \cdot ".join([latex(first, PRODUCT), *(latex(factor, POWER) for factor in rest)])


def _power_latex(node: Node, latex: Print) -> tuple[str, int]:
    base, exponent = node.args
    if is_reciprocal(node):
        return rf"\frac{{1}}{{{latex(power(base, -exponent))}}}", PRODUCT
    if exponent is sympy.S.Half:
        return rf"\sqrt{{{latex(base)}}}", ATOM
    return f"{latex(base, ATOM)}^{{{latex(exponent)}}}", POWER


def _branch_latex(node: Node, latex: Print) -> str:
    if node.func is Piecewise:
        rows = r" \\ ".join(
            rf"{latex(value)} & \text{{otherwise}}"
            if condition is sympy.true
            else rf"{latex(value)} & \text{{if }} {latex(condition)}"
            for value, condition in node.args
        )
        return rf"\begin{{cases}} {rows} \end{{cases}}"
    if node.func in _RELATION_SIGNS:
        return f" {_RELATION_SIGNS[node.func]} ".join(map(latex, node.args))
    if node.func in _CONNECTIVE_SIGNS:
        sign = _CONNECTIVE_SIGNS[node.func]
        return f" {sign} ".join(rf"\left({latex(condition)}\right)" for condition in node.args)
    return rf"\neg \left({latex(node.args[0])}\right)"


def _call_latex(node: Node, latex: Print) -> str:
    arguments = ", ".join(map(latex, node.args))
    if node.func is sympy.Abs:
        return rf"\left|{arguments}\right|"
    if node.func in (sympy.floor, sympy.ceiling):
        side = "floor" if node.func is sympy.floor else "ceil"
        return rf"\left\l{side} {arguments} \right\r{side}"
    name = _EXTREMA_NAMES.get(node.func, node.func.__name__)
    return _NAMES.get(name, rf"\operatorname{{{name}}}") + rf"\left({arguments}\right)"
