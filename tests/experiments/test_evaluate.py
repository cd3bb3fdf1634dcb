"""The command that evaluates a table: values, order, comparison, and mistakes in the table."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from symhpo.objectives.datasets import Bundled
from symhpo.objectives.models import LogisticRegression, SupportVectorMachine
from symhpo.objectives.protocols import Holdout, HPOBench, Protocol

COMMAND = Path(__file__).parents[2] / "experiments" / "evaluate.py"
ROWS = [
    {"model": "svm", "dataset": "wine", "config": '{"C": 2.0, "gamma": 0.5}', "seed": "1"},
    {"model": "lr", "dataset": "wine", "config": "{}", "seed": "0"},
    {"model": "svm", "dataset": "breast_cancer", "config": '{"gamma": 0.0009765625}', "seed": "2"},
    {"model": "svm", "dataset": "wine", "config": '{"C": 1024}', "seed": "0"},
]


def expected(row: dict[str, str], protocol: Protocol) -> float:
    model = {"svm": SupportVectorMachine(), "lr": LogisticRegression()}[row["model"]]
    dataset = Bundled(row["dataset"]).load()
    return protocol.evaluate(model, dataset, json.loads(row["config"]), int(row["seed"])).cost


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(COMMAND), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def costs(text: str) -> list[float]:
    return [float(row["cost"]) for row in csv.DictReader(io.StringIO(text))]


def test_costs_are_in_the_order_of_the_table_and_further_columns_ignored(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "table.csv", [row | {"comment": "x, y"} for row in ROWS])
    done = evaluate(table, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert costs(done.stdout) == [expected(row, HPOBench()) for row in ROWS]
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [{name: row[name] for name in ROWS[0]} for row in rows] == ROWS
    assert "comment" not in rows[0]
    assert "4 of 4" in done.stderr


def test_output_file_protocol_and_no_workers(tmp_path: Path) -> None:
    table, output = write_csv(tmp_path / "table.csv", ROWS[:2]), tmp_path / "costs.csv"
    output.write_text("old")
    done = evaluate(table, "--output", output, "--protocol", "holdout", "--workers", "0")
    assert (done.returncode, done.stdout) == (0, "")
    assert costs(output.read_text()) == [expected(row, Holdout()) for row in ROWS[:2]]
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "costs.csv"}


@pytest.mark.parametrize(("error", "equal", "status"), [(0.0, 2, 0), (1e-9, 1, 1)])
def test_comparison_with_known_values(tmp_path: Path, error: float, equal: int, status: int) -> None:
    errors = (0.0, error)
    rows = [
        row | {"function_value": repr(expected(row, HPOBench()) + e)}
        for row, e in zip(ROWS[:2], errors, strict=True)
    ]
    done = evaluate(write_csv(tmp_path / "table.csv", rows), "--workers", "0")
    assert done.returncode == status
    assert done.stderr.splitlines()[-1].startswith(
        f"2 rows compared, {equal} equal to 1e-12, largest difference "
    )
    assert ("1e-09" in done.stderr.splitlines()[-1]) == bool(error)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"model": "bogus"}, "svm"),
        ({"model": "hpobench"}, "hpobench"),
        ({"dataset": "bogus"}, "breast_cancer"),
        ({"config": "{C: 1}"}, "JSON"),
        ({"config": "[1]"}, "object"),
        ({"config": '{"bogus": 1}'}, "gamma"),
        ({"config": '{"C": 1025.0}'}, "1024"),
        ({"config": '{"C": "1"}'}, "C"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "1.5"}, "seed"),
        ({"function_value": "low"}, "low"),
    ],
)
def test_a_wrong_row_is_one_line_with_its_number(tmp_path: Path, change: dict[str, str], word: str) -> None:
    rows = [row | {"function_value": ""} for row in ROWS]
    rows[2] |= change
    done = evaluate(write_csv(tmp_path / "table.csv", rows))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "line 4" in line
    assert word in line
    assert done.stdout == ""


def test_a_wrong_table_is_one_line(tmp_path: Path) -> None:
    without = [{name: row[name] for name in row if name not in ("seed", "dataset")} for row in ROWS]
    empty = tmp_path / "empty.csv"
    empty.write_text("model,task_id,config,seed\n")
    for arguments, word in (
        ((write_csv(tmp_path / "table.csv", without),), "seed, task_id or dataset"),
        ((empty,), "no rows"),
        ((tmp_path / "nothing.csv",), "nothing.csv"),
        ((write_csv(tmp_path / "good.csv", ROWS), "--protocol", "bogus"), "holdout"),
    ):
        done = evaluate(*arguments)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert word in line


@pytest.mark.openml_cache
def test_openml_tasks_by_number_and_by_either_name(tmp_path: Path) -> None:
    row = {"model": "svm", "config": '{"C": 43.7, "gamma": 0.02}', "seed": "1"}
    rows = [
        row | {"task_id": "31", "dataset": "ignored"},
        row | {"task_id": "", "dataset": "credit-g"},
        row | {"task_id": "", "dataset": "credit_g"},
    ]
    done = evaluate(write_csv(tmp_path / "table.csv", rows), "--workers", "0")
    assert done.returncode == 0, done.stderr
    assert len(set(costs(done.stdout))) == 1


def test_a_data_set_that_cannot_be_had_is_one_line(tmp_path: Path) -> None:
    rows = [{"model": "svm", "task_id": "53", "config": "{}", "seed": "0"}]
    script = (
        "import runpy, sys, openml\n"
        "openml.config.server = 'http://localhost:9/api/v1/xml'\n"
        f"sys.argv = ['evaluate.py', {str(write_csv(tmp_path / 'table.csv', rows))!r}]\n"
        f"runpy.run_path({str(COMMAND)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"OPENML_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "cache") in line
