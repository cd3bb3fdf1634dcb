"""Every notebook on small synthetic results: it runs, and says what was planted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from symhpo.paper import execute
from symhpo.store.files import read_json

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))
OWN = ("answers", "faithfulness", "learning_curves", "complexity", "landscapes", "formulas", "beyond")

pytestmark = pytest.mark.xdist_group("notebooks")


def make_paper(results: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "experiments/paper.py", "--results", str(results), "--output", str(output)]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def paper(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    done = make_paper(study / "results", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(notebook: Path):
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    cells = [cell for cell in content.cells if cell.cell_type == "code"]
    assert cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert content.cells[0].source.startswith("# ")


@pytest.mark.parametrize("name", OWN)
def test_every_notebook_leaves_its_entries(paper: Path, name: str):
    entries = read_json(paper / name / "entries.json")
    shown = [entry for entry in entries if entry["kind"] != "note"]
    assert shown
    assert all(entry["records"] and entry["commands"] for entry in shown)
    assert all((paper / name / file).stat().st_size for entry in entries for file in entry["files"])
    assert name in (paper / "index.html").read_text(encoding="utf-8")


def test_the_planted_best_strategy_is_bold_in_every_cell(paper: Path):
    markdown = (paper / "faithfulness" / "rmse_operon_hpobench.md").read_text(encoding="utf-8")
    header, _, *rows = markdown.splitlines()[2:]
    names = [name.strip() for name in header.strip("|").split("|")]
    best, worst = names.index("SR (Random)"), names.index("SR (BO)")
    assert len(rows) == 4 + 1
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert "**" in cells[best] or "<u>" in cells[best]
        assert "**" not in cells[worst]
        assert "<u>" not in cells[worst]


def test_table_says_how_many_runs_are_behind_it(paper: Path):
    frame = pd.read_csv(paper / "faithfulness" / "rmse_operon_hpobench.csv")
    assert frame["SR (BO) n"].tolist() == [4, 4, 4, 4, 4]
    assert frame["GP baseline n"].tolist() == [2, 2, 2, 2, 4]


def test_the_planted_stop_point_is_found(paper: Path):
    frame = pd.read_csv(paper / "complexity" / "parsimony.csv")
    assert frame.loc[frame["is_stop_point"], "parsimony_coefficient"].tolist() == [0.001]


def test_both_protocols_and_both_engines_are_compared(paper: Path):
    protocols = pd.read_csv(paper / "faithfulness" / "protocols_operon.csv")
    assert {"SR (BO), holdout mean", "SR (BO), hpobench mean"} < set(protocols.columns)
    engines = pd.read_csv(paper / "faithfulness" / "engines_rmse_hpobench.csv")
    assert (engines["SR (Random), operon mean"] < engines["SR (Random), gplearn mean"]).all()


def test_every_question_has_its_number_and_its_figure(paper: Path):
    numbers = pd.read_csv(paper / "answers" / "answers.csv")
    assert numbers["question"].nunique() == 6
    shown = {path.stem for path in (paper / "answers").glob("*.png")}
    assert shown >= {
        "strategies_operon_hpobench",
        "trade_off_operon_hpobench",
        "engines_gplearn_hpobench",
        "protocols_operon",
        "quality_operon_hpobench",
    }


def test_every_cell_has_its_figures(paper: Path):
    for cell in ("svm_car", "svm_vehicle", "rf_car", "rf_vehicle", "svm_car_holdout"):
        for folder in ("learning_curves", "landscapes"):
            assert (paper / folder / f"{cell}_operon.pdf").is_file()
        assert (paper / "formulas" / f"tree_{cell}_operon.png").is_file()


def test_missing_records_are_told_and_do_not_fail(study: Path, tmp_path: Path):
    records = pd.read_parquet(study / "results" / "records.parquet")
    (tmp_path / "results").mkdir()
    records[records["experiment"] == "cells"].to_parquet(tmp_path / "results" / "records.parquet")
    done = make_paper(tmp_path / "results", tmp_path / "paper", "--only", "complexity")
    assert done.returncode == 0, done.stderr
    assert "no parsimony study" in done.stdout
    assert "no parsimony study" in (tmp_path / "paper" / "index.html").read_text(encoding="utf-8")


def test_a_defect_in_a_notebook_is_a_failure(study: Path, tmp_path: Path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise KeyError('defect')")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    outcome = execute(tmp_path / "broken.ipynb", study / "results", tmp_path / "paper")
    assert outcome.status == "failed"
    assert "KeyError" in outcome.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--results", "nowhere"], "nowhere holds no records.parquet"),
        (["--only", "nothing"], "holds no notebook nothing"),
    ],
)
def test_bad_input_is_one_line_and_status_2(study: Path, tmp_path: Path, options: list[str], message: str):
    done = make_paper(study / "results", tmp_path / "paper", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
