"""The benchmark of engines: rows and table on a folder of landscapes, mistakes in the folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression.benchmark import TableLandscape, gaussian_process, read_landscapes
from symhpo.space import Hyperparameter, Space

COMMAND = Path(__file__).parents[2] / "experiments" / "bench_engines.py"
SPACE = Space([Hyperparameter("a", "float", 1e-3, 1.0, 1e-3, log=True), Hyperparameter("b", "int", 1, 9, 1)])


def cost(X: np.ndarray) -> np.ndarray:
    return Formula.parse("Max(0.2, 0.6 + 0.2*log10(a)) + 0.01*b", SPACE.names).evaluate(X)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    X, B, G = SPACE.sample(100, rng), SPACE.sample(80, rng), SPACE.grid(6)
    TableLandscape("ramp", SPACE, (X, cost(X)), (B, cost(B)), G, cost(G)).write(tmp_path)
    return tmp_path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_a_row_per_training_and_method(folder: Path) -> None:
    output = folder / "rows.parquet"
    result = run(folder, "--quick", "--output", output)
    assert result.returncode == 0, result.stderr
    rows = pd.read_parquet(output)
    assert len(rows) == 3 * 6
    assert not rows.duplicated(["landscape", "training", "method"]).any()
    operon = rows[rows.method == "operon"].set_index("training")
    assert (operon.nrmse20 < 0.1).all()
    assert (operon.max_relative_difference < 1e-9).all()
    assert rows.finite.all()
    chosen = Formula.parse(operon.formula["random80"], SPACE.names)
    G = SPACE.grid(6)
    nrmse = np.sqrt(np.mean((chosen.evaluate(G) - cost(G)) ** 2)) / cost(G).std()
    assert nrmse == pytest.approx(operon.nrmse["random80"], rel=1e-6)
    assert "operon" in result.stdout
    assert "to_gp" in result.stdout


def test_landscapes_survive_the_disk(folder: Path) -> None:
    (landscape,) = read_landscapes(folder)
    assert landscape.space.names == SPACE.names
    assert np.allclose(landscape.cost, cost(landscape.X))
    assert len(landscape.random[1]) == 100


def test_gaussian_process_learns_the_landscape(folder: Path) -> None:
    (landscape,) = read_landscapes(folder)
    process = gaussian_process(landscape.space, *landscape.random)
    error = process.predict(landscape.X)[0] - landscape.cost
    assert np.sqrt(np.mean(error**2)) < 0.2 * landscape.cost.std()


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "ramp_bo80.csv").unlink()
    with pytest.raises(UserError, match=r"ramp_bo80\.csv is missing"):
        read_landscapes(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    path = folder / "ramp_test.csv"
    pd.read_csv(path).drop(columns="loss").to_csv(path, index=False)
    with pytest.raises(UserError, match="has no column loss"):
        read_landscapes(folder)


def test_an_empty_folder_ends_with_one_line(tmp_path: Path) -> None:
    result = run(tmp_path, "--quick", "--output", tmp_path / "rows.parquet")
    assert result.returncode == 2
    assert "has no landscape" in result.stderr
    assert "Traceback" not in result.stderr
