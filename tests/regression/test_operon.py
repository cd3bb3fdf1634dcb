"""The default engine: known formulas found again, domain, rounding, bad input."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression.base import TrainingSet
from symhpo.regression.benchmark import gaussian_process
from symhpo.regression.operon import OperonRegressor
from symhpo.regression.plain import PlainOperonRegressor
from symhpo.regression.selection import Bic
from symhpo.space import Condition, Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("alpha", "float", 1e-5, 1.0, 1e-3, log=True),
        Hyperparameter("eta", "float", 0.0, 1.0, 0.5),
    ]
)


def of_formula(text: str, n: int = 80, noise: float = 0.0, seed: int = 0) -> TrainingSet:
    rng = np.random.default_rng(seed)
    X = SPACE.sample(n, rng)
    y = Formula.parse(text, SPACE.names).evaluate(X)
    return TrainingSet(SPACE, X, y + noise * rng.standard_normal(n), n)


@pytest.mark.parametrize(
    "text",
    [
        "0.3 + 0.05*log10(alpha)",
        "Max(0.2, 0.5 + 0.1*log10(alpha))",
        "0.4*alpha**0.2",
        "0.5 + 0.05*log10(alpha) - 0.2*eta",
        "Min(0.9, Max(0.2, 0.8 + 0.2*log10(alpha)))",
    ],
)
def test_finds_a_known_formula(text: str) -> None:
    training = of_formula(text)
    front = OperonRegressor().fit(training, seed=0)
    known = Formula.parse(text, SPACE.names)
    short = [m for m in front.members if m.nodes <= known.nodes]
    fresh = SPACE.sample(500, np.random.default_rng(9))
    errors = [np.abs(m.formula.evaluate(fresh) - known.evaluate(fresh)).max() for m in short]
    assert min(errors) < 0.01 * np.ptp(training.y)


def test_leaves_noise_alone() -> None:
    training = of_formula("Max(0.2, 0.5 + 0.1*log10(alpha))", noise=0.02)
    chosen = Bic()(OperonRegressor().fit(training, seed=0), training)
    fresh = SPACE.sample(500, np.random.default_rng(9))
    truth = Formula.parse("Max(0.2, 0.5 + 0.1*log10(alpha))", SPACE.names).evaluate(fresh)
    assert np.sqrt(np.mean((chosen.formula.evaluate(fresh) - truth) ** 2)) < 0.01


def test_constants_are_readable() -> None:
    front = OperonRegressor(digits=3).fit(of_formula("Max(0.2, 0.5 + 0.1*log10(alpha))", noise=0.02), seed=0)
    for member in front.members:
        numbers = re.findall(r"\d+\.\d+(?:e[+-]\d+)?", member.formula.text)
        digits = [len(n.split("e")[0].replace(".", "").strip("0")) for n in numbers]
        assert max(digits) <= 5


def test_uses_a_surrogate_that_labelled_the_costs() -> None:
    evaluated = of_formula("Max(0.2, 0.5 + 0.1*log10(alpha))", n=40)
    process = gaussian_process(SPACE, evaluated.X, evaluated.y)
    X = SPACE.sample(200, np.random.default_rng(1))
    labelled = TrainingSet(SPACE, X, process.predict(X)[0], 40, process)
    chosen = Bic()(OperonRegressor().fit(labelled, seed=0), labelled)
    truth = Formula.parse("Max(0.2, 0.5 + 0.1*log10(alpha))", SPACE.names).evaluate(X)
    assert np.sqrt(np.mean((chosen.formula.evaluate(X) - truth) ** 2)) < 0.1 * truth.std()


def test_the_plain_engine_sees_the_labels_alone() -> None:
    evaluated = of_formula("Max(0.2, 0.5 + 0.1*log10(alpha))", n=40)
    process = gaussian_process(SPACE, evaluated.X, evaluated.y)
    X = SPACE.sample(60, np.random.default_rng(1))
    wrong = 1 + 0.5 * X[:, 1]
    labelled = TrainingSet(SPACE, X, wrong, 40, process)
    best = PlainOperonRegressor(max_nodes=8).fit(labelled, seed=0).members[-1]
    assert best.rmse < 0.01 * wrong.std()
    alone = PlainOperonRegressor(max_nodes=8).fit(TrainingSet(SPACE, X, wrong, 60), seed=0)
    assert best.formula.text == alone.members[-1].formula.text


def test_longer_training_sets_are_thinned() -> None:
    training = of_formula("0.4*alpha**0.2", n=400)
    front = OperonRegressor(max_nodes=8, max_rows=50).fit(training, seed=0)
    assert min(m.rmse for m in front.members) < 0.01 * training.y.std()


def test_leaves_conditional_hyperparameters_out() -> None:
    space = Space(
        [
            Hyperparameter.categorical("kind", ("a", "b"), "a"),
            Hyperparameter("rate", "float", 1e-3, 1.0, 0.1, log=True, condition=Condition("kind", ("b",))),
            Hyperparameter("width", "int", 1, 64, 8, log=True),
        ]
    )
    X = space.sample(60, np.random.default_rng(0))
    y = np.log10(X[:, space.names.index("width")])
    front = OperonRegressor(max_nodes=8).fit(TrainingSet(space, X, y, 60), seed=0)
    assert all("rate" not in m.formula.text for m in front.members)
    assert min(m.rmse for m in front.members) < 1e-6


@pytest.mark.parametrize("y", [np.array([]), np.array([1.0, np.nan])])
def test_refuses_costs_that_are_not_there(y: np.ndarray) -> None:
    X = SPACE.sample(len(y), np.random.default_rng(0))
    with pytest.raises(UserError, match="finite"):
        OperonRegressor().fit(TrainingSet(SPACE, X, y, len(y)), seed=0)


def test_refuses_settings_that_make_no_sense() -> None:
    with pytest.raises(UserError, match="max_nodes"):
        OperonRegressor(max_nodes=0)


def shifted(offset: float, scale: float) -> TrainingSet:
    """A ramp between two plateaus, in units of its own."""
    X = SPACE.sample(80, np.random.default_rng(3))
    y = offset + scale * np.clip(0.8 + 0.2 * np.log10(X[:, 0]), 0.2, 0.7)
    return TrainingSet(SPACE, X, y, len(y))


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_the_unit_of_the_costs_does_not_matter(scale: float) -> None:
    (ours, theirs) = (OperonRegressor().fit(shifted(0.0, unit), seed=0) for unit in (scale, 1.0))
    mine, other = ours.members[-1], theirs.members[-1]
    assert mine.rmse / scale == pytest.approx(other.rmse, rel=0.02)
    X, spread = shifted(0.0, 1.0).X, np.std(shifted(0.0, 1.0).y)
    np.testing.assert_allclose(
        mine.formula.evaluate(X) / scale, other.formula.evaluate(X), atol=1e-2 * spread
    )


@pytest.mark.parametrize(("offset", "scale"), [(1000.0, 1e-6), (0.12, 1e-12), (-1e5, 1.0), (1.0, 1e-8)])
def test_costs_that_differ_little_have_a_formula(offset: float, scale: float) -> None:
    training_set = shifted(offset, scale)
    front = OperonRegressor().fit(training_set, seed=0)
    spread = np.std(training_set.y)
    # What the offset leaves of double precision, and that the ramp is found above it.
    rounding = 10 * np.finfo(np.float64).eps * abs(offset)
    assert front.members[-1].rmse <= max(0.05 * spread, rounding)


@pytest.mark.parametrize("outlier", [1e6, -1e6])
def test_no_formula_is_worse_than_the_mean(outlier: float) -> None:
    training_set = shifted(0.0, 1.0)
    y = training_set.y.copy()
    y[7] = outlier
    front = OperonRegressor().fit(replace(training_set, y=y), seed=0)
    assert front.members
    assert max(member.rmse for member in front.members) <= 1.003 * np.std(y)
