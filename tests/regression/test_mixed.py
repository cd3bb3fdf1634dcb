"""Formulas over categorical and conditional hyperparameters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from symhpo.formula import Formula
from symhpo.regression import TrainingSet
from symhpo.regression.base import Dropped, Front, Regressor
from symhpo.regression.baselines import ConstantRegressor, LinearRegressor
from symhpo.regression.mixed import MixedRegressor, legend
from symhpo.regression.operon import OperonRegressor
from symhpo.regression.selection import Bic
from symhpo.space import Condition, Hyperparameter, Space

NOT_RBF = Condition("kernel", ("poly", "sigmoid"))
SPACE = Space(
    [
        Hyperparameter.categorical("kernel", ("rbf", "poly", "sigmoid"), "rbf"),
        Hyperparameter("C", "float", 1e-2, 1e2, 1.0, log=True),
        Hyperparameter("coef0", "float", -1.0, 1.0, 0.0, condition=NOT_RBF),
        Hyperparameter("degree", "int", 2, 5, 3, condition=Condition("kernel", ("poly",))),
    ]
)
X = SPACE.sample(240, np.random.default_rng(0))
VALUES = dict(zip(SPACE.names, X.T, strict=True))
SHIFTED = 0.3 + 0.1 * np.log10(VALUES["C"]) + 0.2 * (VALUES["kernel"] == 1)
OF_DEGREE, OF_COEF0 = 0.05 * np.nan_to_num(VALUES["degree"]), 0.3 * np.nan_to_num(VALUES["coef0"])
BY_CHOICE = np.choose(VALUES["kernel"].astype(int), [0.1 * np.log10(VALUES["C"]), OF_DEGREE, OF_COEF0])


def training_set(y: np.ndarray, space: Space = SPACE, values: np.ndarray = X) -> TrainingSet:
    return TrainingSet(space, values, y, n_evaluations=len(y))


class Failing:
    """An engine all of whose formulas are dropped."""

    name = "failing"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:  # noqa: ARG002
        return Front((), (Dropped("1/0", "infinite"),))


@pytest.mark.parametrize("engine", [LinearRegressor(), ConstantRegressor(), OperonRegressor(max_nodes=10)])
class TestContract:
    def test_is_a_regressor(self, engine: Regressor) -> None:
        assert isinstance(MixedRegressor(engine), Regressor)
        assert MixedRegressor(engine).name == engine.name

    def test_errors_are_those_of_the_formulas(self, engine: Regressor) -> None:
        front = MixedRegressor(engine).fit(training_set(BY_CHOICE), seed=0)
        assert front.members
        for member in front.members:
            rmse = np.sqrt(np.mean((member.formula.evaluate(X) - BY_CHOICE) ** 2))
            assert member.rmse == pytest.approx(rmse, rel=1e-6, abs=1e-9)

    def test_formulas_are_standard_text_over_the_hyperparameters(self, engine: Regressor) -> None:
        for member in MixedRegressor(engine).fit(training_set(BY_CHOICE), seed=0).members:
            again = Formula.parse(member.formula.text, SPACE.names)
            assert "=" not in member.formula.text
            np.testing.assert_array_equal(again.evaluate(X), member.formula.evaluate(X))

    def test_is_a_front(self, engine: Regressor) -> None:
        members = MixedRegressor(engine).fit(training_set(SHIFTED), seed=0).members
        assert all(b.nodes > a.nodes and b.rmse < a.rmse for a, b in pairwise(members))

    def test_repeats(self, engine: Regressor) -> None:
        first, again = (MixedRegressor(engine).fit(training_set(BY_CHOICE), seed=5) for _ in range(2))
        assert first.to_json() == again.to_json()

    def test_numbers_alone_are_the_engine_s_own(self, engine: Regressor) -> None:
        space = SPACE.subset(["C"])
        of = training_set(SHIFTED, space, VALUES["C"][:, None])
        assert MixedRegressor(engine).fit(of, seed=0).to_json() == engine.fit(of, seed=0).to_json()


def test_a_shift_enters_as_an_indicator() -> None:
    of = training_set(SHIFTED)
    member = Bic()(MixedRegressor(OperonRegressor(max_nodes=12)).fit(of, seed=0), of)
    assert member.rmse < 1e-3
    assert member.formula.text.count("log10") == 1
    assert "Piecewise((1, Eq(kernel, 1)), (0, True))" in member.formula.text


def test_different_laws_enter_as_a_formula_for_each_choice() -> None:
    of = training_set(BY_CHOICE)
    member = Bic()(MixedRegressor(LinearRegressor()).fit(of, seed=0), of)
    assert member.rmse < 1e-9
    assert member.formula.text.startswith("Piecewise(")
    assert "Eq(kernel, 0)" in member.formula.text
    values = member.formula.evaluate(X)
    assert np.isfinite(values).all()


def test_conditionals_are_looked_at_where_they_are_active() -> None:
    front = MixedRegressor(LinearRegressor()).fit(training_set(BY_CHOICE), seed=0)
    elsewhere = SPACE.sample(200, np.random.default_rng(9))
    for member in front.members:
        assert np.isfinite(member.formula.evaluate(elsewhere)).all()


def test_a_choice_without_a_trial_costs_what_the_others_do() -> None:
    seen = VALUES["kernel"] != 2
    front = MixedRegressor(ConstantRegressor()).fit(training_set(5 + SHIFTED[seen], SPACE, X[seen]), seed=0)
    by_choice = [m for m in front.members if m.formula.text.startswith("Piecewise(")]
    assert by_choice
    for member in by_choice:
        elsewhere = member.formula.evaluate(X[~seen])
        np.testing.assert_allclose(elsewhere, 5 + SHIFTED[seen].mean(), atol=1e-3)


def test_one_choice_is_none() -> None:
    class Counting(LinearRegressor):
        fits = 0

        def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
            Counting.fits += 1
            return super().fit(training_set, seed=seed)

    space = Space([Hyperparameter.categorical("kernel", ("rbf",), "rbf"), SPACE["C"]])
    values = space.sample(60, np.random.default_rng(0))
    y = 0.1 * np.log10(values[:, space.names.index("C")])
    front = MixedRegressor(Counting()).fit(training_set(y, space, values), seed=0)
    assert front.members[-1].rmse < 1e-9
    # Not once more for the choice that all trials have.
    assert Counting.fits == 1


def test_two_categoricals() -> None:
    space = Space(
        [
            Hyperparameter.categorical("activation", ("relu", "tanh"), "relu"),
            Hyperparameter.categorical("solver", ("adam", "sgd", "lbfgs"), "adam"),
            Hyperparameter("alpha", "float", 1e-4, 1.0, 1e-2, log=True),
        ]
    )
    values = space.sample(240, np.random.default_rng(0))
    columns = dict(zip(space.names, values.T, strict=True))
    y = columns["activation"] * 0.2 + np.choose(
        columns["solver"].astype(int), [0.1 * np.log10(columns["alpha"]), 0.5, 0.7]
    )
    front = MixedRegressor(LinearRegressor()).fit(training_set(y, space, values), seed=0)
    assert front.members[-1].rmse < 1e-9
    assert legend(space) == "activation: 0 relu, 1 tanh; solver: 0 adam, 1 sgd, 2 lbfgs"


def test_a_choice_without_trials() -> None:
    rows = VALUES["kernel"] != 2
    front = MixedRegressor(LinearRegressor()).fit(training_set(BY_CHOICE[rows], SPACE, X[rows]), seed=0)
    assert np.isfinite(front.members[-1].formula.evaluate(X)).all()


def test_dropped_formulas_are_handed_on() -> None:
    front = MixedRegressor(Failing()).fit(training_set(BY_CHOICE), seed=0)
    assert len(front.dropped) == 4
    assert front.members[-1].formula.text.count("Eq(kernel") == 2
