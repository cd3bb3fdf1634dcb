"""Every method of importance under the same contract, on functions with known Sobol indices."""

from __future__ import annotations

import importlib.util
import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.importance import (
    Fanova,
    Importance,
    ImportanceMethod,
    OptunaFanova,
    Sobol,
    from_surrogate,
    from_trials,
    learn_surrogate,
)
from symhpo.importance.analytic import AnalyticFunction, additive, g_function, ishigami, multiplicative
from symhpo.importance.forest import to_inputs, tree_shares
from symhpo.space import Condition, Hyperparameter, Space

FANOVA = pytest.param(
    Fanova(n_points=1000, n_trees=4, n_forests=2, leaves=200, leaves_of_pairs=60),
    marks=pytest.mark.skipif(
        importlib.util.find_spec("fanova") is None, reason="fanova is not installed: it needs a compiler"
    ),
    id="fanova",
)
OPTUNA = pytest.param(OptunaFanova(n_points=1000, n_trees=2, n_forests=2, max_depth=8), id="optuna")
SOBOL = pytest.param(Sobol(n_points=512, n_replicates=3), id="sobol")
METHODS = [FANOVA, OPTUNA, SOBOL]

KERNEL = Hyperparameter.categorical("kernel", ("rbf", "poly", "sigmoid"), "rbf")
C = Hyperparameter("C", "float", 1e-2, 1e2, 1.0, log=True)


class Mixed:
    """A cost that a categorical shifts, a logarithmic float tilts, and a conditional integer bends."""

    space = Space(
        [
            C,
            KERNEL,
            Hyperparameter("degree", "int", 2, 5, 3, condition=Condition("kernel", ("poly",))),
        ]
    )

    def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        c, kernel, degree = np.asarray(X).T
        cost = np.array([0.0, 1.0, 3.0])[kernel.astype(int)] + np.log10(c) + 0.2 * np.nan_to_num(degree - 3)
        return cost, np.zeros_like(cost)


class Flat:
    space = Space([C, KERNEL])

    def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(X), 0.3), np.zeros(len(X))


