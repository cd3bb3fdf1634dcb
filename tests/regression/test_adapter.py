"""Other people's estimators: the contract, and what breaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy
from omegaconf import OmegaConf

from symhpo.errors import UserError
from symhpo.regression.adapter import SympyRegressor, linear_model, pysr_equations
from symhpo.regression.base import Regressor, TrainingSet
from symhpo.space import Condition, Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("C", "float", 1e-3, 1e3, 1.0, log=True),
        Hyperparameter("degree", "int", 1, 5, 3),
    ]
)


@dataclass
class Slope:
    """Fits the mean and the slope along the first column; what it says of itself can be tampered with."""

    random_state: int | None = None
    error: float = 0.0
    symbol: str = "x0"
    single: bool = False
    seen: list[Any] = field(default_factory=list)

    def fit(self, X: np.ndarray, y: np.ndarray) -> Slope:
        self.seen.append((X.copy(), y.copy(), self.random_state))
        X[:], y_mean = X, float(y.mean())  # a fit may write into what it is given
        self.slope_ = float(np.polyfit(X[:, 0], y, 1)[0])
        self.intercept_ = y_mean - self.slope_ * float(X[:, 0].mean())
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        values = self.intercept_ + self.slope_ * X[:, 0]
        return values.astype(np.float32) if self.single else values

    def sympy(self) -> sympy.Expr:
        return sympy.Float(self.intercept_) + (self.slope_ + self.error) * sympy.Symbol(self.symbol)

    @property
    def text_(self) -> str:
        return f"{self.intercept_!r} + {self.slope_!r}*{self.symbol}"

    @property
    def expression_(self) -> sympy.Expr:
        return self.sympy()

    def gamma(self) -> sympy.Expr:
        return sympy.gamma(sympy.Symbol("x0"))

    def column(self) -> sympy.Expr:
        self.predict = lambda X: np.zeros((len(X), 1))
        return sympy.Float(0)

    def front(self) -> list[Any]:
        constant = self.intercept_
        return [
            (sympy.Float(constant), lambda X: np.full(len(X), constant)),
            (self.sympy(), self.predict),
            (self.gamma(), self.predict),
        ]

    def nothing(self) -> list[Any]:
        return []


class Equations:
    """What PySR's estimator offers once fitted: a frame of equations, each to be had by its index."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Equations:  # noqa: ARG002
        self.equations_ = pd.DataFrame({"complexity": [1, 3]})
        self.mean_ = float(y.mean())
        return self

    def predict(self, X: np.ndarray, index: int = 1) -> np.ndarray:
        return np.full(len(X), self.mean_) + index * X[:, 0]

    def sympy(self, index: int = 1) -> sympy.Expr:
        return self.mean_ + index * sympy.Symbol("x0")


def double(estimator: Slope) -> sympy.Expr:
    """A conversion that is plainly wrong."""
    return 2 * estimator.sympy()


def training_set(space: Space = SPACE, n: int = 30) -> TrainingSet:
    X = space.sample(n, np.random.default_rng(0))
    y = 0.5 + 0.1 * np.log10(X[:, 0]) + 0.01 * np.random.default_rng(1).standard_normal(n)
    return TrainingSet(space, X, y, n)


def test_is_a_regressor() -> None:
    assert isinstance(SympyRegressor(Slope()), Regressor)


@pytest.mark.parametrize("to_sympy", ["sympy", "expression_", "text_", Slope.sympy])
@pytest.mark.parametrize("symbol", ["x0", "C"])
def test_formula_in_true_units_gives_the_predictions(to_sympy: Any, symbol: str) -> None:
    data = training_set()
    (member,) = SympyRegressor(Slope(symbol=symbol), to_sympy).fit(data, seed=0).members
    estimator = Slope().fit(SPACE.features(data.X), data.y)
    points = SPACE.sample(100, np.random.default_rng(5))
    assert "log10(C)" in member.formula.text
    assert member.formula.evaluate(points) == pytest.approx(
        estimator.predict(SPACE.features(points)), rel=1e-12
    )
    assert member.rmse == pytest.approx(
        np.sqrt(np.mean((estimator.predict(SPACE.features(data.X)) - data.y) ** 2))
    )
    assert member.max_relative_difference <= 1e-9


def test_raw_values() -> None:
    narrow = Space([Hyperparameter("C", "float", 0.5, 2.0, 1.0, log=True)])
    data = training_set(narrow)
    (member,) = SympyRegressor(Slope(), scale="raw").fit(data, seed=0).members
    assert "log10" not in member.formula.text
    expected = Slope().fit(data.X.copy(), data.y).predict(data.X)
    assert member.formula.evaluate(data.X) == pytest.approx(expected, rel=1e-12)


def test_each_fit_has_a_copy_of_the_estimator_and_its_seed() -> None:
    estimator = Slope(random_state=99)
    seeds = []

    def record(fitted: Slope) -> sympy.Expr:
        seeds.append(fitted.seen[0][2])
        return fitted.sympy()

    regressor = SympyRegressor(estimator, record)
    data = training_set()
    for seed in (3, 5):
        regressor.fit(data, seed=seed)
    assert seeds == [3, 5]
    assert estimator.random_state == 99
    assert not hasattr(estimator, "slope_")


def test_several_expressions_are_a_front() -> None:
    front = SympyRegressor(Slope(), "front").fit(training_set(), seed=0)
    assert [member.nodes for member in front.members] == sorted({m.nodes for m in front.members})
    assert len(front.members) == 2
    assert [d.formula for d in front.dropped] == ["gamma(x0)"]
    assert "gamma" in front.dropped[0].reason


