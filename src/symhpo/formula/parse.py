"""Formulas read from text. The text is never run as code."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import sympy

from symhpo.errors import UserError
from symhpo.formula import expression as build
from symhpo.formula.expression import Node

__all__ = ["parse"]

_COMPARISONS: Mapping[type[ast.cmpop], Node] = {
    ast.Lt: sympy.StrictLessThan,
    ast.LtE: sympy.LessThan,
    ast.Gt: sympy.StrictGreaterThan,
    ast.GtE: sympy.GreaterThan,
}
_COMPARISON_FUNCTIONS: Mapping[str, Node] = {
    "Eq": sympy.Equality,
    "Ge": sympy.GreaterThan,
    "Gt": sympy.StrictGreaterThan,
    "Le": sympy.LessThan,
    "Lt": sympy.StrictLessThan,
    "Ne": sympy.Unequality,
}
_KNOWN = ", ".join([*build.FUNCTIONS, "sqrt", *build.EXTREMA, "Piecewise", *_COMPARISON_FUNCTIONS])


def parse(text: str, hyperparameters: Sequence[str]) -> Node:
    """Read an expression in standard sympy syntax.

    A hyperparameter's name comes before a constant of the same name (``E``, ``pi``); a name that is
    no identifier is written ``Symbol('svm:C')``.

    Parameters
    ----------
    text : str
    hyperparameters : sequence of str
        The names that may occur.

    Returns
    -------
    sympy expression
        Built as written, without sympy's automatic evaluation.

    Raises
    ------
    UserError
        If the text is no such formula, with the place where reading stopped.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _Reader(text.strip(), hyperparameters).read(tree.body)
    except (SyntaxError, ValueError) as error:
        column = getattr(error, "offset", None)
        place = f" at column {column}" if column else ""
        raise UserError(f"formula {_excerpt(text)}: {error.args[0]}{place}; correct its text") from None
    except (RecursionError, MemoryError):
        raise UserError(f"formula {_excerpt(text)}: nested too deeply to be read") from None


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


class _Reader:
    """Turns the syntax tree of one text into an expression."""

    def __init__(self, text: str, hyperparameters: Sequence[str]) -> None:
        self.text = text
        self.names = {name: sympy.Symbol(name) for name in hyperparameters}

    def error(self, node: ast.expr, message: str) -> UserError:
        column = node.col_offset + 1
        return UserError(f"formula {_excerpt(self.text)}, column {column}: {message}")

    def read(self, node: ast.expr) -> Node:
        """Return a value."""
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self.read(node.operand)
            return build.negate(operand) if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self.error(node, f"{ast.unparse(node)!r} is no number, hyperparameter, operation or function")

    def _constant(self, node: ast.Constant) -> Node:
        if type(node.value) not in (int, float):
            raise self.error(node, f"{node.value!r} is no number")
        try:
            return build.number(node.value)
        except UserError:
            raise self.error(node, "the number is not finite in double precision") from None

    def _name(self, node: ast.Name) -> Node:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in ("E", "pi"):
            return build.CONSTANTS[node.id]
        raise self.error(
            node, f"{node.id!r} is no hyperparameter; there are {', '.join(self.names) or 'none'}"
        )

    def _operation(self, node: ast.BinOp) -> Node:
        # A long sum leans to the left: walk down that side in a loop, not by recursion.
        chain: list[ast.BinOp] = []
        operand: ast.expr = node
        while isinstance(operand, ast.BinOp):
            chain.append(operand)
            operand = operand.left
        result = self.read(operand)
        for step in reversed(chain):
            result = self._apply(step, result, self.read(step.right))
        return result

    def _apply(self, node: ast.BinOp, left: Node, right: Node) -> Node:
        match node.op:
            case ast.Add():
                return build.add(left, right)
            case ast.Sub():
                return build.add(left, build.negate(right))
            case ast.Mult():
                return build.multiply(left, right)
            case ast.Div():
                return build.divide(left, right)
            case ast.Pow():
                return build.power(left, right)
        raise self.error(node, "the operators are + - * / **")

    def _call(self, node: ast.Call) -> Node:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.error(node, f"a call is a function's name and its arguments; known are {_KNOWN}")
        name = node.func.id
        if name == "Piecewise":
            return build.piecewise([self._piece(piece) for piece in self._at_least_one(node)])
        if name == "Symbol":
            return self._symbol(node)
        arguments = [self.read(argument) for argument in self._at_least_one(node)]
        if name in build.EXTREMA:
            return build.extremum(build.EXTREMA[name], arguments)
        if name != "sqrt" and name not in build.FUNCTIONS:
            raise self.error(node, f"unknown function {name!r}; known are {_KNOWN}")
        if len(arguments) != 1:
            raise self.error(node, f"{name} takes one argument, not {len(arguments)}")
        if name == "sqrt":
            return build.power(arguments[0], sympy.S.Half)
        return build.call(build.FUNCTIONS[name], arguments[0])

    def _at_least_one(self, node: ast.Call) -> list[ast.expr]:
        if not node.args:
            raise self.error(node, f"{ast.unparse(node.func)} needs an argument")
        return node.args

    def _symbol(self, node: ast.Call) -> Node:
        match node.args:
            case [ast.Constant(value=str(name))] if name in self.names:
                return self.names[name]
        raise self.error(node, f"Symbol names one of the hyperparameters {', '.join(self.names) or 'none'}")

    def _piece(self, node: ast.expr) -> tuple[Node, Node]:
        if not isinstance(node, ast.Tuple) or len(node.elts) != 2:
            raise self.error(node, "a piece of Piecewise is a pair (expression, condition)")
        return self.read(node.elts[0]), self._condition(node.elts[1])

    def _condition(self, node: ast.expr) -> Node:
        match node:
            case ast.Constant(value=bool(value)):
                return sympy.true if value else sympy.false
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return build.connect(sympy.Not, [self._condition(operand)])
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                return self._connection(node)
            case ast.Compare(ops=[comparison], left=left, comparators=[right]) if (
                type(comparison) in _COMPARISONS
            ):
                return build.relation(_COMPARISONS[type(comparison)], self.read(left), self.read(right))
            case ast.Call(func=ast.Name(id=name), args=[left, right]) if name in _COMPARISON_FUNCTIONS:
                return build.relation(_COMPARISON_FUNCTIONS[name], self.read(left), self.read(right))
        raise self.error(node, "a condition is a comparison, several joined by & | ~, or True")

    def _connection(self, node: ast.BinOp) -> Node:
        # Conditions of the same kind in a row are one: (a) & (b) & (c).
        operands: list[ast.expr] = [node.right]
        left = node.left
        while isinstance(left, ast.BinOp) and type(left.op) is type(node.op):
            operands.append(left.right)
            left = left.left
        operands.append(left)
        connective = sympy.And if isinstance(node.op, ast.BitAnd) else sympy.Or
        return build.connect(connective, [self._condition(operand) for operand in reversed(operands)])
