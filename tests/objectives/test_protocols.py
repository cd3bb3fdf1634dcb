"""The two protocols: their rows, their repeatability, and the values that pin them down."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symhpo.objectives.datasets import Bundled, Dataset, OpenMLTask
from symhpo.objectives.models import (
    LogisticRegression,
    Model,
    NeuralNetwork,
    RandomForest,
    SupportVectorMachine,
    XGBoost,
)
from symhpo.objectives.protocols import Holdout, HPOBench

MODELS: dict[str, Model] = {
    model.name: model
    for model in (LogisticRegression(), NeuralNetwork(), RandomForest(), SupportVectorMachine(), XGBoost())
}
PROTOCOLS = {protocol.name: protocol for protocol in (HPOBench(), Holdout())}


def table(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loaded() -> dict[str, Dataset]:
    return {}


@pytest.fixture(scope="module")
def wine() -> Dataset:
    return Bundled("wine").load()


class TestFittingRows:
    def test_hpobench_draws_a_bootstrap_of_training_and_validation_part(self, wine: Dataset) -> None:
        X, y = HPOBench().fitting_rows(wine, 7)
        stacked = np.vstack([wine.X_train, wine.X_valid])
        rows = np.random.RandomState(7).choice(np.arange(160), size=160)
        np.testing.assert_array_equal(X, stacked[rows])
        np.testing.assert_array_equal(y, np.concatenate([wine.y_train, wine.y_valid])[rows])
        # The oddity: rows of the validation part are among them.
        assert (rows >= len(wine.X_train)).any()

    def test_holdout_takes_every_training_row_once(self, wine: Dataset) -> None:
        for seed in (0, 1):
            X, y = Holdout().fitting_rows(wine, seed)
            np.testing.assert_array_equal(X, wine.X_train)
            np.testing.assert_array_equal(y, wine.y_train)


class TestValues:
    @pytest.mark.openml_cache
    @pytest.mark.parametrize(
        "row", table("hpobench_values.csv"), ids=lambda r: f"{r['model']}-{r['dataset']}"
    )
    def test_are_hpobenchs_own(self, row: dict[str, str], loaded: dict[str, Dataset]) -> None:
        task = row["task_id"]
        if task not in loaded:
            loaded[task] = OpenMLTask(row["dataset"], int(task)).load()
        evaluation = HPOBench().evaluate(
            MODELS[row["model"]], loaded[task], json.loads(row["config"]), int(row["seed"])
        )
        assert evaluation.cost == pytest.approx(float(row["function_value"]), abs=1e-12)
        assert evaluation.test_cost == pytest.approx(float(row["test_loss"]), abs=1e-12)
        assert evaluation.cpu_seconds > 0

    @pytest.mark.parametrize(
        "row",
        table("bundled_values.csv"),
        ids=lambda r: f"{r['protocol']}-{r['model']}-{r['dataset']}",
    )
    def test_on_bundled_data_stay_what_they_were(
        self, row: dict[str, str], loaded: dict[str, Dataset]
    ) -> None:
        name = row["dataset"]
        if name not in loaded:
            loaded[name] = Bundled(name).load()
        evaluation = PROTOCOLS[row["protocol"]].evaluate(
            MODELS[row["model"]], loaded[name], json.loads(row["config"]), int(row["seed"])
        )
        assert evaluation.cost == pytest.approx(float(row["cost"]), abs=1e-12)
        assert evaluation.test_cost == pytest.approx(float(row["test_cost"]), abs=1e-12)


class TestRepeatability:
    def test_the_seed_is_the_only_randomness(self, wine: Dataset) -> None:
        model, configuration = LogisticRegression(), {"alpha": 1e-5, "eta0": 1.0}

        def costs(protocol: Any) -> list[float]:
            # Global state must not matter.
            np.random.seed()  # noqa: NPY002
            return [protocol.evaluate(model, wine, configuration, seed).cost for seed in (0, 1, 2)]

        for protocol in PROTOCOLS.values():
            assert costs(protocol) == costs(protocol)
        assert len(set(costs(HPOBench()))) > 1

    @pytest.mark.parametrize("threads", ["1", "4"])
    def test_neither_process_nor_number_of_threads_matters(self, threads: str, wine: Dataset) -> None:
        configuration = {"depth": 1, "width": 128, "batch_size": 200}
        script = (
            "from symhpo.objectives.datasets import Bundled\n"
            "from symhpo.objectives.models import NeuralNetwork\n"
            "from symhpo.objectives.protocols import HPOBench\n"
            "import sklearn.neural_network\n"
            f"model, wine, configuration = NeuralNetwork(), Bundled('wine').load(), {configuration!r}\n"
            "e = HPOBench().evaluate(model, wine, configuration, 5)\n"
            "print(repr(e.cost), repr(e.test_cost))\n"
        )
        variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        environment = os.environ | variables | {"PYTHONHASHSEED": threads}
        command = [sys.executable, "-c", script]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        here = HPOBench().evaluate(NeuralNetwork(), wine, configuration, 5)
        assert output.split() == [repr(here.cost), repr(here.test_cost)]

    def test_warnings_about_convergence_stay_inside(self, wine: Dataset) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # One unit of learning rate 1e-5 does not converge in 243 epochs.
            HPOBench().evaluate(
                NeuralNetwork(),
                wine,
                {"depth": 1, "width": 16, "learning_rate_init": 1e-5, "batch_size": 256},
                0,
            )
