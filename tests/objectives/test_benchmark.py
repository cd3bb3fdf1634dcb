"""Benchmarks with HPOBench's interface as objectives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from symhpo.config import group_config, make
from symhpo.errors import UserError
from symhpo.objectives import Benchmark, evaluate_many

FULL = {"booster": "dart", "drop": 0.25, "rate": 0.01, "width": 32}


def mixed(**settings: Any) -> Benchmark:
    return Benchmark("hpobench_like.Mixed", **settings)


def noise(seed: int) -> float:
    return 2 * float(np.random.RandomState(seed).random_sample())


class TestSpace:
    def test_has_all_types_and_scales(self) -> None:
        space = mixed().space
        assert set(space.names) == set(FULL)
        assert space["booster"].choices == ("tree", "dart")
        assert (space["width"].type, space["width"].log) == ("int", True)
        assert (space["rate"].type, space["rate"].log) == ("float", True)
        assert not space["drop"].log
        assert space["drop"].condition is not None

    def test_any_subset_can_be_tuned(self) -> None:
        assert mixed(tuned=["width", "rate"]).space.names == ("rate", "width")
        with pytest.raises(UserError, match=r"bogus.*booster"):
            _ = mixed(tuned=["bogus"]).space


class TestEvaluation:
    def test_reaches_the_benchmark(self) -> None:
        evaluation = mixed(arguments={"offset": 10.0})(FULL, 7)
        assert evaluation.cost == pytest.approx(10 + 5 + 0.25 + 1 + noise(7))
        assert evaluation.test_cost == pytest.approx(15.25)

    def test_what_is_not_tuned_has_its_default(self) -> None:
        assert mixed(tuned=["width"])({"width": 32}, 7).cost == mixed()(FULL, 7).cost

    def test_an_inactive_hyperparameter_is_left_out(self) -> None:
        cost = mixed()({"booster": "tree", "rate": 0.1, "width": 1}, 7).cost
        assert cost == pytest.approx(1 + noise(7))

    def test_fidelity_is_passed_on(self) -> None:
        low, full = mixed(fidelity={"epochs": 10}), mixed()
        assert low(FULL, 7).cost - full(FULL, 7).cost == pytest.approx(10 - 1)

    def test_does_not_depend_on_the_evaluations_before(self) -> None:
        objective = mixed()
        first = objective(FULL, 7).cost
        assert objective(FULL, 8).cost != first
        assert objective(FULL, 7).cost == first

    def test_whole_space_in_worker_processes(self) -> None:
        objective = mixed()
        X = objective.space.sample(12, np.random.default_rng(0))
        configurations = objective.space.to_configurations(X)
        parallel, serial = (
            [outcome.cost for outcome in evaluate_many(objective, configurations, range(12), workers=workers)]
            for workers in (2, 0)
        )
        assert parallel == serial
        assert len(set(serial)) == 12

    def test_the_least_interface_is_enough(self) -> None:
        evaluation = Benchmark("hpobench_like.Bare")({"x": -0.5}, 0)
        assert (evaluation.cost, evaluation.test_cost) == (0.25, None)


class TestConfiguration:
    def test_alone_is_enough(self) -> None:
        config = OmegaConf.merge(
            group_config("model", "hpobench"),
            {"target": "hpobench_like.Mixed", "arguments": {"offset": 1.0}, "tuned": ["rate", "width"]},
        )
        del config["defaults"]
        objective = make(config)
        assert objective.space.names == ("rate", "width")
        assert objective({"rate": 0.1, "width": 2}, 0).cost == pytest.approx(1 + 1 + 0.25 + 1 + noise(0))

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"target": "no_such_module.Class"}, ["no_such_module.Class", "PYTHONPATH"]),
            ({"target": "hpobench_like.Missing"}, ["hpobench_like.Missing", "Missing"]),
            ({"target": "Mixed"}, ["package.module.Class"]),
            ({"target": "hpobench_like.NoObjective"}, ["objective_function"]),
            ({"target": "hpobench_like.Mixed", "arguments": {"bogus": 1}}, ["bogus", "model.arguments"]),
        ],
    )
    def test_mistakes_are_said_in_one_line(self, settings: dict[str, Any], words: list[str]) -> None:
        with pytest.raises(UserError) as caught:
            Benchmark(**settings).prepare()
        for word in words:
            assert word in str(caught.value)
