"""A real, small cell: computed, exported, and computed again from nothing, bit for bit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from symhpo.cli import compose
from symhpo.pipeline import Plan, execute
from symhpo.results import export

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "model=svm",
    "dataset=wine",
    "strategy=random",
    "regressor=quadratic",
    "baselines=[constant]",
    "sizes=[10]",
    "budget=10",
    "landscape.points_per_axis=3",
    "landscape.seeds=[0,3]",
    "workers=0",
]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("committed")
    overrides = [*SMALL, f"paths.outputs={folder / 'outputs'}", f"paths.store={folder / 'store'}"]
    execute([Plan.from_config(compose(overrides), overrides)])
    export(folder / "outputs", folder / "store", folder / "results", size=10)
    return folder / "results"


def reproduce(cell: str, results: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "experiments/reproduce.py", cell, "--results", str(results)]
    command += ["--engine", "quadratic", "--workers", "0"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_same_rows_come_out(committed: Path):
    done = reproduce("svm/wine", committed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "equal bit for bit" in done.stdout


def test_what_differs_is_told(committed: Path, tmp_path: Path):
    shutil.copytree(committed, tmp_path, dirs_exist_ok=True)
    records = pd.read_parquet(committed / "records.parquet")
    records.loc[0, "rmse"] = 0.123
    records.to_parquet(tmp_path / "records.parquet")
    text = (committed / "provenance.json").read_text()
    (tmp_path / "provenance.json").write_text(text.replace('"scipy": [\n      "', '"scipy": [\n      "0.0.'))
    done = reproduce("svm/wine", tmp_path)
    assert done.returncode == 1
    assert "1 values differ" in done.stdout
    assert "0.123" in done.stdout
    assert "scipy: " in done.stdout


def test_settings_that_have_changed_are_told_before_anything_is_computed(committed: Path, tmp_path: Path):
    shutil.copytree(committed, tmp_path, dirs_exist_ok=True)
    runs = pd.read_parquet(committed / "runs.parquet")
    runs["overrides"] = runs["overrides"].str.replace('"budget=10"', '"budget=11"')
    runs.to_parquet(tmp_path / "runs.parquet")
    done = reproduce("svm/wine", tmp_path)
    assert done.returncode == 2
    assert "is now another run" in done.stderr


def test_an_unknown_cell(committed: Path):
    done = reproduce("svm/nothing", committed)
    assert done.returncode == 2
    assert "there are svm/wine" in done.stderr
