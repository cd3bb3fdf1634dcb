"""The evolution is gplearn's, program for program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gplearn.genetic import SymbolicRegressor

from symhpo.regression.evolution import evolve, execute
from symhpo.regression.gplearn import FUNCTIONS, GplearnRegressor

RNG = np.random.default_rng(5)
X = np.column_stack([10 ** RNG.uniform(-5, 0, 60), RNG.uniform(0, 50, 60).round()])
Y = np.log(X[:, 0]) ** 2 / 100 + np.maximum(X[:, 1], 20) / 50 + RNG.normal(0, 0.05, 60)


def same(ours: list[Any], gplearns: list[Any]) -> bool:
    return [type(node) for node in ours] == [type(node) for node in gplearns] and all(
        a is b or a == b or a.name == b.name for a, b in zip(ours, gplearns, strict=True)
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_program_is_gplearn_s(seed: int) -> None:
    settings = GplearnRegressor(population_size=200, generations=8)
    with np.errstate(all="ignore"):
        program = evolve(settings.engine(seed), X, Y)
        fitted = settings.engine(seed).fit(X, Y)
        assert same(program, fitted._program.program)
        np.testing.assert_array_equal(execute(program, X), fitted.predict(X))


@pytest.mark.parametrize(
    "changed",
    [
        {"p_crossover": 0.1, "p_subtree_mutation": 0.3, "p_hoist_mutation": 0.3, "p_point_mutation": 0.2},
        {"parsimony_coefficient": 0.1, "tournament_size": 3},
        {"init_depth": (1, 2), "init_method": "grow", "const_range": None},
        {"function_set": FUNCTIONS[:4], "stopping_criteria": 0.2},
    ],
)
def test_every_operation_and_setting_is_gplearn_s(changed: dict[str, Any]) -> None:
    def engine() -> SymbolicRegressor:
        known = {"population_size": 150, "generations": 6, "metric": "rmse", "random_state": 1}
        return SymbolicRegressor(**(known | changed))

    with np.errstate(all="ignore"):
        assert same(evolve(engine(), X, Y), engine().fit(X, Y)._program.program)


def test_programs_without_a_value_win_as_they_do_in_gplearn() -> None:
    # A difference of infinities has no value, and numpy's argmin takes that for the least.
    def engine() -> SymbolicRegressor:
        return SymbolicRegressor(
            population_size=150, generations=5, metric="rmse", random_state=2, function_set=("mul", "sub")
        )

    with np.errstate(all="ignore"):
        large = X * 1e200
        ours, gplearns = evolve(engine(), large, Y), engine().fit(large, Y)._program.program
        assert same(ours, gplearns)
