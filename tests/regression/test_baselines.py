"""Baselines: known coefficients, degenerate training sets, fronts of subsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.regression.base import Front, Regressor, TrainingSet
from symhpo.regression.baselines import (
    BASELINES,
    ConstantRegressor,
    LinearRegressor,
    QuadraticRegressor,
    ReducedQuadraticRegressor,
)
from symhpo.regression.criterion import bic
from symhpo.regression.domain import corners
from symhpo.space import Condition, Hyperparameter, Space

ALL = [*BASELINES.values(), LinearRegressor("raw")]
AXES = (
    Hyperparameter("alpha", "float", 1e-5, 1.0, 1e-3, log=True),
    Hyperparameter("batch_size", "int", 4, 256, 32, log=True),
    Hyperparameter("depth", "int", 1, 3, 3),
    Hyperparameter("eta", "float", 0.1, 1.0, 0.5),
    Hyperparameter("gamma", "float", 2**-10, 2**10, 0.1, log=True),
    Hyperparameter.categorical("kind", ("a", "b", "c"), "a"),
)
PLANE = Space([AXES[0], AXES[3]])


def sampled(space: Space, n: int, seed: int = 0, noise: float = 0.01) -> TrainingSet:
    """A curved surface with noise on random configurations."""
    rng = np.random.default_rng(seed)
    X = space.sample(n, rng)
    unit = np.nan_to_num(space.to_unit(X))
    y = 0.3 + unit @ np.linspace(0.1, 0.5, len(space)) + unit[:, 0] ** 2 + noise * rng.standard_normal(n)
    return TrainingSet(space, X, y, n)


def of_formula(space: Space, n: int, cost: str) -> TrainingSet:
    from symhpo.formula import Formula

    X = space.sample(n, np.random.default_rng(1))
    return TrainingSet(space, X, Formula.parse(cost, space.names).evaluate(X), n)


def texts(front: Front) -> list[str]:
    return [member.formula.text for member in front.members]


@pytest.mark.parametrize("regressor", ALL, ids=lambda r: f"{r.name}-{getattr(r, 'scale', '')}")
class TestEveryBaseline:
    def test_is_a_regressor(self, regressor: Regressor) -> None:
        assert isinstance(regressor, Regressor)

    @pytest.mark.parametrize("d", range(1, 7))
    @pytest.mark.parametrize("n", [1, 2, 5, 60])
    def test_any_number_of_hyperparameters_and_points(self, regressor: Regressor, d: int, n: int) -> None:
        space = Space(AXES[:d])
        training_set = sampled(space, n)
        front = regressor.fit(training_set, seed=0)
        assert front.members
        everywhere = np.vstack([corners(space), space.sample(200, np.random.default_rng(2))])
        for member in front.members:
            residuals = member.formula.evaluate(training_set.X) - training_set.y
            assert member.rmse == pytest.approx(np.sqrt(np.mean(residuals**2)), abs=1e-12)
            assert member.rmse <= np.std(training_set.y) + 1e-9
            assert member.max_relative_difference <= 1e-9
            assert np.isfinite(member.formula.evaluate(everywhere)).all()
            assert member.formula.hyperparameters == space.names
        sizes = [member.nodes for member in front.members]
        errors = [member.rmse for member in front.members]
        assert sizes == sorted(set(sizes))
        assert errors == sorted(errors, reverse=True)

    @given(st.floats(-1e3, 1e3))
    def test_a_constant_cost_gives_the_constant(self, regressor: Regressor, value: float) -> None:
        X = PLANE.sample(20, np.random.default_rng(0))
        front = regressor.fit(TrainingSet(PLANE, X, np.full(20, value), 20), seed=0)
        assert [float(text) for text in texts(front)] == [value]

    def test_equal_points_give_their_mean(self, regressor: Regressor) -> None:
        X = np.repeat([[1e-3, 0.5]], 4, axis=0)
        front = regressor.fit(TrainingSet(PLANE, X, np.array([0.1, 0.2, 0.3, 0.6]), 4), seed=0)
        assert front.members[0].formula.evaluate(X) == pytest.approx(0.3)
        assert front.members[0].nodes == 1

    def test_points_that_are_there_twice_change_nothing(self, regressor: Regressor) -> None:
        once = sampled(PLANE, 15)
        twice = TrainingSet(PLANE, np.tile(once.X, (2, 1)), np.tile(once.y, 2), 15)
        points = PLANE.sample(50, np.random.default_rng(3))
        for a, b in zip(
            regressor.fit(once, seed=0).members, regressor.fit(twice, seed=0).members, strict=True
        ):
            assert a.formula.evaluate(points) == pytest.approx(b.formula.evaluate(points), rel=1e-9)

    def test_seed_changes_nothing(self, regressor: Regressor) -> None:
        training_set = sampled(Space(AXES[:3]), 30)
        assert texts(regressor.fit(training_set, seed=0)) == texts(regressor.fit(training_set, seed=7))

    def test_conditional_hyperparameters_have_no_term(self, regressor: Regressor) -> None:
        child = Hyperparameter("degree", "int", 1, 3, 3, condition=Condition("kind", ("b",)))
        space = Space([AXES[0], AXES[5], child])
        training_set = sampled(space, 40)
        assert np.isnan(training_set.X).any()
        for text in texts(regressor.fit(training_set, seed=0)):
            assert "degree" not in text

    @pytest.mark.parametrize("y", [[], [0.1, np.nan], [np.inf, 0.1]])
    def test_costs_that_are_not_finite_are_refused(self, regressor: Regressor, y: list[float]) -> None:
        X = PLANE.sample(len(y), np.random.default_rng(0))
        with pytest.raises(UserError, match="leave failed trials out"):
            regressor.fit(TrainingSet(PLANE, X, np.array(y), len(y)), seed=0)


def test_names() -> None:
    assert list(BASELINES) == ["constant", "linear", "quadratic", "reduced_quadratic"]


def test_constant_is_the_mean() -> None:
    front = ConstantRegressor().fit(
        TrainingSet(PLANE, np.array([[0.1, 0.5], [0.2, 0.5]]), np.array([0.25, 0.75]), 2), seed=0
    )
    assert texts(front) == ["0.5"]


def test_linear_finds_its_coefficients() -> None:
    (member,) = (
        LinearRegressor().fit(of_formula(PLANE, 20, "0.5 + 0.25*log10(alpha) - 2*eta"), seed=0).members
    )
    expected = "0.5 + 0.25*log10(alpha) - 2*eta"
    assert _same(member.formula.text, expected)
    assert member.nodes == 9


def test_linear_on_raw_values_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LinearRegression

    training_set = sampled(Space(AXES[:5]), 40)
    theirs = LinearRegression().fit(training_set.X, training_set.y)
    (member,) = LinearRegressor(scale="raw").fit(training_set, seed=0).members
    points = training_set.space.sample(50, np.random.default_rng(5))
    assert member.formula.evaluate(points) == pytest.approx(theirs.predict(points), rel=1e-9)
    assert "log10" not in member.formula.text


def test_unknown_scale() -> None:
    with pytest.raises(UserError, match="choose log10 or raw"):
        LinearRegressor(scale="ln")  # type: ignore[arg-type]


def test_quadratic_finds_its_coefficients() -> None:
    cost = "1.5 - 0.5*log10(alpha) + 2*eta + 0.125*log10(alpha)**2 - 0.75*log10(alpha)*eta + 3*eta**2"
    (member,) = QuadraticRegressor().fit(of_formula(PLANE, 30, cost), seed=0).members
    assert _same(member.formula.text, cost)


def test_quadratic_leaves_out_what_the_points_cannot_tell() -> None:
    # The square of a hyperparameter with two values is a linear function of it.
    space = Space([Hyperparameter("depth", "int", 1, 2, 2)])
    X = np.array([[1.0], [2.0], [1.0], [2.0]])
    (member,) = (
        QuadraticRegressor().fit(TrainingSet(space, X, np.array([0.0, 1.0, 0.2, 0.8]), 4), seed=0).members
    )
    assert _same(member.formula.text, "-0.7 + 0.8*depth", space)


class TestReducedQuadratic:
    def test_finds_the_terms_that_are_there(self) -> None:
        cost = "0.5 + 0.25*log10(alpha)**2"
        exact = of_formula(PLANE, 60, cost)
        noisy = TrainingSet(PLANE, exact.X, exact.y + 0.01 * np.random.default_rng(0).standard_normal(60), 60)
        member = ReducedQuadraticRegressor().fit(noisy, seed=0).members[-1]
        assert (
            member.formula.structure
            == ReducedQuadraticRegressor().fit(exact, seed=0).members[-1].formula.structure
        )
        assert member.nodes == 8

    def test_members_are_best_subsets(self) -> None:
        training_set = sampled(PLANE, 40, noise=0.1)
        front = ReducedQuadraticRegressor().fit(training_set, seed=0)
        f = training_set.space.features(training_set.X)
        terms = {"a": f[:, 0], "e": f[:, 1], "aa": f[:, 0] ** 2, "ae": f[:, 0] * f[:, 1], "ee": f[:, 1] ** 2}
        nodes = {"a": 4, "e": 3, "aa": 6, "ae": 5, "ee": 5}
        for member in front.members[1:]:
            errors = []
            for mask in range(1, 32):
                chosen = [name for i, name in enumerate(terms) if mask >> i & 1]
                if 2 + sum(nodes[name] for name in chosen) <= member.nodes:
                    A = np.column_stack([np.ones(40), *(terms[name] for name in chosen)])
                    residuals = A @ np.linalg.lstsq(A, training_set.y)[0] - training_set.y
                    errors.append(np.sqrt(np.mean(residuals**2)))
            assert member.rmse == pytest.approx(min(errors))

    def test_longest_member_is_the_one_that_bic_prefers(self) -> None:
        training_set = sampled(Space(AXES[:5]), 80, noise=0.05)
        front = ReducedQuadraticRegressor().fit(training_set, seed=0)
        scores = [bic(member, training_set) for member in front.members]
        assert scores[-1] == min(scores)
        full = QuadraticRegressor().fit(training_set, seed=0).members[0]
        assert front.members[-1].nodes < full.nodes
        assert scores[-1] < bic(full, training_set)

    def test_noise_is_a_constant(self) -> None:
        X = PLANE.sample(100, np.random.default_rng(0))
        noise = np.random.default_rng(1).standard_normal(100)
        assert len(ReducedQuadraticRegressor().fit(TrainingSet(PLANE, X, noise, 100), seed=0).members) == 1


def _same(text: str, expected: str, space: Space = PLANE) -> bool:
    from symhpo.formula import Formula

    a, b = (Formula.parse(t, space.names) for t in (text, expected))
    return a.structure == b.structure and a.is_equal(b, space.sample(50, np.random.default_rng(0)))
