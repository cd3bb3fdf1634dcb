"""Every regression engine keeps the same contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from symhpo.config import CONF, group_config, make
from symhpo.formula import Formula
from symhpo.formula.formula import max_relative_difference
from symhpo.regression.adapter import SympyRegressor, linear_model
from symhpo.regression.base import Front, Regressor, TrainingSet
from symhpo.regression.baselines import BASELINES
from symhpo.regression.domain import Domain
from symhpo.regression.gplearn import GplearnRegressor
from symhpo.regression.operon import OperonRegressor
from symhpo.regression.plain import PlainOperonRegressor
from symhpo.space import Hyperparameter, Space

SMALL_OPERON = OperonRegressor(max_nodes=12, fits=8, parents=2, labels=30)
ENGINES: list[Regressor] = [
    SMALL_OPERON,
    OperonRegressor(max_nodes=10, fits=5, parents=1, searches=2, labels=0),
    PlainOperonRegressor(max_nodes=10, fits=5, parents=2),
    GplearnRegressor(population_size=60, generations=3, simplification_limit=0),
    SympyRegressor(Ridge(alpha=100.0), linear_model, name="adapter"),
    *BASELINES.values(),
]
# A configuration that has no small engine above stands for itself.
SHORTENED = {"operon", "operon_plain", "gplearn", "sklearn", *BASELINES}
ENGINES += [
    make(group_config("regressor", path.stem))
    for path in sorted((CONF / "regressor").glob("*.yaml"))
    if path.stem not in SHORTENED
]
AXES = (
    Hyperparameter("alpha", "float", 1e-5, 1.0, 1e-3, log=True),
    Hyperparameter("batch_size", "int", 4, 256, 32, log=True),
    Hyperparameter("depth", "int", 1, 3, 3),
    Hyperparameter("eta", "float", 0.1, 1.0, 0.5),
    Hyperparameter("gamma", "float", 2**-10, 2**10, 0.1, log=True),
    Hyperparameter("max_features", "float", 0.0, 1.0, 0.5),
)

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)


def sampled(d: int, n: int, seed: int = 0) -> TrainingSet:
    """A plateau and a slope over the first `d` axes, with noise."""
    rng = np.random.default_rng(seed)
    space = Space(AXES[:d])
    X = space.sample(n, rng)
    slope = space.to_unit(X) @ np.linspace(1.0, 0.3, d)
    return TrainingSet(space, X, np.maximum(0.3, slope) + 0.01 * rng.standard_normal(n), n)


@every_engine
def test_front_rises_in_nodes_and_falls_in_error(engine: Regressor) -> None:
    front = engine.fit(sampled(2, 60), seed=0)
    nodes = [member.nodes for member in front.members]
    errors = [member.rmse for member in front.members]
    assert nodes == sorted(set(nodes))
    assert errors == sorted(errors, reverse=True)
    assert len(set(errors)) == len(errors)


@every_engine
@pytest.mark.parametrize("d", [1, 2, 4, 6])
def test_formulas_are_what_they_say(engine: Regressor, d: int) -> None:
    training = sampled(d, 50)
    front = engine.fit(training, seed=1)
    points = Domain(training.space, training.y).X
    assert front.members
    for member in front.members:
        formula = member.formula
        again = Formula.parse(formula.text, training.space.names)
        assert formula.hyperparameters == training.space.names
        assert np.array_equal(again.evaluate(points), formula.evaluate(points), equal_nan=True)
        assert again.nodes == member.nodes
        assert np.isfinite(formula.evaluate(points)).all()
        assert member.max_relative_difference <= 1e-9
        error = np.sqrt(np.mean((formula.evaluate(training.X) - training.y) ** 2))
        assert error == pytest.approx(member.rmse, rel=1e-9)


@every_engine
def test_same_seed_same_front(engine: Regressor) -> None:
    training = sampled(2, 40)
    assert engine.fit(training, seed=3) == engine.fit(training, seed=3)


@every_engine
def test_survives_json(engine: Regressor) -> None:
    front = engine.fit(sampled(2, 40), seed=0)
    assert Front.from_json(front.to_json()) == front


@every_engine
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_points(engine: Regressor, n: int) -> None:
    training = sampled(2, n)
    for member in engine.fit(training, seed=0).members:
        assert np.isfinite(member.formula.evaluate(training.X)).all()


@every_engine
def test_constant_cost(engine: Regressor) -> None:
    training = sampled(2, 30)
    constant = TrainingSet(training.space, training.X, np.full(30, 0.25), 30)
    best = min(engine.fit(constant, seed=0).members, key=lambda m: m.rmse)
    if engine.name != "gplearn":  # draws its constants, never fits them
        assert max_relative_difference(best.formula.evaluate(training.X), constant.y) < 1e-9


@every_engine
def test_repeated_points(engine: Regressor) -> None:
    training = sampled(2, 10)
    repeated = TrainingSet(training.space, np.tile(training.X, (4, 1)), np.tile(training.y, 4), 40)
    assert engine.fit(repeated, seed=0).members


def test_operon_does_not_depend_on_threads() -> None:
    training = sampled(2, 60)
    fronts = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fronts.append(SMALL_OPERON.fit(training, seed=5).to_json())
    assert fronts[0] == fronts[1]
    assert fronts[0]["members"]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-4, 1e4), st.floats(-10, 10))
def test_operon_on_any_scale_of_costs(seed: int, scale: float, shift: float) -> None:
    training = sampled(2, 30, seed % 100)
    scaled = TrainingSet(training.space, training.X, scale * (training.y + shift), 30)
    front = OperonRegressor(max_nodes=8, fits=5, parents=1, labels=0).fit(scaled, seed=seed)
    domain = Domain(scaled.space, scaled.y)
    assert all(domain.reason_against(member.formula) is None for member in front.members)
    assert front.members[0].nodes == 1
