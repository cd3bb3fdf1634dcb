"""The cheap simplifications: constants folded, equal terms collected, neutral ones dropped."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy.core.basic import Basic
from sympy.core.parameters import distribute
from sympy.functions.elementary.piecewise import Piecewise

from symhpo.formula import expression as build
from symhpo.formula.expression import Node

__all__ = ["fold"]


def fold(expression: Node) -> Node:
    """Return an expression with its constants folded, equal terms collected and neutral ones dropped.

    Products of sums are not multiplied out, and a `Piecewise` changes only where a condition
    compares two numbers. The time grows with the size of the expression: sympy evaluates sums,
    products and powers alone, with all else hidden behind placeholders, for it can spend minutes
    on a `Piecewise` or on the modulus of one.

    Parameters
    ----------
    expression : sympy expression
        In normal form.
    """
    placeholders: dict[Node, Node] = {}

    def hide(node: Node) -> Node:
        return node if node.is_Number else placeholders.setdefault(node, sympy.Dummy())

    folded: dict[Node, Node] = {}

    def visit(node: Node) -> Node:
        if node not in folded:
            folded[node] = _fold_node(node, visit, hide)
        return folded[node]

    with distribute(False):
        result = visit(expression)
    return _reveal(result, {placeholder: node for node, placeholder in placeholders.items()})


def _reveal(expression: Node, hidden: dict[Node, Node]) -> Node:
    revealed: dict[Node, Node] = {}

    def visit(node: Node) -> Node:
        if node not in revealed:
            arguments = [visit(argument) for argument in node.args]
            if node in hidden:
                revealed[node] = visit(hidden[node])
            else:
                revealed[node] = Basic.__new__(node.func, *arguments) if arguments else node
        return revealed[node]

    return visit(expression)


def _fold_node(node: Node, visit: Callable[[Node], Node], hide: Callable[[Node], Node]) -> Node:
    if node.is_Number:
        return _exact_unit(node)
    if not node.args:
        return node
    if node.func is Piecewise:
        return _fold_piecewise(node, visit, hide)
    arguments = [visit(argument) for argument in node.args]
    if node.is_Add or node.is_Mul or node.is_Pow:
        return _without_unit(node.func(*arguments))
    if node.func in (sympy.Min, sympy.Max):
        return _fold_extremum(node, visit, hide)
    if all(argument.is_Number for argument in arguments):
        return node.func(*arguments)
    folded = Basic.__new__(node.func, *arguments)
    return folded if _is_condition(node) else hide(folded)


def _is_condition(node: Node) -> bool:
    return node.func in build.RELATIONS.values() or node.func in build.CONNECTIVES.values()


def _exact_unit(number: Node) -> Node:
    return sympy.Integer(int(number)) if number in (_ZERO, _ONE, -_ONE) else number


def _without_unit(node: Node) -> Node:
    # sympy keeps 1.0*x, since a float coefficient tells of limited precision.
    if node.is_Number:
        return _exact_unit(node)
    if node.is_Mul and node.args[0] in (_ONE, -_ONE):
        return sympy.Mul(_exact_unit(node.args[0]), *node.args[1:])
    return node


_ZERO, _ONE = sympy.Float(0.0), sympy.Float(1.0)


def _fold_extremum(node: Node, visit: Callable[[Node], Node], hide: Callable[[Node], Node]) -> Node:
    arguments = [visit(argument) for argument in _flat(node)]
    numbers = [argument for argument in arguments if argument.is_Number]
    rest = list(dict.fromkeys(argument for argument in arguments if not argument.is_Number))
    bound = [node.func(*numbers)] if numbers else []
    kept = [*rest, *bound]
    return kept[0] if len(kept) == 1 else hide(build.extremum(node.func, kept))


def _flat(node: Node) -> list[Node]:
    flat: list[Node] = []
    for argument in node.args:
        flat += _flat(argument) if argument.func is node.func else [argument]
    return flat


def _fold_piecewise(node: Node, visit: Callable[[Node], Node], hide: Callable[[Node], Node]) -> Node:
    pieces: list[tuple[Node, Node]] = []
    for value, condition in ((visit(value), visit(condition)) for value, condition in node.args):
        if condition is not sympy.false:
            pieces.append((value, condition))
        if condition is sympy.true:
            break
    if not pieces:
        return sympy.nan
    is_total = pieces[-1][1] is sympy.true
    if is_total and len({value for value, _ in pieces}) == 1:
        return pieces[0][0]
    return hide(build.piecewise(pieces))
