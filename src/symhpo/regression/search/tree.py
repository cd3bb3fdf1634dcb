"""Expression trees of the search: small immutable tuples, sized as sympy's trees are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from symhpo.formula import Formula

__all__ = [
    "COMMUTATIVE",
    "Node",
    "constant",
    "constants",
    "normal_form",
    "replace",
    "size",
    "skeleton",
    "to_formula",
    "variable",
    "with_constants",
]

COMMUTATIVE = ("add", "multiply", "max", "min")


class Node(NamedTuple):
    """A node of an expression tree.

    Attributes
    ----------
    kind : str
        ``constant``, ``variable``, ``log10``, ``tanh``, ``power`` or one of `COMMUTATIVE`, which
        take two children or more.
    children : tuple of Node
    value : float
        The value of a constant, the column of a variable, the exponent of a power.
    """

    kind: str
    children: tuple[Node, ...] = ()
    value: float = 0.0


def constant(value: float) -> Node:
    """Return a constant."""
    return Node("constant", (), float(value))


def variable(column: int) -> Node:
    """Return the hyperparameter of a column."""
    return Node("variable", (), column)


def size(node: Node) -> int:
    """Return the number of nodes of sympy's tree: an exponent is a node of its own."""
    return 1 + (node.kind == "power") + sum(map(size, node.children))


def skeleton(node: Node) -> str:
    """Return the structure: the same text for trees that differ in constants or the order of terms."""
    if node.kind == "constant":
        return "c"
    if node.kind == "variable":
        return f"x{node.value:g}"
    parts = [skeleton(child) for child in node.children]
    if node.kind in COMMUTATIVE:
        parts.sort()
    return f"{node.kind}({','.join(parts)})"


def constants(node: Node) -> list[float]:
    """Return the values of constants and exponents, in the tree's own order (an exponent first)."""
    return list(_constants(node))


def _constants(node: Node) -> Iterator[float]:
    if node.kind in ("constant", "power"):
        yield node.value
    for child in node.children:
        yield from _constants(child)


def with_constants(node: Node, values: Sequence[float]) -> Node:
    """Return the tree with other constants, in the order of `constants`."""
    return _with_constants(node, iter(values))


def _with_constants(node: Node, values: Iterator[float]) -> Node:
    if node.kind == "variable":
        return node
    value = float(next(values)) if node.kind in ("constant", "power") else 0.0
    return Node(node.kind, tuple([_with_constants(child, values) for child in node.children]), value)


def replace(root: Node, path: Sequence[int], new: Node) -> Node:
    """Return the tree with another subtree at a path of child indices."""
    if not path:
        return new
    i = path[0]
    child = replace(root.children[i], path[1:], new)
    return Node(root.kind, (*root.children[:i], child, *root.children[i + 1 :]), root.value)


def normal_form(node: Node) -> Node:
    """Return the shorter form that sympy gives a tree: flat, constants folded, like terms collected."""
    if not node.children:
        return node
    children = [normal_form(child) for child in node.children]
    if node.kind in COMMUTATIVE:
        return _combine(node.kind, children)
    (child,) = children
    if node.kind == "power":
        return _power(child, node.value)
    if node.kind == "tanh":
        factor, rest = _factor(child)
        if factor < 0:  # odd
            flipped = Node("tanh", (_combine("multiply", [constant(-factor), rest]),))
            return _combine("multiply", [constant(-1.0), flipped])
    return Node(node.kind, (child,))


def _power(base: Node, exponent: float) -> Node:
    if base.kind == "power":
        return Node("power", base.children, base.value * exponent)
    factor, rest = _factor(base)
    if factor > 0 and factor != 1.0 and rest.kind != "constant":
        scale = math.exp(max(min(exponent * math.log(factor), 300.0), -300.0))
        return _combine("multiply", [constant(scale), _power(rest, exponent)])
    return Node("power", (base,), exponent)