@pytest.mark.parametrize("method", METHODS)
class TestContract:
    def test_is_a_method(self, method: ImportanceMethod) -> None:
        assert isinstance(method, ImportanceMethod)

    def test_shapes_and_ranges(self, method: ImportanceMethod) -> None:
        importance = from_surrogate(ishigami(4), method=method, seed=0)
        assert importance.method == method.name
        assert importance.names == ("x0", "x1", "x2", "x3")
        assert importance.main.shape == importance.main_std.shape == (4,)
        assert importance.pairs.shape == importance.pairs_std.shape == (4, 4)
        np.testing.assert_array_equal(importance.pairs, importance.pairs.T)
        assert (importance.pairs.diagonal() == 0).all()
        assert (importance.main >= 0).all()
        assert (importance.pairs >= 0).all()
        assert importance.explained <= 1.02
        assert (importance.main_std[:2] > 0).all()
        assert importance.pairs_std[0, 2] > 0
        assert importance.n_replicates > 1

    @pytest.mark.parametrize("function", [additive((3, 2, 0, 0)), multiplicative((1.5, 1, 0, 0))])
    def test_main_effects_and_pairs_of_smooth_functions(
        self, method: ImportanceMethod, function: AnalyticFunction
    ) -> None:
        importance = from_surrogate(function, method=method, seed=1)
        np.testing.assert_allclose(importance.main, function.importance.main, atol=0.05)
        np.testing.assert_allclose(importance.pairs, function.importance.pairs, atol=0.05)

    def test_an_interaction_without_a_main_effect(self, method: ImportanceMethod) -> None:
        importance = from_surrogate(ishigami(3), method=method, seed=0)
        assert importance.main[2] < 0.05
        assert importance.pairs[0, 2] > 0.1
        assert importance.pairs[0, 2] > 1.5 * max(importance.pairs[0, 1], importance.pairs[1, 2])

    def test_repeats(self, method: ImportanceMethod) -> None:
        first, again, other = (
            from_surrogate(additive((2, 1, 0)), method=method, seed=seed) for seed in (3, 3, 4)
        )
        np.testing.assert_array_equal(first.main, again.main)
        np.testing.assert_array_equal(first.pairs_std, again.pairs_std)
        assert (first.main != other.main).any()

    def test_categorical_and_conditional(self, method: ImportanceMethod) -> None:
        importance = from_surrogate(Mixed(), method=method, seed=0)
        main = dict(zip(importance.names, importance.main, strict=True))
        # Variances: of (0, 1, 3) equally likely 14/9; of log10(C) uniform on [-2, 2] 4/3.
        assert main["kernel"] == pytest.approx(0.53, abs=0.1)
        assert main["C"] == pytest.approx(0.46, abs=0.1)
        assert main["degree"] < 0.05

    def test_a_conditional_has_no_share_of_its_parent(self, method: ImportanceMethod) -> None:
        class Conditional(Mixed):
            def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                c, kernel, degree = np.asarray(X).T
                cost = np.where(kernel == 1, 0.5 * np.nan_to_num(degree), 0.0) + 0.1 * np.log10(c)
                return cost, np.zeros_like(cost)

        importance = from_surrogate(Conditional(), method=method, seed=0)
        main = dict(zip(importance.names, importance.main, strict=True))
        # Where kernel is poly the mean is 1.75, elsewhere 0; degree is uniform on 2..5 there.
        kernel, degree, interaction = 1.75**2 * 2 / 9, 0.25 * 1.25 / 9, 0.25 * 1.25 * 2 / 9
        total = kernel + degree + interaction + 0.01 * 4 / 3
        assert main["kernel"] == pytest.approx(kernel / total, abs=0.05)
        assert main["degree"] == pytest.approx(degree / total, abs=0.05)

    @pytest.mark.parametrize(("upper", "log"), [(3, False), (50, True)])
    def test_integers_have_the_share_that_they_are_drawn_with(
        self, method: ImportanceMethod, upper: int, log: bool
    ) -> None:
        class Integer:
            space = Space(
                [
                    Hyperparameter("depth", "int", 1, upper, 1, log=log),
                    Hyperparameter("u", "float", 0.0, 1.0, 0.5),
                ]
            )

            def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                depth, u = np.asarray(X).T
                cost = (depth == 1) + u
                return cost, np.zeros_like(cost)

        lowest = np.log(3) / np.log(101) if log else 1 / 3
        variance = lowest * (1 - lowest)
        importance = from_surrogate(Integer(), method=method, seed=0)
        assert importance.main[0] == pytest.approx(variance / (variance + 1 / 12), abs=0.05)

    def test_noise_is_explained_by_nothing(self, method: ImportanceMethod) -> None:
        space = Space([C, KERNEL])
        rng = np.random.default_rng(1)
        for _ in range(3):
            X, y = space.sample(60, rng), rng.normal(size=60)
            importance = from_trials(space, X, y, method=method, seed=0)
            assert np.isfinite(importance.main).all()

    def test_equal_costs_are_explained_by_nothing(self, method: ImportanceMethod) -> None:
        importance = from_surrogate(Flat(), method=method, seed=0)
        assert importance.explained == 0
        with pytest.raises(UserError, match="no hyperparameter explains any"):
            importance.share(["C"])

    def test_costs_that_are_not_finite(self, method: ImportanceMethod) -> None:
        class Broken(Flat):
            def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                return np.full(len(X), np.nan), np.zeros(len(X))

        with pytest.raises(UserError, match="not finite"):
            from_surrogate(Broken(), method=method, seed=0)

    def test_round_trip(self, method: ImportanceMethod) -> None:
        importance = from_surrogate(Mixed(), method=method, seed=0)
        again = Importance.from_json(json.loads(json.dumps(importance.to_json())))
        assert again.to_json() == importance.to_json()
        assert again.share(["C", "kernel"]) == importance.share(["C", "kernel"])


