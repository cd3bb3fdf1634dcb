"""gplearn in the setting of the paper: genetic programming on raw hyperparameter values.

The programs are gplearn's own; `symhpo.regression.evolution` finds them in about a fifth of its time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.formula.formula import max_relative_difference
from symhpo.formula.simplify import WALL_SECONDS_PER_CPU_SECOND, simplify
from symhpo.regression.base import Front, Member, TrainingSet
from symhpo.regression.domain import corners
from symhpo.space import Space

__all__ = ["GplearnRegressor"]

PAPER_FUNCTIONS = ("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", "abs", "exp")
FUNCTIONS = (*PAPER_FUNCTIONS, "neg", "inv", "max", "min", "tan")
# The formula has to give the engine's own predictions, relative to their magnitude.
TOLERANCE = 1e-9
# Points on which formula and engine are compared, besides the training set and the corners.
N_CHECK_POINTS = 1000
# Wall seconds kept free between a simplification and the end of the fit's own time.
MARGIN = 10.0


@dataclass(frozen=True)
class GplearnRegressor:
    """Symbolic regression with gplearn; the defaults are the paper's.

    Attributes
    ----------
    population_size, generations, parsimony_coefficient
        As in `gplearn.genetic.SymbolicRegressor`.
    functions : sequence of str
        gplearn's names, and ``exp``, the exponential capped at 1e5.
    time_limit : float
        Wall seconds for one fit. The fit is not stopped from within: `regression.isolated.fit_many`
        ends the process of one that exceeds it.
    simplification_limit : float
        CPU seconds for `sympy.simplify` of the result, in a process of its own; 0 leaves it out. It
        never takes the fit beyond `time_limit`; a formula that is not simplified in time stays as
        it was found.
    """

    population_size: int = 5000
    generations: int = 20
    parsimony_coefficient: float = 1e-4
    functions: Sequence[str] = PAPER_FUNCTIONS
    time_limit: float = 900.0
    simplification_limit: float = 60.0
    name: str = "gplearn"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.functions) - set(FUNCTIONS))
        if unknown or not self.functions:
            raise UserError(f"gplearn's functions {unknown} are unknown; known are {', '.join(FUNCTIONS)}")

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return the front of the one formula that gplearn finds.

        Raises
        ------
        UserError
            If the training set has values that are not finite.
        RuntimeError
            If the formula does not give gplearn's own predictions.
        """
        from symhpo.regression.evolution import evolve, execute
        from symhpo.regression.protected import to_formula

        _check_finite(training_set)
        deadline = time.monotonic() + self.time_limit - MARGIN
        points = _check_points(training_set)
        with np.errstate(all="ignore"):  # programs that overflow lose out
            program = evolve(self.engine(seed), training_set.X, training_set.y)
            expected = execute(program, points)
        formula = to_formula(program, training_set.space)
        left = (deadline - time.monotonic()) / WALL_SECONDS_PER_CPU_SECOND
        formula = simplify(formula, points, time_limit=max(min(self.simplification_limit, left), 0.0))
        difference = max_relative_difference(formula.evaluate(points), expected)
        if difference > TOLERANCE:
            raise RuntimeError(
                f"the formula differs from gplearn's predictions by {difference:.2g}: {formula}"
            )
        residuals = formula.evaluate(training_set.X) - training_set.y
        return Front((Member(formula, float(np.sqrt(np.mean(residuals**2))), difference),))

    def engine(self, seed: int) -> Any:
        """Return gplearn's estimator with these settings, not fitted."""
        from gplearn.functions import make_function
        from gplearn.genetic import SymbolicRegressor

        from symhpo.regression.protected import capped_exp

        exp = make_function(function=capped_exp, name="exp", arity=1, wrap=False)
        return SymbolicRegressor(
            population_size=self.population_size,
            generations=self.generations,
            metric="rmse",
            parsimony_coefficient=self.parsimony_coefficient,
            function_set=[exp if name == "exp" else name for name in self.functions],
            random_state=seed,
            n_jobs=1,
        )


def _check_finite(training_set: TrainingSet) -> None:
    if not (np.isfinite(training_set.X).all() and np.isfinite(training_set.y).all()):
        raise UserError(
            "gplearn needs a finite cost and a value of every hyperparameter in each configuration; "
            "tune hyperparameters without conditions, or choose another regressor"
        )


def _check_points(training_set: TrainingSet) -> NDArray[np.float64]:
    space: Space = training_set.space
    random = space.sample(N_CHECK_POINTS, np.random.default_rng(0))
    return np.vstack([training_set.X, corners(space), random])
