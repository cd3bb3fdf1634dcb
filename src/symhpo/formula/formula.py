"""A formula: an expression over named hyperparameters in their true units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.errors import UserError

__all__ = ["Formula", "max_relative_difference"]

# sympy takes 0.4 s to import: a run that finds its results in the store does without.


@dataclass(frozen=True, eq=False, repr=False)
class Formula:
    """An expression over named hyperparameters in their true units.

    Its values, text and measures all belong to one expression tree, which sympy never reorders or
    evaluates behind the scenes: the text, read back, gives the same tree and the same values bit
    for bit. Two formulas are equal if their texts and hyperparameters are.

    Parameters
    ----------
    expression : sympy expression
        Symbols are the hyperparameters' names, whatever their assumptions. Allowed are real
        numbers, ``+ - * / **``, `Abs`, `Min`, `Max`, `Piecewise`, comparisons, the elementary
        functions and `log10` (`sympy.codegen.cfunctions.log10`).
    hyperparameters : sequence of str
        The columns of the arrays that the formula is evaluated on; some may be absent from the
        expression.

    Raises
    ------
    UserError
        If the expression holds anything else.
    """

    expression: Any
    hyperparameters: tuple[str, ...]

    def __post_init__(self) -> None:
        from symhpo.formula.expression import normal_form

        names = tuple(self.hyperparameters)
        object.__setattr__(self, "hyperparameters", names)
        try:
            object.__setattr__(self, "expression", normal_form(self.expression, names))
        except RecursionError:
            raise UserError("a formula is nested too deeply; let the engine find a shorter one") from None

    @classmethod
    def parse(cls, text: str, hyperparameters: Sequence[str]) -> Formula:
        """Read a formula from text in standard sympy syntax, without running the text as code.

        Raises
        ------
        UserError
            If the text is no formula over these hyperparameters, with the place of the error.
        """
        from symhpo.formula.parse import parse

        return cls(parse(text, hyperparameters), tuple(hyperparameters))

    def evaluate(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the formula's values.

        Parameters
        ----------
        X : array of shape (n, d)
            Configurations in true units, columns in the order of `hyperparameters`.

        Returns
        -------
        array of shape (n,)
            Infinite or NaN where the expression has no finite value.
        """
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(self.hyperparameters):
            raise ValueError(f"shape {X.shape}, but the formula takes (n, {len(self.hyperparameters)})")
        return self._function(X)

    @cached_property
    def _function(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        from symhpo.formula.evaluate import compile_expression

        return compile_expression(self.expression, self.hyperparameters)

    @cached_property
    def text(self) -> str:
        """The formula in standard sympy syntax, every constant with all its digits."""
        from symhpo.formula.printing import to_text

        return to_text(self.expression)

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX, constants with four significant digits."""
        from symhpo.formula.latex import to_latex

        return to_latex(self.expression)

    @cached_property
    def nodes(self) -> int:
        """Nodes of the expression tree, as `sympy.preorder_traversal` visits them."""
        from symhpo.formula.measure import nodes

        return nodes(self.expression)

    @cached_property
    def operations(self) -> int:
        """Operations, as `sympy.count_ops` counts them."""
        from symhpo.formula.measure import operations

        return operations(self.expression)

    @cached_property
    def depth(self) -> int:
        """Edges from the root of the expression tree to its farthest leaf."""
        from symhpo.formula.measure import depth

        return depth(self.expression)

    @cached_property
    def structure(self) -> str:
        """The formula with its constants as placeholders, apart from the order of terms."""
        from symhpo.formula.measure import structure

        return structure(self.expression)

    def is_equal(self, other: Formula, X: ArrayLike, rtol: float = 1e-9) -> bool:
        """Whether two formulas have the same values on `X`; see `max_relative_difference`."""
        return max_relative_difference(self.evaluate(X), other.evaluate(X)) <= rtol

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Formula):
            return NotImplemented
        return (self.text, self.hyperparameters) == (other.text, other.hyperparameters)

    def __hash__(self) -> int:
        return hash((self.text, self.hyperparameters))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Formula.parse({self.text!r}, {self.hyperparameters!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # sympy evaluates expressions anew when it unpickles them; the text is exact.
        return Formula.parse, (self.text, self.hyperparameters)


def max_relative_difference(values: ArrayLike, reference: ArrayLike) -> float:
    """Return the largest difference relative to the reference's magnitude, point by point.

    A reference below a millionth of the largest one counts as that. Equal infinities and NaNs
    differ by zero, unequal ones by infinity.
    """
    a, b = np.asarray(values, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if not np.all(finite | same):
        return float("inf")
    if not finite.any():
        return 0.0
    a, b = a[finite], b[finite]
    magnitude = np.maximum(np.abs(b), 1e-6 * np.abs(b).max())
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nanmax(np.abs(a - b) / magnitude, initial=0.0))
