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
        (lambda t: t.assign(loss=0.5), ["80 trials", "same loss", "0.5"]),
        (lambda t: t[["loss"]], ["no column", "rate"]),
        (lambda t: t.assign(rate=["0.1", "auto"] * 40), ["rate", "log scale"]),
        (lambda t: t.assign(day=[f"day {i}" for i in range(80)]), ["day (80)", "--ignore day"]),
    ],
)
def test_bad_trials_are_explained(trials: pd.DataFrame, change: object, words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        from_trials(change(trials), "loss", ["rate"])  # type: ignore[operator]
    assert all(word in str(error.value) for word in words)


def test_few_trials_may_have_few_choices_only(trials: pd.DataFrame) -> None:
    few = trials.head(10).assign(day=[f"day {i}" for i in range(10)])
    with pytest.raises(UserError, match=r"day \(10\)"):
        from_trials(few, "loss")
    few["day"] = [f"day {i % 4}" for i in range(10)]
    assert len(from_trials(few, "loss").space["day"].choices) == 4


def test_ignored_columns_are_no_hyperparameters(trials: pd.DataFrame) -> None:
    trials["day"] = [f"day {i}" for i in range(80)]
    assert from_trials(trials, "loss", ignore=["day", "width"]).space.names == ("rate",)
    with pytest.raises(UserError, match="no column hour"):
        from_trials(trials, "loss", ignore=["hour"])
    with pytest.raises(UserError, match="loss is the cost"):
        from_trials(trials, "loss", ignore=["loss"])


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
        ([], ["column 1", "no name", "--ignore 'Unnamed: 0'"]),
        (["--ignore", "Unnamed: 0", "--output", "trials.csv/out"], ["cannot make", "trials.csv/out"]),
        (["--ignore", "Unnamed: 0", "--max-nodes", "0"], ["--max-nodes", "'0'"]),
        (["--ignore", "Unnamed: 0", "--log", "rate, loss"], ["loss", "cost"]),
        (["--ignore", "Unnamed: 0", "--seed", "-1"], ["--seed", "'-1'"]),
        (["--ignore", "Unnamed: 0, rate, width"], ["no column beside the cost"]),
    ],
)
def test_wrong_options_are_told_before_any_work(
    options: list[str], words: list[str], trials: pd.DataFrame, tmp_path: Path
) -> None:
    trials.to_csv(tmp_path / "trials.csv")
    command = [sys.executable, str(ROOT / "experiments" / "explain.py"), "trials.csv", "--cost", "loss"]
    process = subprocess.run([*command, *options], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert process.returncode == 2
    assert process.stdout == ""
    assert all(word in process.stderr.splitlines()[-1] for word in words), process.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["trials.csv"]


def test_names_are_printed_as_they_are_and_the_work_is_announced(
    trials: pd.DataFrame, tmp_path: Path
) -> None:
    renamed = trials.rename(columns={"rate": "svm:rate"}).assign(width=range(80))
    renamed.to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "trials.csv"), "--cost", "loss"]
    process = subprocess.run(
        [*command, "--log", " svm:rate"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "log10(svm:rate)" in process.stdout
    assert "Symbol" not in process.stdout
    assert "looking for formulas" in process.stderr


def test_columns_over_orders_of_magnitude_are_told(trials: pd.DataFrame, tmp_path: Path) -> None:
    trials.assign(noise=np.linspace(1.0, 2.0, 80)).head(30).to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "trials.csv"), "--cost", "loss"]
    for options, told in ([], True), (["--log", "rate"], False):
        process = subprocess.run([*command, *options], cwd=ROOT, check=True, capture_output=True, text=True)
        assert ("add --log rate\n" in process.stderr) is told


def test_noise_is_not_said_to_have_shares(trials: pd.DataFrame, tmp_path: Path) -> None:
    noise = trials.assign(loss=np.random.default_rng(0).standard_normal(80)).head(40)
    noise.to_csv(tmp_path / "trials.csv", index=False)
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "trials.csv"), "--cost", "loss"]
    process = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "what matters is not known" in process.stdout
    assert "the surrogate predicts the same cost everywhere" in process.stderr


def test_a_file_that_is_no_table_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "experiments/explain.py", str(tmp_path / "missing.csv")]
    process = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert process.returncode == 2
    assert len(process.stderr.splitlines()) == 1
    assert "missing.csv" in process.stderr
