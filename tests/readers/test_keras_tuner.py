"""Projects in the layout of Keras Tuner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from symhpo.errors import UserError
from symhpo.readers import keras_tuner

SPACE = [
    {"class_name": "Choice", "config": {"name": "kind", "values": ["a", "b"], "conditions": []}},
    {
        "class_name": "Float",
        "config": {"name": "rate", "min_value": 1e-4, "max_value": 0.1, "sampling": "log"},
    },
    {"class_name": "Int", "config": {"name": "units", "min_value": 8, "max_value": 64, "sampling": "linear"}},
    {"class_name": "Boolean", "config": {"name": "bias", "default": True}},
    {"class_name": "Fixed", "config": {"name": "steps", "value": 3}},
]


def write_trial(
    folder: Path, name: str, score: float | None, status: str = "COMPLETED", **values: Any
) -> None:
    observations = [{"value": [9.0], "step": 0}, {"value": [score], "step": 4}]
    document = {
        "trial_id": name,
        "hyperparameters": {"space": SPACE, "values": values},
        "metrics": {"metrics": {"val_loss": {"direction": "min", "observations": observations}}},
        "score": score,
        "best_step": 4,
        "status": status,
        "message": "it broke" if status == "FAILED" else None,
    }
    (folder / f"trial_{name}").mkdir()
    (folder / f"trial_{name}" / "trial.json").write_text(json.dumps(document))


def project(folder: Path) -> Path:
    (folder / "oracle.json").write_text(
        json.dumps({"hyperparameters": {"space": SPACE}, "start_order": ["1", "0"]})
    )
    write_trial(folder, "0", 0.25, kind="a", rate=0.01, units=8, bias=True)
    write_trial(folder, "1", 0.5, kind="b", rate=0.001, units=16, bias=False, **{"tuner/epochs": 4})
    return folder


def test_trials_in_the_order_of_their_start(tmp_path: Path) -> None:
    folder = project(tmp_path)
    assert keras_tuner.recognises(folder)
    (run,) = keras_tuner.read(folder)
    assert [trial.label for trial in run.trials] == ["1", "0"]
    assert run.objectives == ("val_loss",)
    assert run.directions == {"val_loss": "minimize"}
    assert run.trials[0].configuration == {"kind": "b", "rate": 0.001, "units": 16, "bias": False}
    assert run.trials[0].metrics == {"val_loss": 0.5}
    assert [trial.budget for trial in run.trials] == [4.0, None]


def test_the_space_is_the_declared_one(tmp_path: Path) -> None:
    (run,) = keras_tuner.read(project(tmp_path))
    assert run.declared is not None
    assert run.declared.names == ("bias", "kind", "rate", "units")
    assert run.declared["rate"].log
    assert run.declared["bias"].choices == (False, True)


def test_failed_trials_have_their_reason(tmp_path: Path) -> None:
    folder = project(tmp_path)
    write_trial(folder, "2", None, "FAILED", kind="a", rate=0.1, units=8, bias=True)
    failed = keras_tuner.read(folder)[0].trials[-1]
    assert (failed.state, failed.reason) == ("failed", "it broke")


def test_a_project_without_trials_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "oracle.json").write_text("{}")
    with pytest.raises(UserError, match="no trial"):
        keras_tuner.read(tmp_path)
