"""Run histories of SMAC in the layouts of its versions."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from symhpo.errors import UserError
from symhpo.readers import smac
from symhpo.space import Condition

SPACE = {
    "hyperparameters": [
        {"type": "uniform_float", "name": "C", "lower": 0.01, "upper": 100, "default_value": 1, "log": True},
        {"type": "categorical", "name": "kernel", "choices": ["rbf", "poly"], "default_value": "rbf"},
        {"type": "uniform_int", "name": "degree", "lower": 2, "upper": 5, "default": 3, "log": False},
        {"type": "constant", "name": "cache", "value": 200},
    ],
    "conditions": [{"type": "EQ", "child": "degree", "parent": "kernel", "value": "poly"}],
    "forbiddens": [],
    "format_version": 0.4,
}
CONFIGS = {"1": {"C": 1.5, "kernel": "rbf"}, "2": {"C": 0.5, "kernel": "poly", "degree": 4}}
# Configuration, instance, seed, budget, cost, time, status.
ROWS: list[list[Any]] = [
    [1, None, 7, None, 0.25, 0.1, 1],
    [2, None, 7, None, math.inf, 0.1, 2],
    [2, None, 8, None, 0.5, 0.1, 1],
]
NAMES = ("config_id", "instance", "seed", "budget", "cost", "time", "status")
ENUMS = {1: "StatusType.SUCCESS", 2: "StatusType.CRASHED"}
LAYOUTS = {
    "2.0": [[*row, 10.0, 10.1, {}] for row in ROWS],
    "2.2": [[*row[:6], 0.09, row[6], 10.0, 10.1, {}] for row in ROWS],
    "2.3": [dict(zip(NAMES, row, strict=True)) | {"cpu_time": 0.09} for row in ROWS],
    "1.4": [
        [[row[0], row[1], row[2], 0.0], [row[4], row[5], {"__enum__": ENUMS[row[6]]}, 10.0, 10.1, {}]]
        for row in ROWS
    ],
}


def written(folder: Path, data: Any, scenario: Any = None) -> Path:
    (folder / "runhistory.json").write_text(json.dumps({"stats": {}, "data": data, "configs": CONFIGS}))
    (folder / "configspace.json").write_text(json.dumps(SPACE))
    if scenario is not None:
        (folder / "scenario.json").write_text(json.dumps(scenario))
    return folder


@pytest.mark.parametrize("version", LAYOUTS)
def test_every_version_says_the_same(version: str, tmp_path: Path) -> None:
    folder = written(tmp_path, LAYOUTS[version])
    assert smac.recognises(folder)
    assert smac.recognises(folder / "runhistory.json")
    (run,) = smac.read(folder)
    assert [(t.configuration, t.state, t.metrics["cost"], t.seed) for t in run.trials] == [
        (CONFIGS["1"], "complete", 0.25, "7"),
        (CONFIGS["2"], "failed", math.inf, "7"),
        (CONFIGS["2"], "complete", 0.5, "8"),
    ]
    assert run.trials[1].reason == "crashed"
    assert {trial.budget for trial in run.trials} == {None}


def test_the_space_is_the_declared_one(tmp_path: Path) -> None:
    (run,) = smac.read(written(tmp_path, LAYOUTS["2.0"]) / "runhistory.json")
    assert run.declared is not None
    assert run.declared["C"].log
    assert run.declared["degree"].condition == Condition("kernel", ("poly",))
    assert run.left_out == {"cache": "constant"}
    assert run.directions == {"cost": "minimize"}


def test_objectives_and_budgets(tmp_path: Path) -> None:
    rows = [[1, None, 0, 9.0, [0.25, 0.75], 0.1, 1, 10.0, 10.1, {}]]
    (run,) = smac.read(written(tmp_path, rows, {"objectives": ["error", "time"]}))
    assert run.objectives == ("error", "time")
    assert run.trials[0].metrics == {"error": 0.25, "time": 0.75}
    assert run.trials[0].budget == 9.0


@pytest.mark.parametrize("text", ["", '{"data": [[1, 2', '{"a": 1}', '{"data": [[1, 2]], "configs": {}}'])
def test_what_is_no_run_history_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "runhistory.json").write_text(text)
    with pytest.raises(UserError, match=r"runhistory\.json") as error:
        smac.read(tmp_path)
    assert "\n" not in str(error.value)
