"""gplearn as a regressor, with small populations."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression import Regressor, TrainingSet
from symhpo.regression import gplearn as gplearn_module
from symhpo.regression.gplearn import GplearnRegressor
from symhpo.space import Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("alpha", "float", 1e-5, 1.0, 1e-3, log=True),
        Hyperparameter("batch_size", "int", 4, 256, 32, log=True),
    ]
)
SMALL = GplearnRegressor(population_size=100, generations=4, simplification_limit=0)


def training_set(n: int = 40) -> TrainingSet:
    X = SPACE.sample(n, np.random.default_rng(0))
    y = np.log(X[:, 1]) + 0.1 * np.sqrt(X[:, 0])
    return TrainingSet(SPACE, X, y, n)


def test_it_is_a_regressor_with_the_paper_s_settings() -> None:
    regressor = GplearnRegressor()
    assert isinstance(regressor, Regressor)
    assert (regressor.population_size, regressor.generations) == (5000, 20)
    assert (regressor.parsimony_coefficient, regressor.time_limit) == (1e-4, 900)
    assert regressor.functions == ("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", "abs", "exp")


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_the_formula_gives_the_predictions_of_gplearn_itself(seed: int) -> None:
    data = training_set()
    front = SMALL.fit(data, seed=seed)
    assert len(front.members) == 1
    member = front.members[0]
    assert member.max_relative_difference <= 1e-9
    with np.errstate(all="ignore"):
        engine = SMALL.engine(seed).fit(data.X, data.y)
        elsewhere = np.vstack([SPACE.sample(500, np.random.default_rng(9)), SPACE.grid(10)])
        np.testing.assert_allclose(
            member.formula.evaluate(elsewhere), engine.predict(elsewhere), rtol=1e-9, atol=1e-12
        )
    assert member.rmse == pytest.approx(np.sqrt(np.mean((engine.predict(data.X) - data.y) ** 2)))
    assert member.rmse < np.std(data.y)


def test_a_seed_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import numpy as np; from symhpo.regression.gplearn import GplearnRegressor;"
        "from symhpo.regression import TrainingSet; from symhpo.space import Hyperparameter, Space;"
        "s = Space([Hyperparameter('alpha', 'float', 1e-5, 1.0, 1e-3, log=True)]);"
        "X = s.sample(30, np.random.default_rng(0)); t = TrainingSet(s, X, np.sqrt(X[:, 0]), 30);"
        "r = GplearnRegressor(population_size=60, generations=3);"
        "f = r.fit(t, seed=3); print(f.to_json(), f.members[0].formula.latex)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(hash_seed), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in (1, 2)
    }
    assert len(outputs) == 1
    assert "formula" in outputs.pop()


def test_seeds_differ() -> None:
    formulas = {SMALL.fit(training_set(), seed=seed).members[0].formula for seed in (0, 1, 2)}
    assert len(formulas) > 1


def test_the_fit_leaves_numpy_s_global_random_state_alone() -> None:
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    SMALL.fit(training_set(), seed=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_simplification_is_left_out_where_no_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def simplify(formula: Formula, _: object, *, time_limit: float) -> Formula:
        limits.append(time_limit)
        return formula

    monkeypatch.setattr(gplearn_module, "simplify", simplify)
    for time_limit in (900.0, 5.0):
        replace(SMALL, time_limit=time_limit, simplification_limit=60).fit(training_set(), seed=0)
    assert limits == [60, 0]


def test_a_formula_that_is_not_the_engine_s_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gplearn_module, "simplify", lambda *_, **__: Formula.parse("0.25", SPACE.names))
    with pytest.raises(RuntimeError, match="differs from gplearn's predictions"):
        SMALL.fit(training_set(), seed=0)


@pytest.mark.parametrize("where", ["X", "y"])
def test_values_that_are_not_finite_are_refused(where: str) -> None:
    data = training_set()
    getattr(data, where)[0] = np.nan
    with pytest.raises(UserError, match="finite"):
        SMALL.fit(data, seed=0)


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(UserError, match=r"'cosine'.*known are"):
        replace(SMALL, functions=("add", "cosine"))
