"""Partial dependence of surrogates and of objectives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import cho_solve

from symhpo.errors import UserError
from symhpo.importance.partial_dependence import (
    PartialDependence,
    draw_configurations,
    partial_dependence,
    true_partial_dependence,
    with_values,
)
from symhpo.objectives import Evaluation
from symhpo.sampling.surrogate import INACTIVE, Surrogate
from symhpo.space import Configuration, Hyperparameter, Space

MakeSurrogate = Callable[..., Surrogate]

NUMERICAL = Space(
    [
        Hyperparameter("a", "float", 0.0, 1.0, 0.5),
        Hyperparameter("b", "float", 1e-3, 1.0, 0.1, log=True),
        Hyperparameter("c", "int", 1, 9, 5),
    ]
)

DRAWS = draw_configurations(NUMERICAL, 20, 0)


def tilted(X: np.ndarray) -> np.ndarray:
    """Additive, so that its partial dependence on `a` is 2 a plus a constant."""
    return 2 * X[:, 0] + np.log10(X[:, 1]) + 0.1 * X[:, 2]


class Additive:
    """An objective without noise."""

    space = NUMERICAL
    identity: dict[str, Any] = {"name": "additive"}  # noqa: RUF012
    provenance: dict[str, Any] = {}  # noqa: RUF012

    def prepare(self) -> None:
        pass

    def __call__(self, configuration: Configuration, _seed: int) -> Evaluation:
        X = self.space.to_array([configuration])
        return Evaluation(float(tilted(X)[0]), None, 0.0)


class TestOfSurrogate:
    @pytest.mark.parametrize("names", [("a",), ("a", "c"), ("a", "b", "c")])
    def test_mean_and_std_are_those_of_the_average(
        self, surrogate_of: MakeSurrogate, names: tuple[str, ...]
    ) -> None:
        surrogate = surrogate_of(NUMERICAL, tilted)
        chosen = NUMERICAL.subset(names)
        points = chosen.sample(5, np.random.default_rng(0))
        draws = draw_configurations(NUMERICAL, 50, 3)
        self.compare(surrogate, partial_dependence(surrogate, names, points, draws), names, draws)

    @pytest.mark.parametrize("names", [("C",), ("kernel",), ("C", "kernel"), ("kernel", "degree")])
    def test_with_conditions(
        self, surrogate_of: MakeSurrogate, kernel_space: Space, names: tuple[str, ...]
    ) -> None:
        def cost(X: np.ndarray) -> np.ndarray:
            values = dict(zip(kernel_space.names, X.T, strict=True))
            return values["kernel"] * np.log10(values["C"]) + np.nan_to_num(values["degree"])

        surrogate = surrogate_of(kernel_space, cost)
        points = kernel_space.subset(names).sample(6, np.random.default_rng(0))
        draws = draw_configurations(kernel_space, 40, 3)
        self.compare(surrogate, partial_dependence(surrogate, names, points, draws), names, draws)

    def compare(
        self, surrogate: Surrogate, of: PartialDependence, names: tuple[str, ...], draws: np.ndarray
    ) -> None:
        space = surrogate.space
        for point, mean, std in zip(of.X, of.mean, of.std, strict=True):
            X = with_values(space, space.subset(names).names, point[None, :], draws)
            vectors = np.nan_to_num(space.to_unit(X), nan=INACTIVE)
            cross = surrogate.covariance(vectors, surrogate.inputs)
            posterior = surrogate.covariance(vectors, vectors) - cross @ cho_solve(
                (surrogate.cholesky_factor, True), cross.T
            )
            assert mean == pytest.approx(surrogate.predict(X)[0].mean(), rel=1e-9)
            assert std == pytest.approx(np.sqrt(max(posterior.mean(), 0)) * surrogate.cost_std, abs=1e-5)
            # The bound that needs no covariances.
            assert std <= np.sqrt(np.mean(surrogate.predict(X)[1] ** 2)) + 1e-9

    def test_blocks_make_no_difference(self, surrogate_of: MakeSurrogate) -> None:
        surrogate = surrogate_of(NUMERICAL, tilted)
        points = np.linspace(0, 1, 11)[:, None]
        together = partial_dependence(surrogate, ["a"], points, draw_configurations(surrogate.space, 1000, 0))
        one = partial_dependence(surrogate, ["a"], points[7:8], draw_configurations(surrogate.space, 1000, 0))
        assert together.mean[7] == pytest.approx(one.mean[0], rel=1e-12)

    def test_of_an_additive_function(self, surrogate_of: MakeSurrogate) -> None:
        surrogate = surrogate_of(NUMERICAL, tilted, n=120)
        points = np.linspace(0, 1, 5)[:, None]
        of = partial_dependence(surrogate, ["a"], points, draw_configurations(surrogate.space, 500, 0))
        np.testing.assert_allclose(of.mean - of.mean[0], 2 * points[:, 0], atol=0.05)

    def test_the_band_is_wide_where_there_are_no_trials(self, surrogate_of: MakeSurrogate) -> None:
        surrogate = surrogate_of(Space([NUMERICAL["a"]]), lambda X: X[:, 0] ** 2, n=4)
        trials = np.sort(surrogate.inputs[:, 0])
        points = np.array([[trials[1]], [trials[1:3].mean()]])
        of = partial_dependence(surrogate, ["a"], points, draw_configurations(surrogate.space, 2, 0))
        assert of.std[1] > of.std[0]
        lower, upper = of.band(0.95)
        np.testing.assert_allclose(upper - lower, 2 * 1.959964 * of.std, rtol=1e-6)

    @pytest.mark.parametrize(
        ("names", "shape", "message"),
        [
            (["d"], (3, 1), "unknown hyperparameter 'd'"),
            (["a", "b"], (3, 1), "give \\(m, k\\)"),
            ([], (3, 0), "give \\(m, k\\)"),
        ],
    )
    def test_bad_input(
        self, surrogate_of: MakeSurrogate, names: list[str], shape: tuple[int, int], message: str
    ) -> None:
        with pytest.raises(UserError, match=message):
            partial_dependence(surrogate_of(NUMERICAL, tilted), names, np.full(shape, 0.5), DRAWS)

    def test_a_conditional_without_its_parent(self, surrogate_of: MakeSurrogate, kernel_space: Space) -> None:
        surrogate = surrogate_of(kernel_space, lambda X: X.sum(axis=1, where=~np.isnan(X)))
        with pytest.raises(UserError, match="depends on 'kernel'"):
            partial_dependence(surrogate, ["degree"], np.array([[3.0]]), DRAWS)


class TestTrue:
    points = np.linspace(0, 1, 4)[:, None]

    def test_is_the_average_of_evaluations(self) -> None:
        of = true_partial_dependence(Additive(), ["a"], self.points, DRAWS, seed=0, workers=0)
        # Common draws: differences are exact however few there are.
        np.testing.assert_allclose(of.mean - of.mean[0], 2 * self.points[:, 0], rtol=1e-9)
        assert (of.std > 0).all()

    def test_evaluations_are_not_repeated(self, tmp_path: Path) -> None:
        arguments: dict[str, Any] = {"seed": 0, "workers": 0, "journal_dir": tmp_path}
        first = true_partial_dependence(Additive(), ["a"], self.points, DRAWS[:6], **arguments)
        lines = sum(len(path.read_text().splitlines()) for path in tmp_path.glob("*"))
        again = true_partial_dependence(Additive(), ["a"], self.points, DRAWS[:6], **arguments)
        assert sum(len(path.read_text().splitlines()) for path in tmp_path.glob("*")) == lines
        np.testing.assert_array_equal(first.mean, again.mean)

    def test_failed_evaluations_are_left_out(self) -> None:
        class Failing(Additive):
            def __call__(self, configuration: Configuration, _seed: int) -> Evaluation:
                if configuration["a"] == 1.0:
                    raise ValueError("no convergence")
                return Evaluation(1.0, None, 0.0)

        of = true_partial_dependence(Failing(), ["a"], self.points, DRAWS[:3], seed=0, workers=0)
        np.testing.assert_array_equal(of.mean, [1, 1, 1, np.nan])
        assert np.isnan(of.std[3])


def test_fewer_draws_are_the_first_of_more() -> None:
    np.testing.assert_array_equal(draw_configurations(NUMERICAL, 5, 0), DRAWS[:5])


def test_round_trip(tmp_path: Path, surrogate_of: MakeSurrogate) -> None:
    of = partial_dependence(surrogate_of(NUMERICAL, tilted), ["a"], np.array([[0.1], [0.2]]), DRAWS)
    of.save(tmp_path / "pd.npz")
    again = PartialDependence.load(tmp_path / "pd.npz", of.space)
    np.testing.assert_array_equal(again.mean, of.mean)
    np.testing.assert_array_equal(again.std, of.std)
