"""Every objective against the same contract, and how one is made."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.objectives import Benchmark, Objective, TrainingObjective, make_objective
from symhpo.objectives.datasets import Bundled
from symhpo.objectives.models import LogisticRegression, SupportVectorMachine
from symhpo.objectives.protocols import Holdout, HPOBench

OBJECTIVES: dict[str, Any] = {
    "svm-hpobench": lambda: TrainingObjective(SupportVectorMachine(), Bundled("wine"), HPOBench()),
    "lr-holdout": lambda: TrainingObjective(LogisticRegression(tuned="all"), Bundled("wine"), Holdout()),
    "benchmark": lambda: Benchmark("hpobench_like.Mixed"),
}


@pytest.fixture(params=OBJECTIVES)
def objective(request: pytest.FixtureRequest) -> Objective:
    made: Objective = OBJECTIVES[request.param]()
    return made


class TestContract:
    def test_evaluates_any_point_of_its_space(self, objective: Objective) -> None:
        X = objective.space.sample(3, np.random.default_rng(0))
        for configuration in objective.space.to_configurations(X):
            evaluation = objective(configuration, 2**32 - 1)
            assert np.isfinite(evaluation.cost)
            assert evaluation.cpu_seconds >= 0

    def test_same_configuration_and_seed_same_cost(self, objective: Objective) -> None:
        configuration = objective.space.to_configurations(objective.space.grid(2))[0]
        first = objective(configuration, 3)
        objective(configuration, 4)
        again = objective(configuration, 3)
        assert (first.cost, first.test_cost) == (again.cost, again.test_cost)

    def test_survives_pickling_before_and_after_it_is_prepared(self, objective: Objective) -> None:
        configuration = objective.space.to_configurations(objective.space.grid(2))[0]
        before = pickle.loads(pickle.dumps(objective))
        objective.prepare()
        after = pickle.loads(pickle.dumps(objective))
        costs = {o(configuration, 1).cost for o in (before, objective, after)}
        assert len(costs) == 1
        assert before.identity == after.identity == objective.identity

    def test_identity_and_provenance_are_plain_json(self, objective: Objective) -> None:
        assert json.loads(json.dumps(objective.identity)) == objective.identity
        assert json.loads(json.dumps(objective.provenance)) == objective.provenance

    def test_an_unknown_hyperparameter_is_refused(self, objective: Objective) -> None:
        with pytest.raises(UserError, match="bogus"):
            objective({"bogus": 1.0}, 0)


def test_identities_tell_objectives_apart() -> None:
    model, other = SupportVectorMachine(), SupportVectorMachine(tuned=["C"])
    wine, digits = Bundled("wine"), Bundled("digits")
    objectives = [
        TrainingObjective(model, wine, HPOBench()),
        TrainingObjective(other, wine, HPOBench()),
        TrainingObjective(model, digits, HPOBench()),
        TrainingObjective(model, wine, Holdout()),
        TrainingObjective(model, Bundled("wine", checksum="1"), HPOBench()),
        Benchmark("hpobench_like.Mixed"),
        Benchmark("hpobench_like.Mixed", arguments={"offset": 1.0}),
        Benchmark("hpobench_like.Mixed", fidelity={"epochs": 1}),
        Benchmark("hpobench_like.Mixed", tuned=["rate"]),
    ]
    assert len({json.dumps(o.identity, sort_keys=True) for o in objectives}) == len(objectives)


def test_loading_is_left_until_it_is_needed() -> None:
    script = (
        "import sys\n"
        "from symhpo.objectives import *\n"
        "from symhpo.objectives.datasets import OpenMLTask\n"
        "from symhpo.objectives.models import XGBoost\n"
        "from symhpo.objectives.protocols import HPOBench\n"
        "objective = TrainingObjective(XGBoost(), OpenMLTask('vehicle', 53), HPOBench())\n"
        "objective.space, objective.identity\n"
        "heavy = {'sklearn', 'xgboost', 'openml', 'ConfigSpace', 'pandas', 'scipy', 'smac', 'sympy'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.split() == []


class TestMakeObjective:
    def test_of_a_model(self) -> None:
        made = make_objective(SupportVectorMachine(), Bundled("wine"), Holdout())
        assert isinstance(made, TrainingObjective)
        assert made.dataset.name == "wine"

    def test_of_a_benchmark(self) -> None:
        benchmark = Benchmark("hpobench_like.Bare")
        assert make_objective(benchmark, {"name": "none"}, HPOBench()) is benchmark

    @pytest.mark.parametrize("source", [None, {"name": "none"}])
    def test_a_model_needs_a_data_set(self, source: object) -> None:
        with pytest.raises(UserError, match="model svm needs a data set"):
            make_objective(SupportVectorMachine(), source, HPOBench())
