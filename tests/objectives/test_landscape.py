"""The true landscape: its points, its means, failures, and its file."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from valley import SPACE, Valley

from symhpo.errors import UserError
from symhpo.objectives import Landscape, LandscapeDesign, compute_landscape
from symhpo.space import Hyperparameter, Space

DESIGN = LandscapeDesign(points_per_axis=4, seeds=[0, 3, 6])


def space(d: int) -> Space:
    return Space([Hyperparameter(f"h{i}", "float", 0.0, 1.0, 0.5) for i in range(d)])


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    objective = Valley(tmp_path / "calls", fault="raise")
    return compute_landscape(objective, DESIGN, journal_dir=tmp_path / "journal", workers=0)


class TestDesign:
    def test_the_grid_is_the_protocols(self) -> None:
        X = LandscapeDesign().sample(SPACE)
        # Truncated midpoints 1.1, 1.4, 1.7, ... on the scale of the integer, and its upper bound.
        depths = sorted({int(1 + 0.7 * (i + 0.5)) for i in range(10)} | {8})
        rates = 10.0 ** (-4 + 0.4 * (np.arange(10) + 0.5))
        np.testing.assert_allclose(X, list(itertools.product(depths, rates)), rtol=1e-12)

    def test_many_hyperparameters_get_random_points_that_are_always_the_same(self) -> None:
        assert LandscapeDesign().sample(space(3)).shape == (1000, 3)
        X = LandscapeDesign().sample(space(4))
        assert X.shape == (500, 4)
        assert len(np.unique(X[:, 0])) == 500
        np.testing.assert_array_equal(X, LandscapeDesign().sample(space(4)))

    def test_either_can_be_asked_for(self) -> None:
        assert LandscapeDesign(points="grid", points_per_axis=3).sample(space(4)).shape == (81, 4)
        assert LandscapeDesign(points="random", n_random=7).sample(space(2)).shape == (7, 2)

    @pytest.mark.parametrize("wrong", [{"points": "sobol"}, {"points_per_axis": 0}, {"seeds": []}])
    def test_wrong_settings_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(UserError, match="landscape"):
            LandscapeDesign(**wrong)


class TestLandscape:
    def test_cost_and_std_are_those_of_the_repeats(self, landscape: Landscape) -> None:
        depth, rate = landscape.X[-1]
        single = rate + depth / 10 + np.array([0.0, 0.003, 0.006])
        np.testing.assert_allclose(landscape.costs[-1], single, rtol=1e-15)
        assert landscape.cost[-1] == pytest.approx(single.mean())
        assert landscape.std[-1] == pytest.approx(0.003)
        assert landscape.repeats[-1] == 3

    def test_points_that_failed_are_left_out_and_counted(self, landscape: Landscape) -> None:
        failed = landscape.X[:, 0] == 1
        assert failed.any()
        np.testing.assert_array_equal(np.isnan(landscape.cost), failed)
        np.testing.assert_array_equal(np.isnan(landscape.std), failed)
        np.testing.assert_array_equal(landscape.repeats == 0, failed)
        assert len(landscape.failures) == 3 * failed.sum()
        assert landscape.failures[1] == (0, 3, "failed: ArithmeticError: no cost at the bottom")

    def test_a_point_with_some_failed_repeats_keeps_the_others(self, landscape: Landscape) -> None:
        costs = np.array([[0.1, np.nan, 0.3], [0.2, np.nan, np.nan]])
        partial = replace(landscape, X=landscape.X[:2], costs=costs)
        assert partial.cost == pytest.approx([0.2, 0.2])
        assert partial.std == pytest.approx([np.std([0.1, 0.3], ddof=1), np.nan], nan_ok=True)
        assert partial.repeats.tolist() == [2, 1]

    def test_the_number_of_workers_does_not_matter(self, landscape: Landscape, tmp_path: Path) -> None:
        objective = Valley(tmp_path / "other", fault="raise")
        parallel = compute_landscape(objective, DESIGN, journal_dir=tmp_path / "parallel", workers=2)
        np.testing.assert_array_equal(parallel.costs, landscape.costs)
        assert parallel.failures == landscape.failures

    def test_comes_back_from_its_file(self, landscape: Landscape, tmp_path: Path) -> None:
        path = tmp_path / "landscape.npz"
        for original in (landscape, replace(landscape, failures=())):
            original.save(path)
            loaded = Landscape.load(path)
            assert loaded.names == ("depth", "rate")
            assert loaded.failures == original.failures
            for name in ("X", "seeds", "costs", "test_costs", "cpu_seconds"):
                np.testing.assert_array_equal(getattr(loaded, name), getattr(original, name))
        assert np.isnan(loaded.test_costs).all()

    def test_equal_landscapes_have_equal_files(self, landscape: Landscape, tmp_path: Path) -> None:
        for name in ("one.npz", "other.npz"):
            landscape.save(tmp_path / name)
        assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
