"""A formula's constants as parameters: the same structure with other numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula

__all__ = ["Parametrised"]

Array = NDArray[np.float64]

# Least squares starts at constants that already fit similar data, so few steps are enough.
MAX_STEPS = 30
# Stands for a value that is not finite, so that least squares turns away from it.
FAR_OFF = 1e50


class Parametrised:
    """A formula whose constants can be changed.

    The constants are the numbers of the expression, each occurrence on its own, but for exact
    exponents and the exact numbers -1, 0 and 1: a square is a square, a sign a sign.

    Parameters
    ----------
    formula : Formula

    Attributes
    ----------
    constants : array of shape (k,)
        The formula's own, in the order in which they are written.
    names : tuple of str
        ``c0``, ``c1``, ..., or longer where a hyperparameter has such a name.
    template : Formula
        The formula with these names in the place of its constants.
    """

    def __init__(self, formula: Formula) -> None:
        import sympy

        values: list[float] = []
        stem = "c"
        while any(
            name.startswith(stem) and name[len(stem) :].isdecimal() for name in formula.hyperparameters
        ):
            stem += "_"

        def visit(node: Any) -> Any:
            if node.is_Number and node not in (sympy.S.NegativeOne, sympy.S.Zero, sympy.S.One):
                values.append(float(node))
                return sympy.Symbol(f"{stem}{len(values) - 1}")
            if not node.args:
                return node
            if node.is_Pow and node.exp.is_Rational:
                arguments = [visit(node.base), node.exp]
            else:
                arguments = [visit(argument) for argument in node.args]
            # Without evaluation: sympy would reorder terms.
            return sympy.Basic.__new__(node.func, *arguments)

        expression = visit(formula.expression)
        self.constants: Array = np.array(values)
        self.names = tuple(f"{stem}{i}" for i in range(len(values)))
        self.template = Formula(expression, (*formula.hyperparameters, *self.names))

    def evaluate(self, X: Array, constants: Array) -> Array:
        """Return the values, shape (n,), with the given constants, shape (k,), on the rows of `X`."""
        return self.template.evaluate(np.column_stack([X, np.tile(constants, (len(X), 1))]))

    def fit(self, X: Array, y: Array) -> Array:
        """Return the constants of least squares on a training set, starting from the formula's own.

        Where the formula has no finite value on the points, its constants stay as they are.
        """
        from scipy.optimize import least_squares

        if len(self.constants) == 0 or not np.isfinite(self.evaluate(X, self.constants)).all():
            return self.constants.copy()

        def residuals(constants: Array) -> Array:
            difference = self.evaluate(X, constants) - y
            return np.nan_to_num(difference, nan=FAR_OFF, posinf=FAR_OFF, neginf=-FAR_OFF)

        magnitudes = np.abs(self.constants)
        solution = least_squares(
            residuals,
            self.constants,
            x_scale=np.maximum(magnitudes, 1e-3 * (magnitudes.max() or 1.0)),
            max_nfev=MAX_STEPS,
        )
        return np.asarray(solution.x)
