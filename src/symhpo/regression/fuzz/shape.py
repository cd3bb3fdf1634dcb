"""The shape of a formula: what remains when its constants are left out, however it is written."""

from __future__ import annotations

import sympy

from symhpo.formula import Formula
from symhpo.formula.expression import Node
from symhpo.formula.measure import structure

__all__ = ["shape"]

# Exponents this near to a small whole number are meant to be it; powers of sums with higher ones are never
# multiplied out, which would give any number of terms.
WHOLE, HIGHEST = 1e-3, 4


def shape(formula: Formula) -> str:
    """Return a text that is equal for formulas that are the same up to their constants.

    Sums are multiplied out and constants moved into extrema, so that it does not matter which of the
    equal forms a formula has; exponents other than small whole numbers are constants, too. Every term has a
    constant factor, which may be one.
    """
    return structure(_without_factors(_clipped(_canonical(formula.expression))))


def _canonical(node: Node) -> Node:
    """Return an equal expression in the one form that all equal ones should have."""
    if not node.args:
        return sympy.Float(float(node)) if node.is_number and not node.is_Boolean else node
    arguments = [_canonical(argument) for argument in node.args]
    if node.is_Pow:
        return _power(*arguments)
    if node.is_Add or node.is_Mul:
        expanded = sympy.expand(node.func(*arguments), deep=False)
        divided = sympy.Add(*(_divided(term) for term in sympy.Add.make_args(expanded)))
        return _with_constants_inside(sympy.expand(divided, deep=False))
    if node.func in (sympy.Max, sympy.Min):
        return _extremum(node.func, arguments)
    if node.func.__name__ == "log10":
        return _logarithm(node.func, arguments[0])
    return node.func(*arguments, evaluate=False) if node.func is sympy.Piecewise else node.func(*arguments)


def _power(base: Node, exponent: Node) -> Node:
    if exponent.is_number:
        nearest = round(float(exponent))
        is_whole = abs(nearest) <= HIGHEST and abs(float(exponent) - nearest) < WHOLE
        exponent = sympy.Integer(nearest) if is_whole else sympy.Float(float(exponent))
    factor, rest = base.as_coeff_Mul()
    if exponent.is_number and base.is_Mul and float(factor) > 0:
        return float(factor) ** float(exponent) * sympy.Pow(rest, exponent)
    return sympy.expand(sympy.Pow(base, exponent), deep=False)


def _divided(term: Node) -> Node:
    """Return ``x/(a*x + b)`` as ``(1 - b/(a*x + b))/a``."""
    factors = sympy.Mul.make_args(term)
    for quotient in factors:
        if quotient.is_Pow and quotient.exp == -1 and quotient.base.is_Add:
            for x in (factor for factor in factors if factor.is_Symbol):
                a = quotient.base.coeff(x)
                b = quotient.base - a * x
                if a.is_number and b.is_number:
                    rest = sympy.Mul(*(factor for factor in factors if factor not in (x, quotient)))
                    return rest / a - rest * b / a * quotient
    return term


def _logarithm(function: Node, argument: Node) -> Node:
    factor, rest = argument.as_coeff_Mul()
    if rest.is_Pow and rest.exp.is_number:
        return sympy.log(float(abs(factor)), 10).evalf() + rest.exp * function(rest.base)
    if argument.is_Mul and float(factor) > 0:
        return sympy.log(float(factor), 10).evalf() + function(rest)
    return function(argument)


def _extremum(function: Node, arguments: list[Node]) -> Node:
    flat: list[Node] = []
    for argument in arguments:
        flat += argument.args if argument.func is function else [argument]
    numbers = [float(argument) for argument in flat if argument.is_number]
    rest = sorted({argument for argument in flat if not argument.is_number}, key=sympy.default_sort_key)
    bound = [sympy.Float((max if function is sympy.Max else min)(numbers))] if numbers else []
    kept = [*bound, *rest]
    return kept[0] if len(kept) == 1 else function(*kept, evaluate=False)


def _with_constants_inside(node: Node) -> Node:
    """Return ``a + b*Max(f, g)`` as ``Max(a + b*f, a + b*g)``."""
    addend, rest = node.as_coeff_Add()
    factor, extremum = rest.as_coeff_Mul()
    if extremum.func not in (sympy.Max, sympy.Min) or (addend == 0 and factor == 1):
        return node
    swapped = {sympy.Max: sympy.Min, sympy.Min: sympy.Max}
    function = extremum.func if factor > 0 else swapped[extremum.func]
    moved = [
        _with_constants_inside(sympy.expand(addend + factor * argument, deep=False))
        for argument in extremum.args
    ]
    return _extremum(function, moved)


def _clipped(node: Node) -> Node:
    """Return a value kept between two numbers in one order: the minimum of a maximum."""
    if not node.args:
        return node
    arguments = [_clipped(argument) for argument in node.args]
    if node.func is sympy.Max and len(arguments) == 2:
        floor, inner = sorted(arguments, key=lambda argument: not argument.is_number)
        if floor.is_number and inner.func is sympy.Min and len(inner.args) == 2:
            ceiling, value = sorted(inner.args, key=lambda argument: not argument.is_number)
            if ceiling.is_number and ceiling > floor:
                return sympy.Min(ceiling, sympy.Max(floor, value, evaluate=False), evaluate=False)
    return sympy.Basic.__new__(node.func, *arguments)


def _without_factors(node: Node) -> Node:
    if not node.args:
        return node
    arguments = [_without_factors(argument) for argument in node.args]
    if node.is_Mul:
        arguments = [argument for argument in arguments if not argument.is_number]
    return arguments[0] if node.is_Mul and len(arguments) == 1 else sympy.Basic.__new__(node.func, *arguments)
