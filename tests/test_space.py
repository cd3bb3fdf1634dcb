"""Search spaces: arrays, units, grids, conditions, and the exchange with ConfigSpace."""

from __future__ import annotations

import json

import ConfigSpace
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.space import Condition, Hyperparameter, Space

ALPHA = Hyperparameter("alpha", "float", 1e-5, 1.0, 1e-3, log=True)
MAX_FEATURES = Hyperparameter("max_features", "float", 0.0, 1.0, 0.5)
MAX_DEPTH = Hyperparameter("max_depth", "int", 1, 50, 10, log=True)
LEAF = Hyperparameter("min_samples_leaf", "int", 1, 20, 1)
BATCH_SIZE = Hyperparameter("batch_size", "int", 4, 256, 32, log=True)
BOOSTER = Hyperparameter.categorical("booster", ("gbtree", "dart", "gblinear"), "gbtree")
MIXED = Space([MAX_FEATURES, BOOSTER, ALPHA, MAX_DEPTH, LEAF])


def conditional_space() -> Space:
    """A kernel with a degree for one of its choices only, and a switch that the degree governs."""
    return Space(
        [
            Hyperparameter("coef0", "float", 0.0, 1.0, 0.5, condition=Condition("degree", (3,))),
            Hyperparameter("degree", "int", 1, 3, 3, condition=Condition("kernel", ("poly",))),
            Hyperparameter.categorical("kernel", ("rbf", "poly"), "rbf"),
            Hyperparameter("C", "float", 0.1, 10.0, 1.0, log=True),
        ]
    )


