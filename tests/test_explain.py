"""Trials of somebody else, as a training set and through the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symhpo.errors import UserError
from symhpo.explain import from_trials
from symhpo.formula.export import from_json
from symhpo.space import Condition

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def trials() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rate, width = 10 ** rng.uniform(-4, 0, 80), rng.integers(1, 64, 80)
    return pd.DataFrame({"rate": rate, "width": width, "loss": np.maximum(0.1, 0.3 + 0.1 * np.log10(rate))})


def test_columns_become_hyperparameters(trials: pd.DataFrame) -> None:
    trials["kernel"] = ["rbf", "poly"] * 40
    training_set = from_trials(trials, "loss", ["rate"])
    space = training_set.space
    assert {h.name: h.type for h in space.hyperparameters} == {
        "kernel": "categorical",
        "rate": "float",
        "width": "int",
    }
    assert space["rate"].log
    assert not space["width"].log
    assert space["rate"].lower == trials["rate"].min()
    assert space["kernel"].choices == ("poly", "rbf")
    np.testing.assert_array_equal(training_set.y, trials["loss"])


def test_values_that_a_choice_switches_off_make_a_condition(trials: pd.DataFrame) -> None:
    trials["kernel"] = ["rbf", "poly", "sigmoid", "poly"] * 20
    is_poly = trials["kernel"] == "poly"
    trials["degree"] = np.where(is_poly, 1.0 + trials["width"] % 4, np.nan)
    trials["shift"] = np.where(trials["kernel"] == "rbf", np.nan, trials["rate"])
    training_set = from_trials(trials, "loss")
    space = training_set.space
    assert space["degree"].condition == Condition("kernel", ("poly",))
    assert space["degree"].type == "int"
    assert space["shift"].condition == Condition("kernel", ("poly", "sigmoid"))
    column = training_set.X[:, space.names.index("degree")]
    np.testing.assert_array_equal(column, trials["degree"])


def test_a_condition_on_what_is_conditional_itself(trials: pd.DataFrame) -> None:
    trials["kernel"] = ["rbf", "poly", "poly", "poly"] * 20
    trials["scaling"] = [None, "fixed", "free", "fixed"] * 20
    # The same trials have a value as of scaling: one of both could as well depend on the other.
    trials["basis"] = [None, "odd", "even", "odd"] * 20
    trials["factor"] = np.where(trials["scaling"] == "free", trials["rate"], np.nan)
    training_set = from_trials(trials[["factor", "basis", "scaling", "kernel", "loss"]], "loss")
    space = training_set.space
    assert space["scaling"].condition == space["basis"].condition == Condition("kernel", ("poly",))
    assert space["factor"].condition in (Condition("scaling", ("free",)), Condition("basis", ("even",)))
    column = training_set.X[:, space.names.index("factor")]
    np.testing.assert_array_equal(column, trials["factor"])


def test_failed_trials_are_left_out(trials: pd.DataFrame) -> None:
    trials.loc[3, "loss"] = np.nan
    trials.loc[5, "loss"] = np.inf
    assert from_trials(trials, "loss").n_evaluations == 78


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="loss"), ["loss", "rate, width"]),
        (lambda t: t.assign(loss=np.nan), ["0 trials"]),
        (lambda t: t.assign(width=np.nan), ["width", "80 trials"]),
        (lambda t: t.assign(width=np.nan, kernel="rbf"), ["width", "80 trials"]),
        (lambda t: t.assign(width=[np.nan, 1.0] * 40, kernel="rbf"), ["width", "40 trials"]),
        (lambda t: t.assign(rate=-1.0), ["rate", "-1"]),
        (lambda t: t.assign(width=[np.inf, 1.0] * 40), ["width", "infinite"]),
        (lambda t: t.assign(loss=["crashed", "0.5"] * 40), ["loss", "'crashed'"]),
        (lambda t: t.assign(loss=[1.7e308, 0.5] * 40), ["loss", "1.7e+308", "too far apart"]),
        (lambda t: t.assign(width=["None", None] * 40), ["width", "None", "count as empty"]),
        (lambda t: t.assign(rate="fast"), ["rate", "log"]),
        (lambda t: pd.concat([t, t[["width"]]], axis=1), ["two columns width"]),
    ],
)
def test_bad_trials_are_explained(trials: pd.DataFrame, change: object, words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        from_trials(change(trials), "loss", ["rate"])  # type: ignore[operator]
    assert all(word in str(error.value) for word in words)


def test_the_command_prints_the_front_and_writes_the_chosen_formula(
    trials: pd.DataFrame, tmp_path: Path
) -> None:
    trials.to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "trials.csv"), "--cost", "loss"]
    options = ["--log", "rate", "--max-nodes", "12", "--output", str(tmp_path / "out")]
    printed = subprocess.run(
        [*command, *options], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert re.search(r"share of the variance, .*: rate (9\d|100)%", printed)
    assert sum(line.startswith("→") for line in printed.splitlines()) == 1
    formula = from_json(json.loads((tmp_path / "out" / "formula.json").read_text()))
    assert formula.nodes <= 12
    predicted = formula.evaluate(trials[["rate", "width"]].to_numpy(float))
    assert np.sqrt(np.mean((predicted - trials["loss"]) ** 2)) < 0.1 * trials["loss"].std()
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {
        ".txt",
        ".tex",
        ".py",
        ".json",
        ".pdf",
        ".png",
    }


def test_few_trials_are_told(trials: pd.DataFrame, tmp_path: Path) -> None:
    trials.head(2).to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "trials.csv"), "--cost", "loss"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "what matters is not known: importance of 2 hyperparameters from 2 trials" in printed


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--log", "rate, loss"], ["loss", "log"]),
        (["--seed", "-1"], ["--seed", "-1"]),
        (["--output", "trials.csv"], ["trials.csv", "cannot be written"]),
    ],
)
def test_bad_options_are_explained(
    trials: pd.DataFrame, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    trials.head(4).to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, str(ROOT / "experiments" / "explain.py"), "trials.csv", "--cost", "loss"]
    process = subprocess.run([*command, *options], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert process.returncode == 2
    assert "Traceback" not in process.stderr
    assert all(word in process.stderr.splitlines()[-1] for word in words)


def test_a_file_that_is_no_table_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "missing.csv")]
    process = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.returncode == 2
    assert len(process.stderr.splitlines()) == 1
    assert "missing.csv" in process.stderr
