"""The bootstrap of a formula: known spreads, recurrence of structures, repeatability."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression.base import Front, Member, Regressor, Selection, TrainingSet
from symhpo.regression.baselines import LinearRegressor, ReducedQuadraticRegressor
from symhpo.regression.stability import Stability, stability
from symhpo.sampling.surrogate import Surrogate
from symhpo.space import Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("C", "float", 1e-3, 1e3, 1.0, log=True),
        Hyperparameter("eta", "float", 0.1, 1.0, 0.5),
    ]
)
NOISE = 0.05


@dataclass
class Alternating:
    """An engine that finds one of several formulas, depending on its seed, and notes what it is given."""

    formulas: Sequence[str]
    name: str = "alternating"
    seeds: list[int] = field(default_factory=list)
    samples: list[TrainingSet] = field(default_factory=list)

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        self.seeds.append(seed)
        self.samples.append(training_set)
        chosen = self.formulas[(len(self.seeds) - 1) % len(self.formulas)]
        return Front(
            (
                Member(Formula.parse("0.5", SPACE.names), 0.2),
                Member(Formula.parse(chosen, SPACE.names), 0.1),
            )
        )


@dataclass(frozen=True)
class Last:
    """Chooses the most accurate member."""

    name: str = "last"

    def __call__(self, front: Front, training_set: TrainingSet) -> Member:  # noqa: ARG002
        return front.members[-1]


def evaluated(n: int = 100) -> TrainingSet:
    """True costs: a line in log10(C), with noise."""
    rng = np.random.default_rng(0)
    X = SPACE.sample(n, rng)
    return TrainingSet(SPACE, X, 0.5 + 0.1 * np.log10(X[:, 0]) + NOISE * rng.standard_normal(n), n)


def labelled(n_evaluations: int = 40, n: int = 200) -> TrainingSet:
    """Costs predicted by a Gaussian process that has seen some evaluations."""
    seen = evaluated(n_evaluations)
    surrogate = Surrogate.fitted(
        SPACE,
        SPACE.to_unit(seen.X),
        (seen.y - seen.y.mean()) / seen.y.std(),
        amplitude=1.0,
        length_scales=np.array([1.0, 5.0]),
        noise=0.05,
        cost_mean=float(seen.y.mean()),
        cost_std=float(seen.y.std()),
    )
    X = SPACE.sample(n, np.random.default_rng(1))
    return TrainingSet(SPACE, X, surrogate.predict(X)[0], n_evaluations, surrogate)


def chosen_formula(training_set: TrainingSet, regressor: Regressor | None = None) -> Formula:
    return (regressor or LinearRegressor()).fit(training_set, seed=0).members[-1].formula


def run(training_set: TrainingSet, regressor: Regressor | None = None, **options: int | float) -> Stability:
    regressor = regressor or LinearRegressor()
    formula = chosen_formula(training_set, regressor)
    selection: Selection = Last()
    return stability(formula, regressor, training_set, selection, **{"seed": 0, "n_refits": 3} | options)


def test_intervals_have_the_width_of_theory() -> None:
    training_set = evaluated(200)
    result = run(training_set, n_samples=300, n_refits=0)
    features = np.column_stack([np.ones(200), SPACE.features(training_set.X)])
    deviations = NOISE * np.sqrt(np.diag(np.linalg.inv(features.T @ features)))
    assert list(result.constants) == ["c0", "c1", "c2"]
    for estimate, deviation in zip(result.constants.values(), deviations, strict=True):
        assert estimate.lower < estimate.value < estimate.upper
        # 90 % of a normal distribution lie within 1.645 standard deviations.
        assert estimate.upper - estimate.lower == pytest.approx(2 * 1.645 * deviation, rel=0.3)
    assert result.held_out == "out of bag"
    assert result.rmse.value == pytest.approx(NOISE, rel=0.15)
    assert result.rmse.lower < NOISE < result.rmse.upper


def test_a_higher_level_is_wider() -> None:
    narrow, wide = (run(evaluated(), level=level, n_refits=0) for level in (0.5, 0.99))
    for name in narrow.constants:
        a, b = narrow.constants[name], wide.constants[name]
        assert b.lower < a.lower < a.upper < b.upper
    assert (narrow.level, wide.level) == (0.5, 0.99)


def test_surrogate_labels() -> None:
    training_set = labelled()
    result = run(training_set)
    assert result.held_out == "surrogate labels"
    assert result.rmse.lower <= result.rmse.upper
    X = SPACE.sample(5000, np.random.default_rng(9))
    assert training_set.surrogate is not None
    difference = chosen_formula(training_set).evaluate(X) - training_set.surrogate.predict(X)[0]
    assert result.rmse.value == pytest.approx(np.sqrt(np.mean(difference**2)), rel=0.1)


def test_labels_vary_as_the_evaluations_behind_them() -> None:
    # The number of labels must not make a formula look surer than its evaluations do.
    few, many = (run(labelled(40, n), n_samples=60, n_refits=0) for n in (100, 500))
    for name in few.constants:
        widths = [s.constants[name].upper - s.constants[name].lower for s in (few, many)]
        assert widths[1] > 0.7 * widths[0]
    surer = run(labelled(400, 100), n_samples=60, n_refits=0)
    assert surer.constants["c1"].upper - surer.constants["c1"].lower < 0.6 * (
        few.constants["c1"].upper - few.constants["c1"].lower
    )


@pytest.mark.parametrize("training_set", [evaluated(), labelled()], ids=["evaluated", "labelled"])
class TestRefits:
    def test_recurrence_of_the_structure_is_counted(self, training_set: TrainingSet) -> None:
        engine = Alternating(["0.4 + 0.2*log10(C)", "0.4 + 0.2*eta", "0.1*log10(C) + 0.7"])
        formula = Formula.parse("0.5 + 0.1*log10(C)", SPACE.names)
        result = stability(formula, engine, training_set, Last(), seed=0, n_samples=5, n_refits=9)
        assert (result.n_refits, result.n_same_structure, result.n_same_structure_on_front) == (9, 6, 6)

    def test_also_on_the_front(self, training_set: TrainingSet) -> None:
        engine = Alternating(["0.4 + 0.2*eta"])
        formula = Formula.parse("0.25", SPACE.names)
        result = stability(formula, engine, training_set, Last(), seed=0, n_samples=5, n_refits=4)
        assert (result.n_same_structure, result.n_same_structure_on_front) == (0, 4)

    def test_engine_has_other_seeds_and_samples_each_time(self, training_set: TrainingSet) -> None:
        engine = Alternating(["0.4 + 0.2*eta"])
        stability(
            Formula.parse("0.25", SPACE.names), engine, training_set, Last(), seed=0, n_samples=5, n_refits=4
        )
        assert len(set(engine.seeds)) == 4
        assert len({sample.y.tobytes() for sample in [training_set, *engine.samples]}) == 5
        for sample in engine.samples:
            assert len(sample.y) == len(training_set.y)
            assert sample.n_evaluations == training_set.n_evaluations
            if training_set.surrogate is None:
                assert set(map(tuple, sample.X)) < set(map(tuple, training_set.X))

    def test_the_same_seed_gives_the_same(self, training_set: TrainingSet) -> None:
        first, second, other = (
            run(training_set, ReducedQuadraticRegressor(), seed=seed, n_samples=20) for seed in (1, 1, 2)
        )
        assert first == second
        assert first != other

    def test_plain_data_and_back(self, training_set: TrainingSet) -> None:
        for n_refits in (0, 2):
            result = run(training_set, n_samples=10, n_refits=n_refits)
            assert Stability.from_json(json.loads(json.dumps(result.to_json()))) == result

    def test_description_has_every_number(self, training_set: TrainingSet) -> None:
        text = run(training_set, n_samples=10, n_refits=2).describe()
        assert "c0 + c1*log10(C) + c2*eta" in text
        assert "90%" in text
        for part in ("RMSE", "c0 = ", "c1 = ", "c2 = ", "2 samples", "same structure chosen 2 times"):
            assert part in text
        assert "structure" not in run(training_set, n_samples=10, n_refits=0).describe()


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    # Without the points of small eta, least squares moves the pole to where they are.
    rng = np.random.default_rng(0)
    X = SPACE.sample(30, rng)
    training_set = TrainingSet(SPACE, X, 3 * np.log10(X[:, 1] - X[:, 1].min() + 0.01), 30)
    engine = Alternating(["log10(eta - 0.3)", "0.5"])
    formula = Formula.parse("log10(eta - 0.09)", SPACE.names)
    result = stability(formula, engine, training_set, Last(), seed=0, n_samples=50, n_refits=4)
    assert 0 < result.n_not_finite < 50
    assert result.rmse is not None
    assert np.isfinite([result.rmse.value, result.rmse.lower, result.rmse.upper]).all()
    assert result.refit_rmse is not None
    assert np.isfinite(result.refit_rmse.upper)
    assert f"not finite after {result.n_not_finite} samples" in result.describe()
    json.dumps(result.to_json(), allow_nan=False)


def test_never_finite() -> None:
    engine = Alternating(["log10(-eta)"])
    formula = Formula.parse("log10(eta - 0.9)", SPACE.names)
    result = stability(formula, engine, evaluated(30), Last(), seed=0, n_samples=5, n_refits=2)
    assert (result.n_not_finite, result.rmse, result.refit_rmse, result.disagreement) == (5, None, None, None)
    assert "not finite" in result.describe()
    assert Stability.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result


def test_disagreement() -> None:
    engine = Alternating(["0.5 + 0.1*log10(C)", "0.5 + 0.2*log10(C)"])
    same = Formula.parse("0.5 + 0.1*log10(C)", SPACE.names)
    result = stability(same, engine, evaluated(), Last(), seed=0, n_samples=2, n_refits=2, level=0.9999)
    assert result.disagreement is not None
    assert result.disagreement.lower == pytest.approx(0.0, abs=1e-3)
    assert result.disagreement.upper == pytest.approx(1.0, rel=0.05)


def test_without_constants() -> None:
    engine = Alternating(["eta"])
    formula = Formula.parse("eta", SPACE.names)
    result = stability(formula, engine, evaluated(), Last(), seed=0, n_samples=10, n_refits=1)
    assert result.constants == {}
    assert result.n_same_structure == 1


@pytest.mark.parametrize("n", [2, 3])
def test_few_evaluations(n: int) -> None:
    result = run(evaluated(n), n_samples=20, n_refits=0)
    assert np.isfinite([result.rmse.lower, result.rmse.upper]).all()


def test_one_evaluation_is_too_few() -> None:
    with pytest.raises(UserError, match="at least two evaluations"):
        run(evaluated(1))


def test_a_surrogate_of_other_hyperparameters_is_not_asked() -> None:
    # Where others are integrated out, the surrogate's space is larger than the training set's.
    training_set = labelled()
    only_c = SPACE.subset(["C"])
    partial = replace(training_set, space=only_c, X=training_set.X[:, :1])
    assert run(partial, n_samples=10).held_out == "out of bag"
