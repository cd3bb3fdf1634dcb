"""Reading results: labels, engines, studies, and clear words where something is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import COEFFICIENTS

from symhpo.errors import UserError
from symhpo.results import MissingResultsError, Results
from symhpo.results.reader import cell_labels


def test_cells_and_methods_have_labels(results: Results):
    assert set(results.records["cell"]) == {
        "svm/vehicle",
        "svm/car",
        "rf/vehicle",
        "rf/car",
        "svm/car (holdout)",
    }
    assert {"SR (BO)", "SR (Random)", "SR (BO-GP)", "GP baseline"} < set(results.records["method"])


def test_other_hyperparameters_than_the_papers_are_in_the_label():
    cell = {"model": "svm", "dataset": "car", "protocol": "holdout", "hyperparameters": "C"}
    assert list(cell_labels(pd.DataFrame([cell]))) == ["svm/car (holdout; C)"]


def test_baselines_belong_to_the_engine_of_their_run(results: Results):
    surrogate = results.records[
        (results.records["method"] == "GP baseline") & (results.records["cell"] == "svm/car")
    ]
    assert set(surrogate["engine"]) == {"operon", "gplearn"}


def test_parsimony_study_apart_from_the_main_one(results: Results):
    parsimony, main = results.parsimony_study(), results.main_study()
    assert set(parsimony["parsimony_coefficient"]) == set(COEFFICIENTS)
    assert set(parsimony["experiment"]) == {"parsimony"}
    assert set(main["experiment"]) == {"cells"}
    # One parsimony coefficient alone is an engine's setting, not a study of it.
    assert "gplearn" in set(main["engine"])


def test_main_size(results: Results):
    assert results.size == 140
    assert set(results.main_study(140)["n_samples"]) == {140}


def test_noise_floor_is_the_standard_error_of_the_points(results: Results):
    landscape = results.landscapes["svm/car"]
    # Five evaluations of standard deviation 0.01 each.
    assert landscape.noise_floor == pytest.approx(0.01 / 5**0.5, rel=0.1)


def test_a_folder_without_records(tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no records\.parquet; give a folder"):
        Results.open(tmp_path)


@pytest.fixture
def bare(study: Path, tmp_path: Path) -> Results:
    """Records of the main study and nothing beside them."""
    records = pd.read_parquet(study / "results" / "records.parquet")
    records[records["experiment"] == "cells"].to_parquet(tmp_path / "records.parquet")
    return Results.open(tmp_path)


@pytest.mark.parametrize("part", ["landscapes", "predictions", "training_sets", "fronts", "runs"])
def test_a_missing_table_is_named(bare: Results, part: str):
    with pytest.raises(MissingResultsError, match=rf"has no {part}\.parquet"):
        getattr(bare, part)


def test_missing_spaces_and_a_missing_study_are_named(bare: Results):
    with pytest.raises(MissingResultsError, match=r"has no cells\.json"):
        _ = bare.spaces
    with pytest.raises(MissingResultsError, match="no parsimony study"):
        bare.parsimony_study()


def test_records_alone_have_a_main_size(bare: Results):
    assert bare.size == 140


def test_recorded_size_wins(study: Path, tmp_path: Path):
    shutil.copy(study / "results" / "records.parquet", tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps({"size": 20}))
    assert Results.open(tmp_path).size == 20


def test_no_such_training_set(results: Results):
    with pytest.raises(MissingResultsError, match="seed 99"):
        results.training_points("svm/car", "bo", 99, "operon")
