"""Runs from end to end on a toy benchmark: what they leave, that they repeat, that they survive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symhpo.cli import compose
from symhpo.errors import FailedRunError, UserError
from symhpo.formula import Formula
from symhpo.pipeline import Plan, cell_plans, execute
from symhpo.store import TIMINGS

ROOT = Path(__file__).resolve().parents[2]
TOY = [
    "model=hpobench",
    "model.target=benchmarks.Toy",
    "sizes=[12,16]",
    "budget=16",
    "regressor=reduced_quadratic",
    "regressor_seeds=[0,3]",
    "baselines=[linear,constant]",
    "landscape.points_per_axis=4",
    "landscape.seeds=[0,3]",
    "optimizer=smac",
]


def plan(folder: Path, *overrides: str, workers: int = 0) -> Plan:
    paths = [f"paths.outputs={folder}/outputs", f"paths.store={folder}/store", f"workers={workers}"]
    all_overrides = [*TOY, *paths, *overrides]
    return Plan.from_config(compose(all_overrides), all_overrides)


def records(one: Plan) -> pd.DataFrame:
    return pd.read_parquet(one.folder / "records.parquet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    one = plan(tmp_path_factory.mktemp("finished"), "strategy=bo_gp")
    execute([one])
    return one


def test_a_run_leaves_a_row_for_every_size_seed_and_baseline(finished: Plan) -> None:
    rows = records(finished)
    counts = rows.groupby(["regressor", "n_samples"]).size().to_dict()
    assert counts == {
        **{("reduced_quadratic", n): 2 for n in (12, 16)},
        **{(name, n): 1 for name in ("linear", "constant", "gp") for n in (12, 16)},
    }
    assert (rows["status"] == "ok").all()
    assert set(rows["strategy"]) == {"bo_gp"}
    assert rows["hyperparameters"].unique().tolist() == ["rate,width"]


def test_a_run_at_some_of_the_sizes_shares_the_samples_of_all(tmp_path: Path) -> None:
    everywhere = plan(tmp_path, "strategy=bo_gp")
    last = plan(tmp_path, "strategy=bo_gp", "sizes=[16]", "sampled_sizes=[12,16]")
    execute([everywhere])
    execute([last])
    assert len(list((tmp_path / "store" / "bo").rglob("runs.json"))) == 1
    expected = records(everywhere).query("n_samples == 16")
    assert records(last)["rmse"].tolist() == expected["rmse"].tolist()


def test_scores_are_those_of_the_stored_predictions(finished: Plan) -> None:
    rows = records(finished).set_index(["n_samples", "regressor", "regressor_seed"])
    predictions = pd.read_parquet(finished.folder / "predictions.parquet")
    for key, group in predictions.groupby(["n_samples", "regressor", "regressor_seed"], dropna=False):
        row = rows.loc[[key]].iloc[0]
        rmse = np.sqrt(np.mean((group["cost"] - group["prediction"]) ** 2))
        assert row["rmse"] == pytest.approx(rmse, rel=1e-12)
        assert row["nrmse"] == pytest.approx(rmse / np.std(group["cost"]), rel=1e-12)


def test_the_stored_formula_gives_the_stored_predictions(finished: Plan) -> None:
    rows = records(finished).dropna(subset=["formula"])
    predictions = pd.read_parquet(finished.folder / "predictions.parquet")
    for row in rows.to_dict("records"):
        seed = row["regressor_seed"]
        mine = predictions[
            (predictions["n_samples"] == row["n_samples"]) & (predictions["regressor"] == row["regressor"])
        ]
        mine = mine[mine["regressor_seed"].isna() if pd.isna(seed) else mine["regressor_seed"] == seed]
        formula = Formula.parse(row["formula"], ("rate", "width"))
        np.testing.assert_allclose(
            formula.evaluate(mine[["rate", "width"]].to_numpy()), mine["prediction"], rtol=1e-12
        )


def test_the_training_set_and_the_provenance_stand_beside(finished: Plan) -> None:
    training_set = pd.read_parquet(finished.folder / "training_set.parquet")
    assert training_set.groupby("n_samples").size().tolist() == [400, 400]
    about = json.loads((finished.folder / "provenance.json").read_text())
    assert about["id"] == finished.key.id
    assert about["config"]["seed"] == 0
    assert about["overrides"][: len(TOY)] == TOY
    assert about["status"] == "done"
    assert about["packages"]["smac"]
    assert (finished.folder / ".hydra" / "config.yaml").exists()


def test_a_finished_run_is_left_alone(finished: Plan) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")}
    execute([finished])
    assert {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")} == before


@pytest.mark.parametrize("strategy", ["bo", "random", "bo_gp"])
def test_a_run_repeats_bit_for_bit(strategy: str, tmp_path: Path, finished: Plan) -> None:
    first = finished if strategy == "bo_gp" else plan(tmp_path / "one", f"strategy={strategy}")
    second = plan(tmp_path / "two", f"strategy={strategy}", workers=2)
    execute([first])
    execute([second])
    ours, theirs = (records(one).drop(columns=list(TIMINGS)) for one in (first, second))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    for name in ("predictions.parquet", "training_set.parquet"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(first.folder / name), pd.read_parquet(second.folder / name), check_exact=True
        )


def test_what_cannot_change_a_row_is_not_part_of_the_identity(tmp_path: Path) -> None:
    ids = {
        plan(tmp_path / str(i), *overrides).key.id
        for i, overrides in enumerate([(), ("workers=2",), ("name=other",), ("paths.openml=/nowhere",)])
    }
    assert len(ids) == 1
    assert plan(tmp_path, "seed=1").key.id not in ids
    random = {plan(tmp_path, "strategy=random", f"optimizer={o}").key.id for o in ("smac", "smac_fast")}
    assert len(random) == 1


def test_a_cell_shares_its_artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    monkeypatch.setenv("TOY_CALLS", str(calls))
    one = plan(tmp_path, "experiment=cell", "cell.seeds=[0]", "sizes=[16]", "name=cell")
    plans = cell_plans(one.config)
    execute(plans)
    assert sorted(p.config.strategy.name for p in plans) == ["bo", "bo_gp", "random"]
    assert all((p.folder / "done").exists() for p in plans)
    lines = calls.read_text().splitlines()
    # One landscape (4 x 5 points, the integer axis with its bound, under 2 seeds), one SMAC run
    # for two strategies, one random sample.
    assert len(lines) == len(set(lines)) == 4 * 5 * 2 + 16 + 16


def test_a_killed_run_resumes_without_repeating_an_evaluation(tmp_path: Path, finished: Plan) -> None:
    calls = tmp_path / "calls"
    one = plan(tmp_path, "strategy=bo_gp", "model.arguments={seconds: 0.05}")
    command = [sys.executable, "experiments/run.py", *one.overrides, "workers=2"]
    environment = os.environ | {"TOY_CALLS": str(calls), "PYTHONPATH": str(ROOT / "tests")}
    # Killed in the middle of BO, then in the middle of the landscape.
    for until in (8, 30):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None and (not calls.exists() or len(calls.read_text().splitlines()) < until):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (one.folder / "done").exists()
    time.sleep(1.5)  # the workers notice that their parent is gone
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    lines = calls.read_text().splitlines()
    # An evaluation that was under way when its process was killed is the only one done again.
    assert len(lines) - len(set(lines)) <= 1 + 2
    columns = ["n_samples", "regressor", "regressor_seed", "rmse", "formula"]
    pd.testing.assert_frame_equal(records(one)[columns], records(finished)[columns], check_exact=True)


def test_a_failed_run_leaves_its_traceback_and_spares_the_others(tmp_path: Path) -> None:
    broken = plan(tmp_path, "strategy=random", "model.arguments={fail: true}")
    sound = plan(tmp_path, "strategy=random")
    with pytest.raises((FailedRunError, UserError), match="fail"):
        execute([broken, sound])
    assert (sound.folder / "done").exists()
    assert not (broken.folder / "done").exists()
    assert "the toy is broken" in (broken.folder / "traceback.txt").read_text()


@pytest.mark.parametrize(
    "override",
    [
        "seed=-1",
        "seed=4294967296",
        "seed=0.5",
        "seed=true",
        "seed=null",
        "workers=-1",
        "workers=two",
        "bootstrap=-2",
        "budget=many",
        "sizes=20",
        "sizes=[a]",
        "sampled_sizes=200",
        "regressor_seeds=0",
        "regressor_seeds=[-1]",
        "baselines=linear",
        "time_limit=0",
        "time_limit=soon",
        "strategy.n_labels=0",
        "regressor=operon regressor.max_nodes=0",
    ],
)
def test_a_setting_that_makes_no_sense_is_named_before_any_work(override: str, tmp_path: Path) -> None:
    overrides = override.split()
    with pytest.raises(UserError, match=overrides[-1].partition("=")[0]):
        plan(tmp_path, "strategy=bo_gp", *overrides)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["sizes=[20,400]"], ["sizes", "budget"]),
        (["sizes=[20,40]", "sampled_sizes=[20]"], ["sampled_sizes", "[20, 40]"]),
        (["model=svn"], ["svn", "svm"]),
        (["sedd=1"], ["sedd"]),
        (["model=svm", "model.tuned=[C,degre]"], ["degre", "gamma"]),
        (["dataset=vehicle", "protocol=holdout", "model=svm"], ["vehicle", "OPENML_CACHE_DIR"]),
        (["model=hpobench"], ["target"]),
        (["model=hpobench", "model.target=nowhere.Missing"], ["nowhere"]),
        (["baselines=[cubic]"], ["cubic", "linear"]),
        (["seed=abc"], ["seed=abc", "whole number"]),
        (["+selection.speed=1"], ["speed", "Bic"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_input_is_one_line_and_status_2(overrides: list[str], words: list[str], tmp_path: Path) -> None:
    paths = [
        f"paths.outputs={tmp_path}/outputs",
        f"paths.store={tmp_path}/store",
        "paths.openml=" + str(tmp_path),
    ]
    process = subprocess.run(
        [sys.executable, "experiments/run.py", *overrides, *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENML_CACHE_DIR": str(tmp_path)},
    )
    assert process.returncode == 2, process.stderr
    errors = [line for line in process.stderr.splitlines() if "INFO" not in line]
    assert len(errors) == 1
    assert all(word in errors[0] for word in words), errors[0]
    assert not list(tmp_path.rglob("records.parquet"))


@pytest.mark.parametrize("overrides", [["seed=abc"], ["budget=3"], ["baselines=[cubic]"]], ids=" ".join)
def test_wrong_input_leaves_nothing_behind(overrides: list[str], tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    (outputs / "runs").mkdir(parents=True)
    (outputs / "runs" / "note.txt").write_text("mine")
    paths = [f"paths.outputs={outputs}", f"paths.store={tmp_path}/store"]
    command = [sys.executable, "experiments/run.py", *overrides, *paths]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 2, process.stderr
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["outputs", "outputs/runs", "outputs/runs/note.txt"]


@pytest.mark.parametrize("path", ["outputs", "store"])
def test_a_file_in_place_of_a_folder_is_one_line_and_status_2(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    paths = {"outputs": str(tmp_path / "outputs"), "store": str(tmp_path / "store")}
    paths[path] = str(tmp_path / "file")
    command = [sys.executable, "experiments/run.py", "dataset=wine", "strategy=random", "sizes=[20]"]
    command += [f"paths.{name}={folder}" for name, folder in paths.items()]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 2, process.stderr
    (line,) = (line for line in process.stderr.splitlines() if "INFO" not in line)
    assert str(tmp_path / "file") in line
