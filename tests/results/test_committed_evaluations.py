"""The committed evaluations are those behind the committed study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

RESULTS = Path(__file__).parents[2] / "results"
CELL = ["model", "dataset", "protocol"]
TABLES = sorted((RESULTS / "evaluations").glob("*.parquet"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_cell_is_whole_and_has_the_landscape_of_the_study(path: Path) -> None:
    table = pd.read_parquet(path)
    landscape = table[table["purpose"] == "landscape"]
    random = table[table["purpose"] == "random"]
    assert (random["run_seed"].value_counts() == 200).all()
    assert sorted(random["run_seed"].unique()) == [0, 3, 6, 9, 12]
    names = [name for name in table if name.startswith("hyperparameter.")]
    points = landscape.groupby(names, sort=False)["cost"]
    assert set(points.size()) == {5}

    model, dataset, protocol, hyperparameters = path.stem.split("-")
    study = pd.read_parquet(RESULTS / "study" / "landscapes.parquet")
    own = study[(study[CELL] == [model, dataset, protocol]).all(axis=1)]
    own = own[own["hyperparameters"] == hyperparameters.replace("+", ",")]
    if not own.empty:
        # The study was made on another processor, whose grids differ in the last digit: of 1900 points that
        # moved one prediction each of svm on segment and on phoneme.
        difference = np.abs(own["cost"].to_numpy() - points.mean().to_numpy())
        assert np.count_nonzero(difference > 1e-12) <= 1
        assert difference.max() < 1e-3
