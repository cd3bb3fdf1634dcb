"""Formulas as text in standard sympy syntax, every constant with all its digits."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Callable

import sympy
from sympy.functions.elementary.piecewise import Piecewise

from symhpo.formula.expression import (
    CONNECTIVES,
    EXTREMA,
    FUNCTIONS,
    RELATIONS,
    Node,
    is_reciprocal,
    negate,
    power,
)

__all__ = ["to_text"]

# How tightly the outermost operator binds.
CONDITION, SUM, PRODUCT, POWER, ATOM = range(5)

_NAMES = {cls: name for name, cls in (*FUNCTIONS.items(), *EXTREMA.items())}
_OPERATORS = {cls: sign for sign, cls in (*RELATIONS.items(), *CONNECTIVES.items())}


def to_text(expression: Node) -> str:
    """Return the text that `parse` reads back as the same expression.

    Parameters
    ----------
    expression : sympy expression
        In normal form.
    """
    texts: dict[Node, tuple[str, int]] = {}

    def text(node: Node, at_least: int = CONDITION) -> str:
        if node not in texts:
            texts[node] = _node_text(node, text)
        inner, binding = texts[node]
        return inner if binding >= at_least else f"({inner})"

    return text(expression)


Print = Callable[..., str]


def _node_text(node: Node, text: Print) -> tuple[str, int]:
    if node.is_Symbol:
        return _symbol_text(node.name), ATOM
    if node.is_Number:
        return _number_text(node)
    if node.is_Add:
        return _sum_text(node, text), SUM
    if node.is_Mul:
        return _product_text(node, text), PRODUCT
    if node.is_Pow:
        return _power_text(node, text)
    if node.func in _NAMES:
        return f"{_NAMES[node.func]}({', '.join(map(text, node.args))})", ATOM
    if node.func is Piecewise:
        pieces = ", ".join(f"({text(value)}, {text(condition)})" for value, condition in node.args)
        return f"Piecewise({pieces})", ATOM
    if node.func in _OPERATORS:
        return _condition_text(node, text), CONDITION
    return str(node), ATOM  # E, pi, True, False


def _symbol_text(name: str) -> str:
    # Hyperparameters of nested spaces can have names that no expression can hold, "svm:C" or "lambda".
    # Python reads a name in its normal form.
    is_plain = name.isidentifier() and not keyword.iskeyword(name) and unicodedata.is_normalized("NFKC", name)
    return name if is_plain else f"Symbol({name!r})"


def _number_text(node: Node) -> tuple[str, int]:
    text = repr(float(node)) if node.is_Float else str(node)
    return text, PRODUCT if text.startswith("-") or (node.is_Rational and not node.is_Integer) else ATOM


def _sum_text(node: Node, text: Print) -> str:
    first, *rest = node.args
    parts = [text(first, PRODUCT)]
    for term in rest:
        parts.append(f" - {text(negate(term), PRODUCT)}" if _has_sign(term) else f" + {text(term, PRODUCT)}")
    return "".join(parts)


def _has_sign(term: Node) -> bool:
    leading = term.args[0] if term.is_Mul else term
    return bool(leading.is_Number and leading < 0)


def _product_text(node: Node, text: Print) -> str:
    first, *rest = node.args
    if first is sympy.S.NegativeOne:
        return f"-{text(negate(node), PRODUCT)}"
    # A leading fraction stands bare: 1/3*x is read as (1/3)*x.
    parts = [text(first, PRODUCT)]
    for factor in rest:
        if is_reciprocal(factor):
            parts.append(f"/{text(power(factor.base, -factor.exp), POWER)}")
        else:
            parts.append(f"*{text(factor, POWER)}")
    return "".join(parts)


def _power_text(node: Node, text: Print) -> tuple[str, int]:
    base, exponent = node.args
    if is_reciprocal(node):
        return f"1/{text(power(base, -exponent), POWER)}", PRODUCT
    if exponent is sympy.S.Half:
        return f"sqrt({text(base)})", ATOM
    return f"{text(base, ATOM)}**{text(exponent, ATOM)}", POWER


def _condition_text(node: Node, text: Print) -> str:
    sign = _OPERATORS[node.func]
    if sign == "~":
        return f"~({text(node.args[0])})"
    if sign in CONNECTIVES:
        return f" {sign} ".join(f"({text(argument)})" for argument in node.args)
    left, right = (text(argument, SUM) for argument in node.args)
    # == and != would compare the expressions themselves, not their values.
    functions = {"==": "Eq", "!=": "Ne"}
    return f"{functions[sign]}({left}, {right})" if sign in functions else f"{left} {sign} {right}"
