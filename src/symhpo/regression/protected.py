"""gplearn programs as expressions, protected operators included.

gplearn keeps its operators finite by protecting them: a division is 1 where the denominator's
magnitude is at most 0.001, a logarithm takes the magnitude and is 0 where that is at most 0.001, a
square root takes the magnitude; the paper's exponential is capped at 1e5. The expression keeps all
of that, as `Piecewise`, `Abs` and `Min`, but for protections that can act nowhere in the search
space: an interval is carried with every part of the program, and ``log(batch_size)`` needs no
`Piecewise` where the batch size is at least 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.formula import expression as build
from symhpo.formula.expression import Node
from symhpo.space import Space

__all__ = ["EXPONENTIAL_CAP", "THRESHOLD", "capped_exp", "to_formula"]

THRESHOLD = 0.001
EXPONENTIAL_CAP = 1e5
# numpy's exp, log and square root are accurate to a few units in the last place.
SLACK = 1e-12


def capped_exp(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the paper's exponential: ``min(exp(x), 1e5)``."""
    with np.errstate(over="ignore"):
        return np.minimum(np.exp(x), EXPONENTIAL_CAP)


@dataclass(frozen=True)
class Interval:
    """Bounds of all values that a part of a program takes on the search space.

    Rounding is monotone, so that bounds computed in floating point hold for values that are.
    Where a bound is not finite nothing is known, not even that there is a value.
    """

    lower: float
    upper: float

    @classmethod
    def hull(cls, *values: float) -> Interval:
        """Return the smallest interval with all the values, widened by the accuracy of functions."""
        if not all(map(math.isfinite, values)):
            return UNKNOWN
        lower, upper = min(values), max(values)
        return cls(lower - SLACK * abs(lower), upper + SLACK * abs(upper))

    @property
    def is_known(self) -> bool:
        """Whether both bounds are finite."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)

    @property
    def magnitude(self) -> Interval:
        """The interval of the absolute values."""
        if not self.is_known:
            return UNKNOWN
        smallest = max(0.0, self.lower, -self.upper)
        return Interval(smallest, max(abs(self.lower), abs(self.upper)))

    def without(self, threshold: float) -> list[float]:
        """Return the end points of the parts whose magnitude exceeds a threshold."""
        parts = ((max(self.lower, threshold), self.upper), (self.lower, min(self.upper, -threshold)))
        return [end for lower, upper in parts if lower <= upper for end in (lower, upper)]


UNKNOWN = Interval(-math.inf, math.inf)


@dataclass(frozen=True)
class Part:
    """A part of a program: its expression and the interval of its values.

    `guard` is set where the expression is a `Piecewise` of two branches, the second one constant.
    """

    expression: Node
    interval: Interval
    guard: Guard | None = None


@dataclass(frozen=True)
class Guard:
    """The branches of a protected operator: `inside` where the condition holds, a constant elsewhere."""

    inside: Part
    condition: Node
    otherwise: float


def to_formula(program: Sequence[Any], space: Space) -> Formula:
    """Return the formula that a gplearn program computes on raw hyperparameter values.

    Its values on the search space are those of ``_Program.execute``: the same operations in the
    same order, constants with all their digits.

    Parameters
    ----------
    program : list
        ``SymbolicRegressor._program.program``: functions, indices of hyperparameters and constants
        in prefix order.
    space : Space
        The hyperparameters, in the order of the columns that gplearn was fitted on.

    Raises
    ------
    UserError
        If the program has a function that cannot be written in standard syntax.
    """
    stack: list[Part] = []
    for node in reversed(program):
        if isinstance(node, (int, np.integer)):
            stack.append(_hyperparameter(space, int(node)))
        elif isinstance(node, float):
            stack.append(Part(build.number(float(node)), Interval(node, node)))
        elif node.name in _CONVERSIONS:
            arguments = [stack.pop() for _ in range(node.arity)]
            stack.append(_CONVERSIONS[node.name](*arguments))
        else:
            raise UserError(
                f"gplearn's function {node.name!r} has no standard form; "
                f"use some of {', '.join(_CONVERSIONS)}"
            )
    return Formula(stack.pop().expression, space.names)


def _hyperparameter(space: Space, index: int) -> Part:
    h = space.hyperparameters[index]
    # Values may leave the bounds by rounding, as ConfigSpace's do.
    slack = 1e-9 * max(abs(h.lower), abs(h.upper))
    return Part(sympy.Symbol(h.name), Interval(h.lower - slack, h.upper + slack))


def _constant(value: float) -> Part:
    expression = build.number(int(value) if value in (0.0, 1.0) else value)
    return Part(expression, Interval(value, value))


def _guarded(inside: Part, condition: Node, otherwise: float) -> Part:
    """Return `inside` where the condition holds and the constant elsewhere."""
    if condition is sympy.true:
        return inside
    if condition is sympy.false:
        return _constant(otherwise)
    constant = _constant(otherwise)
    expression = build.piecewise([(inside.expression, condition), (constant.expression, sympy.true)])
    interval = Interval.hull(*_ends(inside), otherwise)
    return Part(expression, interval, Guard(inside, condition, otherwise))


def _exceeds_threshold(a: Part) -> Node:
    """Return the condition under which a part's magnitude exceeds the threshold."""
    magnitude = a.interval.magnitude
    if magnitude.is_known and magnitude.lower > THRESHOLD:
        return sympy.true
    if magnitude.is_known and magnitude.upper <= THRESHOLD:
        return sympy.false
    if a.guard is not None:
        inside = _exceeds_threshold(a.guard.inside)
        if abs(a.guard.otherwise) <= THRESHOLD:
            return _both(a.guard.condition, inside)
        return _either(build.connect(sympy.Not, [a.guard.condition]), inside)
    return build.relation(sympy.StrictGreaterThan, _magnitude(a).expression, build.number(THRESHOLD))


