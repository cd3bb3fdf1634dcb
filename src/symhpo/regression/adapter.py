"""Any estimator whose fitted model can be turned into a sympy expression, as a regression engine."""

from __future__ import annotations

import copy
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.formula.formula import Formula, max_relative_difference
from symhpo.regression.base import Dropped, Front, Member, TrainingSet
from symhpo.regression.domain import Domain
from symhpo.space import Space

__all__ = ["SympyRegressor", "linear_model", "pysr_equations"]

Array: TypeAlias = NDArray[np.float64]
Predict: TypeAlias = Callable[[Array], Any]
Expression: TypeAlias = Any  # sympy ships no types

TOLERANCES = {"double": 1e-9, "single": 1e-5}


@dataclass(frozen=True)
class SympyRegressor:
    """A scikit-learn style estimator behind the interface of all regression engines.

    The contract: the estimator has ``fit(X, y)`` and ``predict(X)``, with `X` of shape (n, d), one
    column for each hyperparameter of the space in its order, and `y` of shape (n,). Each fit works on
    a copy of the estimator, whose ``random_state``, if it has one, is set to the fit's seed. What
    `to_sympy` then gives is

    - a sympy expression, or its text in sympy's syntax, with the values that ``predict`` gives; or
    - a sequence of pairs of an expression and its own prediction, a function of `X`: a front.

    The symbols of an expression are ``x0``, ``x1``, ... in the order of the columns, or the names of
    the hyperparameters. They stand for the columns as the estimator saw them; the formula is
    rewritten in true units, with ``log10`` where the column was a logarithm.

    Attributes
    ----------
    estimator : object
        Not fitted.
    to_sympy : str or callable
        The name of the fitted estimator's method or attribute; or a function of the fitted
        estimator, such as `linear_model`, itself or by its dotted path.
    scale : {"log10", "raw"}
        Whether log-scaled hyperparameters enter as log10 or as they are.
    precision : {"double", "single"}
        That of the estimator's predictions: the expression has to give them to 1e-9 or 1e-5,
        relative to their magnitude, all over the search space.

    Raises
    ------
    UserError
        If the estimator has no ``fit`` or ``predict``, or an option is unknown.
    """

    estimator: Any
    to_sympy: str | Callable[[Any], Any] = "sympy"
    scale: Literal["log10", "raw"] = "log10"
    precision: Literal["double", "single"] = "double"
    name: str = "sklearn"

    def __post_init__(self) -> None:
        for method in ("fit", "predict"):
            if not callable(getattr(self.estimator, method, None)):
                kind = type(self.estimator).__name__
                raise UserError(f"regressor.estimator: {kind} has no method {method}(); choose an estimator")
        if self.scale not in ("log10", "raw"):
            raise UserError(f"regressor.scale is {self.scale!r}; choose log10 or raw")
        if self.precision not in TOLERANCES:
            raise UserError(f"regressor.precision is {self.precision!r}; choose double or single")

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return the front of the estimator's expressions.

        Those that are no formula or misbehave on the search space (`domain.Domain`) are dropped.

        Raises
        ------
        UserError
            If the training set has values that are not finite, if one of the expressions does not give
            the estimator's own predictions, or if none is left.
        """
        if not (np.isfinite(training_set.X).all() and np.isfinite(training_set.y).all()):
            raise UserError(
                f"{self.name} needs a finite cost and a value of every hyperparameter in each configuration; "
                "tune hyperparameters without conditions, or choose another regressor"
            )
        fitted = _with_seed(copy.deepcopy(self.estimator), seed)
        fitted.fit(self._columns(training_set.space, training_set.X), training_set.y.copy())
        domain = Domain(training_set.space, training_set.y)
        members: list[Member] = []
        dropped: list[Dropped] = []
        for expression, predict in self._expressions(fitted):
            try:
                formula = self._formula(expression, training_set.space)
            except UserError as error:
                dropped.append(Dropped(str(expression), str(error)))
                continue
            member = self._member(formula, predict, training_set, domain)
            reason = domain.reason_against(formula)
            if reason is None:
                members.append(member)
            else:
                dropped.append(Dropped(formula.text, reason))
        if not members:
            reasons = "; ".join(d.reason for d in dropped) or "regressor.to_sympy gave nothing"
            raise UserError(f"{self.name} found no formula that can be used: {reasons}")
        return Front.of(members, dropped)

    def _columns(self, space: Space, X: Array) -> Array:
        return space.features(X) if self.scale == "log10" else np.array(X)

    def _expressions(self, fitted: Any) -> Iterator[tuple[Expression, Predict]]:
        given = self._convert(fitted)
        if isinstance(given, Sequence) and not isinstance(given, str):
            yield from given
        else:
            yield given, fitted.predict

    def _convert(self, fitted: Any) -> Any:
        if callable(self.to_sympy):
            return self.to_sympy(fitted)
        if "." in self.to_sympy:
            try:
                function = pkgutil.resolve_name(self.to_sympy)
            except (ImportError, AttributeError, ValueError) as error:
                raise UserError(f"regressor.to_sympy: {error}; give the dotted path of a function") from None
            return function(fitted)
        if not hasattr(fitted, self.to_sympy):
            raise UserError(
                f"regressor.to_sympy: a fitted {type(fitted).__name__} has no {self.to_sympy!r}; name its "
                "method or attribute, or the dotted path of a function"
            )
        given = getattr(fitted, self.to_sympy)
        # An expression is callable too, but no method.
        return given() if callable(given) and not hasattr(given, "free_symbols") else given

    def _formula(self, expression: Expression, space: Space) -> Formula:
        """Return an expression in the estimator's columns as a formula in true units."""
        import sympy
        from sympy.codegen.cfunctions import log10

        columns = {f"x{j}": h for j, h in enumerate(space.hyperparameters)}
        columns |= {h.name: h for h in space.hyperparameters}
        if isinstance(expression, str):
            expression = Formula.parse(expression, tuple(columns)).expression
        elif isinstance(expression, (int, float)):
            expression = sympy.Float(expression)
        if not isinstance(expression, sympy.Expr):
            raise UserError(f"regressor.to_sympy gave a {type(expression).__name__}, which is no expression")
        unknown = sorted(symbol.name for symbol in expression.free_symbols if symbol.name not in columns)
        if unknown:
            raise UserError(f"its expression has the symbol {unknown[0]!r}; symbols are {', '.join(columns)}")
        in_true_units = {}
        for symbol in expression.free_symbols:
            h = columns[symbol.name]
            value = sympy.Symbol(h.name)
            in_true_units[symbol] = log10(value) if h.log and self.scale == "log10" else value
        return Formula(expression.xreplace(in_true_units), space.names)

    def _member(
        self, formula: Formula, predict: Predict, training_set: TrainingSet, domain: Domain
    ) -> Member:
        points = np.vstack([training_set.X, domain.X])
        predictions = np.asarray(predict(self._columns(training_set.space, points)), dtype=np.float64)
        if predictions.shape != (len(points),):
            raise UserError(
                f"{self.name}: predict gave the shape {predictions.shape} for {len(points)} points; "
                f"it has to be ({len(points)},)"
            )
        values = formula.evaluate(points)
        difference = max_relative_difference(values, predictions)
        if not difference <= TOLERANCES[self.precision]:
            raise UserError(
                f"{self.name}: the expression differs from the estimator's own predictions by "
                f"{difference:.2g} relative, more than {TOLERANCES[self.precision]:g} ({self.precision} "
                f"precision): {formula}; correct regressor.to_sympy or regressor.precision"
            )
        residuals = values[: len(training_set.y)] - training_set.y
        return Member(formula, float(np.sqrt(np.mean(residuals**2))), difference)


def linear_model(estimator: Any) -> Expression:
    """Return the expression of a fitted linear model of scikit-learn: ``intercept_`` and ``coef_``."""
    import sympy

    coefficients = np.ravel(estimator.coef_)
    terms = [sympy.Float(float(c)) * sympy.Symbol(f"x{j}") for j, c in enumerate(coefficients) if c != 0]
    return sympy.Add(sympy.Float(float(np.squeeze(estimator.intercept_))), *terms)


def pysr_equations(estimator: Any) -> list[tuple[Expression, Predict]]:
    """Return all equations of a fitted ``pysr.PySRRegressor``, each with its own prediction."""
    return [
        (estimator.sympy(index), partial(estimator.predict, index=index))
        for index in estimator.equations_.index
    ]


def _with_seed(estimator: Any, seed: int) -> Any:
    if hasattr(estimator, "random_state"):
        estimator.random_state = seed
    return estimator