def test_the_interface_of_pysr() -> None:
    front = SympyRegressor(Equations(), "symhpo.regression.adapter.pysr_equations").fit(
        training_set(), seed=0
    )
    assert front.members[0].nodes == 1
    assert SympyRegressor(Equations(), pysr_equations).fit(training_set(), seed=0) == front


def test_linear_models_of_scikit_learn() -> None:
    from sklearn.linear_model import LinearRegression, Ridge

    data = training_set()
    for estimator in (LinearRegression(), Ridge()):
        (member,) = SympyRegressor(estimator, linear_model).fit(data, seed=0).members
        fitted = type(estimator)().fit(SPACE.features(data.X), data.y)
        assert member.formula.evaluate(data.X) == pytest.approx(fitted.predict(SPACE.features(data.X)))


def test_the_configuration_as_it_stands() -> None:
    from hydra.utils import instantiate

    conf = Path(__file__).parents[2] / "conf" / "regressor" / "sklearn.yaml"
    regressor = instantiate(OmegaConf.load(conf), _convert_="all")
    assert regressor.name == "sklearn"
    assert regressor.fit(training_set(), seed=0).members


class TestMisbehaviour:
    def test_an_expression_that_is_not_the_prediction(self) -> None:
        with pytest.raises(UserError, match=r"differs from the estimator's own predictions by .* correct"):
            SympyRegressor(Slope(), double).fit(training_set(), seed=0)

    @pytest.mark.parametrize(("error", "precision"), [(1e-7, "double"), (1e-3, "single")])
    def test_an_expression_whose_digits_were_cut(self, error: float, precision: Any) -> None:
        with pytest.raises(UserError, match="differs from the estimator's own predictions"):
            SympyRegressor(Slope(error=error), precision=precision).fit(training_set(), seed=0)

    def test_single_precision_has_to_be_declared(self) -> None:
        with pytest.raises(UserError, match=r"regressor\.precision"):
            SympyRegressor(Slope(single=True)).fit(training_set(), seed=0)
        (member,) = SympyRegressor(Slope(single=True), precision="single").fit(training_set(), seed=0).members
        assert 1e-9 < member.max_relative_difference <= 1e-5

    def test_one_wrong_expression_of_several(self) -> None:
        def one_wrong(fitted: Slope) -> list[Any]:
            return [(fitted.sympy(), fitted.predict), (double(fitted), fitted.predict)]

        with pytest.raises(UserError, match="differs from the estimator's own predictions"):
            SympyRegressor(Slope(), one_wrong).fit(training_set(), seed=0)

    def test_unknown_symbol(self) -> None:
        with pytest.raises(UserError, match="symbol 'x7'; symbols are x0, x1, C, degree"):
            SympyRegressor(Slope(symbol="x7")).fit(training_set(), seed=0)

    def test_function_that_no_formula_has(self) -> None:
        with pytest.raises(UserError, match="gamma"):
            SympyRegressor(Slope(), "gamma").fit(training_set(), seed=0)

    def test_formula_that_misbehaves_on_the_space(self) -> None:
        def pole(fitted: Slope) -> list[Any]:
            x = sympy.Symbol("x0")
            return [(fitted.sympy(), fitted.predict), (1 / x, lambda X: 1 / X[:, 0])]

        with np.errstate(divide="ignore"):
            front = SympyRegressor(Slope(), pole).fit(training_set(), seed=0)
            assert len(front.members) == 1
            assert [d.formula for d in front.dropped] == ["1/log10(C)"]
            with pytest.raises(UserError, match=r"found no formula that can be used: .* at C="):
                SympyRegressor(Slope(), lambda fitted: pole(fitted)[1:]).fit(training_set(), seed=0)

    def test_no_expression(self) -> None:
        with pytest.raises(UserError, match="gave nothing"):
            SympyRegressor(Slope(), "nothing").fit(training_set(), seed=0)

    def test_what_is_no_expression(self) -> None:
        with pytest.raises(UserError, match="no expression"):
            SympyRegressor(Slope(), lambda _: object()).fit(training_set(), seed=0)

    def test_predictions_of_the_wrong_shape(self) -> None:
        with pytest.raises(UserError, match="predict gave the shape"):
            SympyRegressor(Slope(), "column").fit(training_set(), seed=0)

    @pytest.mark.parametrize(
        ("to_sympy", "message"),
        [
            ("latex", "a fitted Slope has no 'latex'"),
            ("no_such_package.convert", "No module named 'no_such_package'"),
            ("symhpo.regression.adapter.no_such_function", "no_such_function"),
        ],
    )
    def test_conversion_that_is_not_there(self, to_sympy: str, message: str) -> None:
        with pytest.raises(UserError, match=message):
            SympyRegressor(Slope(), to_sympy).fit(training_set(), seed=0)

    def test_what_is_no_estimator(self) -> None:
        with pytest.raises(UserError, match=r"object has no method fit\(\)"):
            SympyRegressor(object())

    def test_unknown_options(self) -> None:
        with pytest.raises(UserError, match="choose log10 or raw"):
            SympyRegressor(Slope(), scale="ln")  # type: ignore[arg-type]
        with pytest.raises(UserError, match="choose double or single"):
            SympyRegressor(Slope(), precision="half")  # type: ignore[arg-type]

    def test_values_that_are_not_there(self) -> None:
        child = Hyperparameter("coef0", "float", 0, 1, 0.5, condition=Condition("degree", (3,)))
        with pytest.raises(UserError, match="without conditions"):
            SympyRegressor(Slope()).fit(training_set(Space([*SPACE.hyperparameters, child])), seed=0)

    def test_errors_of_the_estimator_come_through(self) -> None:
        with pytest.raises(ZeroDivisionError):
            SympyRegressor(Slope(), lambda _: 1 / 0).fit(training_set(), seed=0)
