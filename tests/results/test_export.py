"""The exported folder holds what the runs and the store hold, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_study import SPACES, small_study, stored_landscape, training_set

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.results import Results, export
from symhpo.results.origin import commands, portable
from symhpo.store import Store
from symhpo.store.collect import collect

FILES = {
    "records.parquet",
    "cells.json",
    "landscapes.parquet",
    "predictions.parquet",
    "training_sets.parquet",
    "fronts.parquet",
    "runs.parquet",
    "provenance.json",
}


def test_files(study: Path):
    assert {path.name for path in (study / "results").iterdir()} == FILES


def test_records_are_all_there_failed_ones_too(study: Path, results: Results):
    collected = collect(study / "outputs").records
    exported = pd.read_parquet(study / "results" / "records.parquet")
    pd.testing.assert_frame_equal(exported, collected.drop(columns="front"))
    assert (results.records["status"] == "timeout").sum() == 5


def test_landscapes_are_the_stores(study: Path, results: Results):
    run = small_study()[0]
    stored = stored_landscape(run, Store(study / "store"))
    exported = results.landscapes["svm/vehicle"]
    assert np.array_equal(exported.X, stored.X)
    assert np.array_equal(exported.cost, stored.cost)
    assert np.array_equal(exported.std, stored.std)
    assert set(exported.repeats) == {5}


def test_spaces_are_the_runs(results: Results):
    assert results.spaces["svm/vehicle"] == SPACES["svm"]
    assert results.spaces["rf/car"] == SPACES["rf"]


def test_training_points_are_those_of_the_main_size(study: Path, results: Results):
    run = next(
        r for r in small_study() if (r.strategy, r.seed, r.model, r.dataset) == ("bo", 3, "svm", "vehicle")
    )
    frame = training_set(run, stored_landscape(run, Store(study / "store")))
    expected = frame[frame["n_samples"] == 140][["C", "gamma"]].to_numpy()
    assert np.array_equal(results.training_points("svm/vehicle", "bo", 3, "operon"), expected)


def test_predictions_give_the_recorded_scores(results: Results):
    records = results.main_study(140)
    record = records[(records["cell"] == "rf/car") & (records["method"] == "SR (Random)")].iloc[0]
    predictions = results.predictions
    own = predictions[
        (predictions["run_id"] == record["run_id"])
        & (predictions["regressor"] == record["regressor"])
        & (predictions["regressor_seed"] == record["regressor_seed"])
    ].sort_values("point")
    cost = results.landscapes["rf/car"].cost
    assert np.sqrt(np.mean((own["prediction"] - cost) ** 2)) == pytest.approx(record["rmse"])
    assert set(results.predictions["n_samples"]) == {140}


def test_fronts_have_formulas_that_can_be_read(results: Results):
    front = results.fronts.iloc[0]
    assert Formula.parse(front["formula"], tuple(front["hyperparameters"].split(","))).nodes > 1
    assert set(results.fronts["method"]) == {"SR (BO)", "SR (Random)", "SR (BO-GP)"}
    assert results.fronts.groupby(["run_id", "regressor_seed"]).size().unique().tolist() == [5]


def test_provenance_counts_runs_and_names_commands(results: Results):
    about = results.provenance
    assert about["size"] == 140
    assert about["runs"] == {"done": len(small_study()), "failed": 0, "running": 0, "missing": 0}
    assert about["experiments"]["parsimony"]["runs"] == 8
    assert about["experiments"]["cells"]["failed"] == 5
    assert about["experiments"]["parsimony"]["commands"] == [
        "python experiments/run.py -m experiment=parsimony model=svm dataset=car strategy=bo_gp "
        "regressor.parsimony_coefficient=0.0001,0.001,0.01,0.1 seed=0,3"
    ]


def test_commands_start_just_the_runs_that_there_are():
    runs = [["experiment=study", "model=svm", f"dataset={name}"] for name in ("car", "kc1")]
    runs += [["experiment=study", "model=lr", "dataset=car"]]
    runs += [["experiment=study", "model=svm", "dataset=car", "protocol=holdout"]]
    assert commands("study", runs) == [
        "python experiments/run.py -m experiment=study model=svm dataset=car,kc1",
        "python experiments/run.py experiment=study model=lr dataset=car",
        "python experiments/run.py experiment=study model=svm dataset=car protocol=holdout",
    ]


def test_every_run_has_the_overrides_that_give_it_again(results: Results):
    assert set(results.runs.index) == {run.key.id for run in small_study()}
    run = small_study()[0]
    assert json.loads(results.runs.loc[run.key.id, "overrides"]) == run.overrides


def test_exported_twice_is_the_same(study: Path, tmp_path: Path):
    export(study / "outputs", study / "store", tmp_path)
    for name in FILES - {"provenance.json"}:
        assert (tmp_path / name).read_bytes() == (study / "results" / name).read_bytes()


def test_a_size_that_no_record_has(study: Path, tmp_path: Path):
    with pytest.raises(UserError, match="no record has the size 50; choose --size from 20, 140, 200"):
        export(study / "outputs", study / "store", tmp_path, size=50)
    assert not list(tmp_path.iterdir())


def test_a_store_without_the_landscape(study: Path, tmp_path: Path):
    shutil.copytree(study / "store" / "landscape" / "svm", tmp_path / "store" / "landscape" / "svm")
    with pytest.raises(UserError, match="lacks the landscape of rf car"):
        export(study / "outputs", tmp_path / "store", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_command_of_one_run_is_no_multirun():
    assert commands("demo", [["seed=0", "experiment=demo"]]) == [
        "python experiments/run.py experiment=demo seed=0"
    ]


def test_folders_and_workers_are_no_part_of_a_run():
    assert portable(["seed=0", "paths.store=a", "+paths.x=b", "workers=2", "hydra.x=1"]) == ["seed=0"]