def _both(a: Node, b: Node) -> Node:
    if sympy.false in (a, b):
        return sympy.false
    return _connect(sympy.And, [condition for condition in (a, b) if condition is not sympy.true])


def _either(a: Node, b: Node) -> Node:
    if sympy.true in (a, b):
        return sympy.true
    return _connect(sympy.Or, [condition for condition in (a, b) if condition is not sympy.false])


def _connect(connective: Node, conditions: list[Node]) -> Node:
    flat: list[Node] = []
    for condition in conditions:
        flat += condition.args if condition.func is connective else [condition]
    distinct = list(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else build.connect(connective, distinct)


def _branchwise(convert: Callable[[Part], Part], evaluate: Callable[[float], Any]) -> Callable[[Part], Part]:
    """Return the conversion of an operator that goes into the branches of its argument.

    Nested protections so become one `Piecewise`, as in ``log(log(x))``. What stays nested is hard
    on readers, and on sympy: it multiplies out a condition that holds a `Piecewise`.
    """

    def apply(a: Part) -> Part:
        if a.guard is None:
            return convert(a)
        inside = apply(a.guard.inside)
        with np.errstate(all="ignore"):
            otherwise = float(evaluate(np.float64(a.guard.otherwise)))
        if not math.isfinite(otherwise):
            return convert(a)
        if inside.guard is None:
            return _guarded(inside, a.guard.condition, otherwise)
        if inside.guard.otherwise == otherwise:
            condition = _both(a.guard.condition, inside.guard.condition)
            return _guarded(inside.guard.inside, condition, otherwise)
        return convert(a)

    return apply


def _by_constant(
    convert: Callable[[Part, Part], Part], evaluate: Callable[[float, float], Any]
) -> Callable[[Part, Part], Part]:
    """Return the conversion of a binary operator that is branchwise where one argument is a constant."""

    def apply(a: Part, b: Part) -> Part:
        if b.expression.is_Number:
            constant = np.float64(b.expression)
            return _branchwise(lambda x: convert(x, b), lambda x: evaluate(x, constant))(a)
        if a.expression.is_Number:
            constant = np.float64(a.expression)
            return _branchwise(lambda x: convert(a, x), lambda x: evaluate(constant, x))(b)
        return convert(a, b)

    return apply


def _ends(a: Part) -> tuple[float, float]:
    return a.interval.lower, a.interval.upper


def _add(a: Part, b: Part) -> Part:
    interval = Interval.hull(a.interval.lower + b.interval.lower, a.interval.upper + b.interval.upper)
    return Part(_associate(build.add, a.expression, b.expression), interval)


def _associate(join: Callable[..., Node], a: Node, b: Node) -> Node:
    # a + (b + c) = b + c + a, also in floating point: the sum stays flat.
    kind = sympy.Add if join is build.add else sympy.Mul
    return join(b, a) if isinstance(b, kind) and not isinstance(a, kind) else join(a, b)


def _negate(a: Part) -> Part:
    return Part(build.negate(a.expression), Interval(-a.interval.upper, -a.interval.lower))


def _subtract(a: Part, b: Part) -> Part:
    interval = Interval.hull(a.interval.lower - b.interval.upper, a.interval.upper - b.interval.lower)
    return Part(build.add(a.expression, build.negate(b.expression)), interval)


def _multiply(a: Part, b: Part) -> Part:
    ends = [x * y for x in _ends(a) for y in _ends(b)]
    return Part(_associate(build.multiply, a.expression, b.expression), Interval.hull(*ends))


def _divide(a: Part, b: Part) -> Part:
    condition = _exceeds_threshold(b)
    if b.guard is not None and abs(b.guard.otherwise) <= THRESHOLD:
        b = b.guard.inside  # the condition includes b's own
    ends = [x / y for x in _ends(a) for y in b.interval.without(THRESHOLD)]
    quotient = Part(build.divide(a.expression, b.expression), Interval.hull(*ends) if ends else UNKNOWN)
    return _guarded(quotient, condition, 1.0)


def _invert(a: Part) -> Part:
    ends = [1.0 / x for x in a.interval.without(THRESHOLD)]
    inverse = build.power(a.expression, sympy.S.NegativeOne)
    return _guarded(Part(inverse, Interval.hull(*ends) if ends else UNKNOWN), _exceeds_threshold(a), 0.0)


def _log(a: Part) -> Part:
    ends = [math.log(abs(x)) for x in a.interval.without(THRESHOLD)]
    logarithm = build.call(sympy.log, _magnitude(a).expression)
    return _guarded(Part(logarithm, Interval.hull(*ends) if ends else UNKNOWN), _exceeds_threshold(a), 0.0)


def _magnitude(a: Part) -> Part:
    if a.interval.is_known and a.interval.lower >= 0:
        return a
    if a.interval.is_known and a.interval.upper <= 0:
        return _negate(a)
    return Part(build.call(sympy.Abs, a.expression), a.interval.magnitude)


def _sqrt(a: Part) -> Part:
    magnitude = _magnitude(a)
    interval = UNKNOWN
    if magnitude.interval.is_known:
        interval = Interval.hull(*(math.sqrt(x) for x in _ends(magnitude)))
    return Part(build.power(magnitude.expression, sympy.S.Half), interval)


def _exp(a: Part) -> Part:
    exponential = build.call(sympy.exp, a.expression)
    ends = [min(math.exp(min(x, 100.0)), EXPONENTIAL_CAP) for x in _ends(a)]
    interval = Interval.hull(*ends) if a.interval.is_known else UNKNOWN
    if interval.upper < EXPONENTIAL_CAP:
        return Part(exponential, interval)
    return Part(build.extremum(sympy.Min, [exponential, sympy.Integer(int(EXPONENTIAL_CAP))]), interval)


def _wave(function: Node) -> Callable[[Part], Part]:
    def convert(a: Part) -> Part:
        # The sine of an infinite value is no number.
        interval = Interval(-1.0, 1.0) if a.interval.is_known else UNKNOWN
        return Part(build.call(function, a.expression), interval)

    return convert


def _tan(a: Part) -> Part:
    return Part(build.call(sympy.tan, a.expression), UNKNOWN)


def _extremum(function: Node, choose: Callable[[float, float], float]) -> Callable[[Part, Part], Part]:
    def convert(a: Part, b: Part) -> Part:
        ends = [choose(x, y) for x, y in zip(_ends(a), _ends(b), strict=True)]
        known = a.interval.is_known and b.interval.is_known
        interval = Interval.hull(*ends) if known else UNKNOWN
        return Part(build.extremum(function, [a.expression, b.expression]), interval)

    return convert


def _protected_division(a: float, b: float) -> float:
    return a / b if abs(b) > THRESHOLD else 1.0


_CONVERSIONS: Mapping[str, Callable[..., Part]] = {
    "add": _by_constant(_add, np.add),
    "sub": _by_constant(_subtract, np.subtract),
    "mul": _by_constant(_multiply, np.multiply),
    "div": _by_constant(_divide, _protected_division),
    "sqrt": _branchwise(_sqrt, lambda x: np.sqrt(np.abs(x))),
    "log": _branchwise(_log, lambda x: np.log(np.abs(x)) if abs(x) > THRESHOLD else 0.0),
    "sin": _branchwise(_wave(sympy.sin), np.sin),
    "cos": _branchwise(_wave(sympy.cos), np.cos),
    "abs": _branchwise(_magnitude, np.abs),
    "exp": _branchwise(_exp, lambda x: capped_exp(np.asarray(x))),
    "neg": _branchwise(_negate, np.negative),
    "inv": _branchwise(_invert, lambda x: 1.0 / x if abs(x) > THRESHOLD else 0.0),
    "max": _extremum(sympy.Max, max),
    "min": _extremum(sympy.Min, min),
    "tan": _branchwise(_tan, np.tan),
}