@st.composite
def hyperparameters(draw: st.DrawFn, name: str) -> Hyperparameter:
    kind = draw(st.sampled_from(["float", "int", "categorical"]))
    if kind == "categorical":
        choices = draw(
            st.lists(st.text("abcäöß 123", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)
        )
        return Hyperparameter.categorical(name, choices, draw(st.sampled_from(choices)))
    log = draw(st.booleans())
    if kind == "int":
        lower = draw(st.integers(1 if log else -50, 50))
        upper = draw(st.integers(lower + 1, lower + 1000))
        return Hyperparameter(name, "int", lower, upper, draw(st.integers(lower, upper)), log=log)
    low = draw(st.floats(1e-8 if log else -1e3, 1e3))
    high = low + draw(st.floats(1e-2, 1e3))
    return Hyperparameter(name, "float", low, high, low, log=log)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    return Space([draw(hyperparameters(name)) for name in names])


class TestGrid:
    def test_logarithmic_float(self) -> None:
        assert Space([ALPHA]).grid(5)[:, 0] == pytest.approx(
            [10**-4.5, 10**-3.5, 10**-2.5, 10**-1.5, 10**-0.5]
        )

    def test_linear_float(self) -> None:
        assert Space([MAX_FEATURES]).grid(10)[:, 0] == pytest.approx(np.arange(0.05, 1, 0.1))

    @pytest.mark.parametrize(
        ("hyperparameter", "axis"),
        [
            (MAX_DEPTH, [1, 2, 3, 5, 8, 12, 18, 27, 41, 50]),
            (BATCH_SIZE, [4, 7, 11, 17, 25, 39, 59, 90, 137, 207, 256]),
            (LEAF, [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20]),
            (Hyperparameter("depth", "int", 1, 3, 3), [1, 2, 3]),
        ],
    )
    def test_integers_are_truncated_and_get_the_upper_bound(
        self, hyperparameter: Hyperparameter, axis: list[int]
    ) -> None:
        assert Space([hyperparameter]).grid(10)[:, 0].tolist() == axis

    def test_is_the_product_of_the_axes(self) -> None:
        grid = Space([BATCH_SIZE, ALPHA]).grid(10)
        assert grid.shape == (110, 2)
        assert len(np.unique(grid, axis=0)) == 110
        assert sorted(set(grid[:, 1])) == [4, 7, 11, 17, 25, 39, 59, 90, 137, 207, 256]

    def test_inactive_values_make_no_duplicates(self) -> None:
        space = conditional_space()
        grid = space.grid(2)
        # rbf alone, or poly with degree 1 or 2, or poly with degree 3 and two values of coef0.
        assert len(grid) == 2 * (1 + 2 + 2)


class TestConfigurations:
    def test_columns_are_in_alphabetical_order(self) -> None:
        assert MIXED.names == ("alpha", "booster", "max_depth", "max_features", "min_samples_leaf")

    def test_known_array(self) -> None:
        configuration = {
            "booster": "gblinear",
            "alpha": 0.01,
            "max_depth": 7,
            "max_features": 0.25,
            "min_samples_leaf": 2,
        }
        X = MIXED.to_array([configuration])
        assert X.tolist() == [[0.01, 2.0, 7.0, 0.25, 2.0]]
        assert MIXED.to_configurations(X) == [configuration]
        assert type(MIXED.to_configurations(X)[0]["max_depth"]) is int

    def test_no_configurations(self) -> None:
        assert MIXED.to_array([]).shape == (0, 5)

    @given(spaces(), st.integers(0, 2**32 - 1))
    def test_round_trips(self, space: Space, seed: int) -> None:
        X = space.sample(20, np.random.default_rng(seed))
        np.testing.assert_array_equal(space.to_array(space.to_configurations(X)), X)
        np.testing.assert_allclose(space.from_unit(space.to_unit(X)), X, rtol=1e-9, atol=1e-9)
        assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space
        assert Space.from_configspace(space.to_configspace()).names == space.names

    def test_defaults(self) -> None:
        assert Space([ALPHA, MAX_DEPTH]).defaults == {"alpha": 1e-3, "max_depth": 10}


class TestSample:
    @given(spaces(), st.integers(0, 2**32 - 1))
    def test_stays_in_bounds(self, space: Space, seed: int) -> None:
        X = space.sample(50, np.random.default_rng(seed))
        for j, h in enumerate(space.hyperparameters):
            assert (X[:, j] >= h.lower).all()
            assert (X[:, j] <= h.upper).all()
            if h.type != "float":
                assert (X[:, j] == np.round(X[:, j])).all()

    def test_fewer_are_a_prefix_of_more(self) -> None:
        few, many = (MIXED.sample(n, np.random.default_rng(3)) for n in (7, 30))
        np.testing.assert_array_equal(few, many[:7])

    def test_is_uniform_on_the_own_scale(self) -> None:
        X = Space([ALPHA, Hyperparameter("depth", "int", 1, 3, 3)]).sample(30_000, np.random.default_rng(0))
        decades = np.histogram(np.log10(X[:, 0]), bins=[-5, -4, -3, -2, -1, 0])[0]
        assert decades == pytest.approx(6000, rel=0.05)
        assert np.bincount(X[:, 1].astype(int))[1:] == pytest.approx(10_000, rel=0.05)

    @given(spaces(), st.integers(0, 100))
    def test_quantiles_of_uniform_numbers_are_uniform_samples(self, space: Space, seed: int) -> None:
        u = (np.arange(1000) + 0.5) / 1000
        for hyperparameter in space.hyperparameters:
            X = hyperparameter.quantile(u)
            assert (np.diff(X) >= 0).all()
            sample = np.sort(hyperparameter.sample(1000, np.random.default_rng(seed)))
            counts = [np.searchsorted(x, np.unique(X), side="right") for x in (X, sample)]
            assert np.abs(counts[0] - counts[1]).max() < 80


class TestFeatures:
    def test_log10_of_what_is_logarithmic(self) -> None:
        X = MIXED.to_array([{**MIXED.defaults, "alpha": 1e-4, "max_depth": 10, "max_features": 0.3}])
        assert MIXED.features(X)[0] == pytest.approx([-4.0, 0.0, 1.0, 0.3, 1.0])


class TestConfigSpace:
    @given(spaces(), st.integers(0, 1000))
    def test_unit_vectors_are_theirs(self, space: Space, seed: int) -> None:
        theirs = space.to_configspace(seed)
        assert tuple(theirs) == space.names
        for configuration in theirs.sample_configuration(20):
            vector = configuration.get_array()
            X = space.to_array([dict(configuration)])
            # They round the values to 13 decimals, which shows where bounds are as low as 1e-8.
            np.testing.assert_allclose(space.to_unit(X)[0], vector, rtol=0, atol=1e-6)

    @given(spaces(), st.integers(0, 2**32 - 1))
    def test_unit_scale_of_a_value_is_theirs(self, space: Space, seed: int) -> None:
        theirs = space.to_configspace()
        X = space.sample(20, np.random.default_rng(seed))
        for j, h in enumerate(space.hyperparameters):
            expected = theirs[h.name].to_vector(np.array([h.to_value(x) for x in X[:, j]]))
            # They round the bounds to 13 decimals.
            np.testing.assert_allclose(space.to_unit(X)[:, j], expected, rtol=0, atol=1e-6)

    @given(spaces(), st.lists(st.floats(0, 1), min_size=4, max_size=4))
    def test_values_of_unit_vectors_are_theirs(self, space: Space, unit: list[float]) -> None:
        theirs = space.to_configspace()
        vector = np.array(
            [
                np.floor(u * 0.999 * len(h.choices)) if h.type == "categorical" else u
                for h, u in zip(space.hyperparameters, unit, strict=False)
            ]
        )
        values = ConfigSpace.Configuration(theirs, vector=vector)
        ours = space.to_configurations(space.from_unit(vector[None]))[0]
        for h in space.hyperparameters:
            if h.type == "float":
                assert ours[h.name] == pytest.approx(values[h.name], rel=1e-6, abs=1e-12)
            else:
                assert ours[h.name] == values[h.name]

    def test_there_and_back(self) -> None:
        for space in (MIXED, conditional_space()):
            assert Space.from_configspace(space.to_configspace()) == space

    def test_conditions_are_theirs(self) -> None:
        space = conditional_space()
        theirs = space.to_configspace(1)
        assert tuple(theirs) == space.names
        X = []
        for configuration in theirs.sample_configuration(100):
            row = space.to_array([dict(configuration)])
            vector = configuration.get_array()
            np.testing.assert_allclose(space.to_unit(row)[0], vector, atol=1e-6)
            X.append(row[0])
        inactive = np.isnan(np.array(X))
        assert inactive.any(axis=0).tolist() == [False, False, True, True]

    def test_ordinals_become_categoricals(self) -> None:
        theirs = ConfigSpace.ConfigurationSpace()
        theirs.add(ConfigSpace.OrdinalHyperparameter("size", ["s", "m", "l"], default_value="m"))
        assert Space.from_configspace(theirs)["size"].choices == ("s", "m", "l")

    def test_constants_stay_out(self) -> None:
        theirs = ConfigSpace.ConfigurationSpace({"fixed": 3, "free": (0.0, 1.0)})
        assert Space.from_configspace(theirs).names == ("free",)

    def test_what_cannot_be_expressed_is_refused(self) -> None:
        normal = ConfigSpace.ConfigurationSpace()
        normal.add(ConfigSpace.NormalFloatHyperparameter("x", mu=0, sigma=1, lower=-1, upper=1))
        with pytest.raises(UserError, match="'x' has the type NormalFloat"):
            Space.from_configspace(normal)

        greater = ConfigSpace.ConfigurationSpace({"a": (0.0, 1.0), "b": (0.0, 1.0)})
        greater.add(ConfigSpace.GreaterThanCondition(greater["b"], greater["a"], 0.5))
        with pytest.raises(UserError, match="use equals or in"):
            Space.from_configspace(greater)

        forbidden = ConfigSpace.ConfigurationSpace({"a": ["x", "y"]})
        forbidden.add(ConfigSpace.ForbiddenEqualsClause(forbidden["a"], "y"))
        with pytest.raises(UserError, match="forbidden clauses"):
            Space.from_configspace(forbidden)


class TestConditions:
    def test_parents_come_before_their_children(self) -> None:
        assert conditional_space().names == ("C", "kernel", "degree", "coef0")

    def test_inactive_values_are_nan_and_left_out(self) -> None:
        space = conditional_space()
        X = space.to_array([{"C": 1.0, "kernel": "rbf"}, {"C": 1.0, "kernel": "poly", "degree": 2}])
        np.testing.assert_array_equal(X, [[1.0, 0.0, np.nan, np.nan], [1.0, 1.0, 2.0, np.nan]])
        assert space.to_configurations(X)[1] == {"C": 1.0, "kernel": "poly", "degree": 2}

    def test_a_child_of_an_inactive_parent_is_inactive(self) -> None:
        space = conditional_space()
        superfluous = {"C": 1.0, "kernel": "rbf", "degree": 3, "coef0": 0.5}
        np.testing.assert_array_equal(space.to_array([superfluous]), [[1.0, 0.0, np.nan, np.nan]])

    def test_samples_obey_them(self) -> None:
        space = conditional_space()
        X = space.sample(500, np.random.default_rng(0))
        kernel, degree, coef0 = X[:, 1], X[:, 2], X[:, 3]
        np.testing.assert_array_equal(np.isnan(degree), kernel == 0)
        np.testing.assert_array_equal(np.isnan(coef0), ~(degree == 3))
        np.testing.assert_array_equal(space.to_array(space.to_configurations(X)), X)

    def test_a_subset_keeps_parents(self) -> None:
        with pytest.raises(UserError, match="'degree' depends on 'kernel'; tune both or neither"):
            conditional_space().subset(["C", "degree"])


class TestErrors:
    def test_unknown_name(self) -> None:
        with pytest.raises(UserError, match="unknown hyperparameter 'gamma'; there are alpha"):
            Space([ALPHA]).subset(["gamma"])
        with pytest.raises(UserError, match="unknown hyperparameter 'gamma'"):
            Space([ALPHA]).to_array([{"alpha": 0.1, "gamma": 1.0}])

    def test_missing_value(self) -> None:
        with pytest.raises(UserError, match="lacks the hyperparameter 'alpha'"):
            Space([ALPHA]).to_array([{}])

    @pytest.mark.parametrize(
        ("hyperparameter", "value"),
        [
            (ALPHA, 2.0),
            (ALPHA, float("nan")),
            (ALPHA, "0.1"),
            (ALPHA, True),
            (LEAF, 1.5),
            (LEAF, 21),
            (BOOSTER, "tree"),
        ],
    )
    def test_value_out_of_bounds(self, hyperparameter: Hyperparameter, value: float | str) -> None:
        with pytest.raises(UserError, match=hyperparameter.name):
            Space([hyperparameter]).to_array([{hyperparameter.name: value}])

    def test_bounds(self) -> None:
        with pytest.raises(UserError, match="must be positive"):
            Hyperparameter("alpha", "float", 0.0, 1.0, 0.5, log=True)
        with pytest.raises(UserError, match="is empty"):
            Hyperparameter("alpha", "float", 1.0, 0.0, 0.5)
        with pytest.raises(UserError, match="alpha"):
            Hyperparameter("alpha", "float", 0.0, 1.0, 2.0)

    def test_the_same_name_twice(self) -> None:
        with pytest.raises(UserError, match="'alpha' is there twice"):
            Space([ALPHA, Hyperparameter("alpha", "int", 1, 3, 2)])

    def test_condition_on_what_is_not_there(self) -> None:
        child = Hyperparameter("degree", "int", 1, 3, 3, condition=Condition("kernel", ("poly",)))
        with pytest.raises(UserError, match="'degree' depends on 'kernel'"):
            Space([child])

    def test_conditions_in_a_circle(self) -> None:
        a = Hyperparameter("a", "int", 1, 3, 3, condition=Condition("b", (1,)))
        b = Hyperparameter("b", "int", 1, 3, 3, condition=Condition("a", (1,)))
        with pytest.raises(UserError, match="break the circle"):
            Space([a, b])