def _factor(node: Node) -> tuple[float, Node]:
    """Split a product into its constant factor and the rest."""
    if node.kind != "multiply" or node.children[0].kind != "constant":
        return 1.0, node
    rest = node.children[1:]
    return node.children[0].value, rest[0] if len(rest) == 1 else Node("multiply", rest)


_FOLD: dict[str, tuple[Callable[[float, float], float], float]] = {
    "add": (lambda a, b: a + b, 0.0),
    "multiply": (lambda a, b: a * b, 1.0),
    "max": (max, -math.inf),
    "min": (min, math.inf),
}


def _combine(kind: str, children: Sequence[Node]) -> Node:
    fold, neutral = _FOLD[kind]
    folded, terms = neutral, []
    for child in children:
        for term in child.children if child.kind == kind else (child,):
            if term.kind == "constant":
                folded = fold(folded, term.value)
            else:
                terms.append(term)
    if kind == "add":
        terms = _collect(terms, _factor, lambda a, b: a + b, _scaled)
    elif kind == "multiply":
        terms = _collect(terms, _exponent, lambda a, b: a + b, _raised)
        if len(terms) == 1 and terms[0].kind == "add" and folded != 1.0:  # sympy multiplies it out
            return _combine("add", [_combine("multiply", [constant(folded), t]) for t in terms[0].children])
    else:
        terms = list(dict.fromkeys(terms))
    if folded != neutral or not terms:
        if len(terms) == 1 and terms[0].kind in ("max", "min") and kind in ("add", "multiply"):
            inside = _moved_inside(kind, folded, terms[0])
            if size(inside) <= size(terms[0]):
                return inside
        terms.insert(0, constant(folded))
    return terms[0] if len(terms) == 1 else Node(kind, tuple(terms))


def _moved_inside(kind: str, value: float, extremum: Node) -> Node:
    """Return an extremum whose arguments have a constant added to them or multiplied with them."""
    swaps = kind == "multiply" and value < 0
    outer = {"max": "min", "min": "max"}[extremum.kind] if swaps else extremum.kind
    return _combine(outer, [_combine(kind, [constant(value), argument]) for argument in extremum.children])


def _collect(
    terms: Sequence[Node],
    split: Callable[[Node], tuple[float, Node]],
    unite: Callable[[float, float], float],
    join: Callable[[float, Node], Node],
) -> list[Node]:
    collected: dict[Node, float] = {}
    for number, rest in map(split, terms):
        collected[rest] = unite(collected[rest], number) if rest in collected else number
    if len(collected) == len(terms):
        return list(terms)
    return [join(number, rest) for rest, number in collected.items()]


def _scaled(factor: float, rest: Node) -> Node:
    return rest if factor == 1.0 else _combine("multiply", [constant(factor), rest])


def _exponent(node: Node) -> tuple[float, Node]:
    return (node.value, node.children[0]) if node.kind == "power" else (1.0, node)


def _raised(exponent: float, rest: Node) -> Node:
    return rest if exponent == 1.0 else Node("power", (rest,), exponent)


def to_formula(node: Node, names: Sequence[str]) -> Formula:
    """Return the tree as a formula over the named hyperparameters."""
    import sympy
    from sympy.codegen.cfunctions import log10

    from symhpo.formula import Formula
    from symhpo.formula import expression as build

    join: dict[str, Callable[..., Any]] = {
        "add": build.add,
        "multiply": build.multiply,
        "max": lambda *arguments: build.extremum(sympy.Max, arguments),
        "min": lambda *arguments: build.extremum(sympy.Min, arguments),
        "log10": lambda argument: build.call(log10, argument),
        "tanh": lambda argument: build.call(sympy.tanh, argument),
    }

    def convert(node: Node) -> Any:
        if node.kind == "constant":
            return build.number(node.value)
        if node.kind == "variable":
            return sympy.Symbol(names[int(node.value)])
        arguments = [convert(child) for child in node.children]
        if node.kind == "power":
            return build.power(arguments[0], build.number(node.value))
        return join[node.kind](*arguments)

    return Formula(convert(node), tuple(names))