@pytest.mark.parametrize("method", METHODS)
class TestTrials:
    """Bad input, and trials as an optimiser leaves them."""

    function = additive((3, 1, 0.5))

    def trials(self, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
        X = self.function.space.sample(n, np.random.default_rng(0))
        return X, self.function.predict(X)[0]

    def test_order(self, method: ImportanceMethod) -> None:
        importance = from_trials(self.function.space, *self.trials(), method=method, seed=0)
        assert importance.main.argmax() == 0
        assert importance.main[0] > 0.6

    def test_constant_hyperparameter(
        self, method: ImportanceMethod, caplog: pytest.LogCaptureFixture
    ) -> None:
        X, _ = self.trials()
        X[:, 0] = 0.5
        y = self.function.predict(X)[0]
        with caplog.at_level(logging.WARNING):
            importance = from_trials(self.function.space, X, y, method=method, seed=0)
        assert "x0 is the same in all trials" in caplog.text
        assert importance.main[0] == 0
        assert importance.main[1] > 0.4

    def test_all_hyperparameters_constant(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        X[:] = X[0]
        assert from_trials(self.function.space, X, y, method=method, seed=0).explained == 0

    @pytest.mark.parametrize("cost", [np.nan, np.inf, -np.inf])
    def test_costs_that_are_not_finite_are_left_out(
        self, method: ImportanceMethod, cost: float, caplog: pytest.LogCaptureFixture
    ) -> None:
        X, y = self.trials()
        without = from_trials(self.function.space, X[5:], y[5:], method=method, seed=0)
        y[:5] = cost
        with caplog.at_level(logging.WARNING):
            importance = from_trials(self.function.space, X, y, method=method, seed=0)
        assert "5 of 60 trials" in caplog.text
        np.testing.assert_array_equal(importance.main, without.main)

    def test_fewer_trials_than_hyperparameters(self, method: ImportanceMethod) -> None:
        with pytest.raises(UserError, match="3 hyperparameters from 2 trials"):
            from_trials(self.function.space, *self.trials(2), method=method, seed=0)

    def test_no_finite_cost(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        with pytest.raises(UserError, match="from 0 trials with a finite cost"):
            from_trials(self.function.space, X, np.full_like(y, np.nan), method=method, seed=0)

    def test_equal_costs(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        importance = from_trials(self.function.space, X, np.ones_like(y), method=method, seed=0)
        assert importance.explained == 0

    def test_missing_value(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        X[7, 1] = np.nan
        with pytest.raises(UserError, match="trial 7 has no value of 'x1'"):
            from_trials(self.function.space, X, y, method=method, seed=0)

    @pytest.mark.parametrize(("name", "value"), [("kernel", 3), ("kernel", -1), ("C", 1e3), ("degree", 6)])
    def test_value_outside_its_bounds(self, method: ImportanceMethod, name: str, value: float) -> None:
        space = Mixed.space
        X = space.sample(30, np.random.default_rng(0))
        X[7, space.names.index("kernel")] = 1
        X[7, space.names.index("degree")] = 3
        X[7, space.names.index(name)] = value
        with pytest.raises(UserError, match=f"trial 7 has the value .* of '{name}', outside"):
            from_trials(space, X, np.arange(30.0), method=method, seed=0)

    def test_costs_too_far_apart(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        y[3] = np.finfo(float).max
        with pytest.raises(UserError, match="too far apart"):
            from_trials(self.function.space, X, y, method=method, seed=0)

    def test_shapes_that_disagree(self, method: ImportanceMethod) -> None:
        X, y = self.trials()
        with pytest.raises(UserError, match="shape"):
            from_trials(self.function.space, X, y[1:], method=method, seed=0)

    def test_one_hyperparameter(self, method: ImportanceMethod) -> None:
        function = additive((1,))
        importance = from_surrogate(function, method=method, seed=0)
        assert importance.main[0] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(Fanova(n_trees=4, n_forests=1, leaves_of_pairs=20), marks=FANOVA.marks, id="fanova"),
        pytest.param(OptunaFanova(n_trees=2, n_forests=1), id="optuna"),
    ],
)
class TestForests:
    function = ishigami(3)

    def test_a_wavy_function_takes_many_labels(self, method: Fanova | OptunaFanova) -> None:
        main = from_surrogate(self.function, method=method, seed=0).main
        np.testing.assert_allclose(main, self.function.importance.main, atol=0.05)

    def test_constant_trees_explain_nothing(self, method: Fanova | OptunaFanova) -> None:
        # All labels of a surrogate may miss a spike that it has.
        importance = replace(method, n_points=200).from_predictor(Flat(), seed=0)
        assert importance.explained == 0
        assert np.isfinite(importance.pairs_std).all()

    def test_one_constant_tree_leaves_the_others(self, method: Fanova | OptunaFanova) -> None:
        # A single trial differs, and not every bootstrap sample has it.
        X = self.function.space.sample(12, np.random.default_rng(0))
        y = np.zeros(12)
        y[3] = 1.0
        alone = replace(method, relabel=False, n_trees=1, n_forests=6)
        assert np.isfinite(from_trials(self.function.space, X, y, method=alone, seed=0).main).all()

    def test_points_alone(self, method: Fanova | OptunaFanova) -> None:
        X = self.function.space.sample(300, np.random.default_rng(0))
        y = self.function.predict(X)[0]
        alone, learned = (
            from_trials(self.function.space, X, y, method=replace(method, relabel=relabel), seed=0).main
            for relabel in (False, True)
        )
        true = self.function.importance.main
        assert alone[:2].min() > 0.2
        assert np.abs(learned - true).max() < 0.05 < np.abs(alone - true).max()


class TestSobol:
    @pytest.mark.parametrize("function", [ishigami(), g_function(), additive(), multiplicative()])
    def test_is_exact_up_to_sampling(self, function: AnalyticFunction) -> None:
        importance = from_surrogate(function, method=Sobol(), seed=0)
        np.testing.assert_allclose(importance.main, function.importance.main, atol=0.02)
        np.testing.assert_allclose(importance.pairs, function.importance.pairs, atol=0.02)

    @pytest.mark.parametrize("arguments", [{"n_points": 1000}, {"n_points": 1}, {"n_replicates": 0}])
    def test_bad_settings(self, arguments: dict[str, int]) -> None:
        with pytest.raises(UserError, match="power of 2"):
            Sobol(**arguments)


class TestTreeShares:
    def test_main_effects_are_those_of_optuna(self) -> None:
        # Both from the same trees: one by the evaluator's traversals, one in closed form.
        function = ishigami(3)
        X = function.space.sample(150, np.random.default_rng(0))
        y = function.predict(X)[0]
        method = OptunaFanova(n_trees=3, n_forests=1, relabel=False)
        seed = int(np.random.SeedSequence(0).generate_state(1)[0])
        shares = method._forest_shares(function.space, to_inputs(function.space, X), y, seed)
        importance = from_trials(function.space, X, y, method=method, seed=0)
        np.testing.assert_allclose(importance.main, shares.mean(axis=0).diagonal(), rtol=1e-9)

    def test_known_tree(self) -> None:
        from sklearn.tree import DecisionTreeRegressor

        # 1 where kernel is poly or sigmoid and u > 1/2, else 0.
        space = Space([Hyperparameter("u", "float", 0.0, 1.0, 0.5), KERNEL])
        inputs = np.array([[k, u] for k in (0.0, 1.0, 2.0) for u in (0.25, 0.75)])
        names = [space.names.index(n) for n in ("kernel", "u")]
        columns = np.empty_like(inputs)
        columns[:, names] = inputs
        y = ((inputs[:, 0] >= 1) & (inputs[:, 1] > 0.5)).astype(float)
        shares = tree_shares(DecisionTreeRegressor().fit(columns, y).tree_, space)
        kernel, u = names
        variance = 1 / 3 * 2 / 3
        assert shares[kernel, kernel] == pytest.approx((1 / 4 * 2 / 3 - 1 / 9) / variance)
        assert shares[u, u] == pytest.approx((4 / 9 / 2 - 1 / 9) / variance)
        assert shares.diagonal().sum() + shares[0, 1] == pytest.approx(1)


class TestLearnSurrogate:
    def test_learns_a_function(self) -> None:
        function = additive((3, 1, 0.5))
        X = function.space.sample(80, np.random.default_rng(0))
        surrogate = learn_surrogate(function.space, X, function.predict(X)[0], seed=0)
        elsewhere = function.space.sample(200, np.random.default_rng(1))
        np.testing.assert_allclose(surrogate.predict(elsewhere)[0], function.predict(elsewhere)[0], atol=0.1)

    def test_of_many_trials_a_part_is_used_and_equal_ones_do_no_harm(self) -> None:
        X = np.tile(Mixed.space.sample(350, np.random.default_rng(0)), (2, 1))
        y = Mixed().predict(X)[0]
        surrogate = learn_surrogate(Mixed.space, X, y, seed=0)
        assert len(surrogate.inputs) == 600
        assert np.abs(surrogate.predict(X)[0] - y).max() < 0.2
