"""The benchmark of the compiled models: a row for each model and data set, equal predictions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(__file__).parents[2] / "experiments" / "bench_models.py"


def test_a_row_per_model_and_data_set(tmp_path: Path) -> None:
    output = tmp_path / "models.json"
    command = [sys.executable, COMMAND, "--datasets", "wine", "--configurations", "1", "--output", output]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    rows = json.loads(output.read_text(encoding="utf-8"))
    assert [(row["model"], row["dataset"]) for row in rows] == [
        ("lr", "wine"),
        ("rf", "wine"),
        ("nn", "wine"),
        ("xgboost", "wine"),
    ]
    assert all(row["cpu_s"] > 0 and row["scikit_learn_cpu_s"] > 0 for row in rows)
    assert "scikit-learn" in result.stdout
