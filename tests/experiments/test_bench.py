"""The benchmarks of costs and importance: what they measure, on little work."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
sys.path.insert(0, str(EXPERIMENTS))

import bench  # noqa: E402
import bench_importance  # noqa: E402

from symhpo.importance import Sobol  # noqa: E402
from symhpo.importance.analytic import additive  # noqa: E402


def bo(optimizer: str) -> dict[str, object]:
    command = [sys.executable, EXPERIMENTS / "bench_bo.py", optimizer, "--trials", "10", "14"]
    environment = {"PYTHONHASHSEED": "0"}
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(printed)


def test_the_optimisers_are_measured_at_each_number_of_trials_on_the_same_trials() -> None:
    stock, own = bo("stock"), bo("smac")
    for measured in (stock, own):
        assert 0 < measured["cpu_s"]["10"] < measured["cpu_s"]["14"]  # type: ignore[index]
    assert stock["trials_sha256"] == own["trials_sha256"]


def test_the_time_of_a_whole_process_tree_is_counted() -> None:
    burn = "import time\nwhile time.process_time() < 1: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\nprint('done')"
    seconds, printed = bench.cpu_of([sys.executable, "-c", parent])
    assert printed == "done\n"
    assert seconds > 1


def test_growth_is_drawn(tmp_path: Path) -> None:
    panel = {"engine": {"10": 0.1, "100": 0.5}}
    bench.plot_growth({"trials": panel, "points": panel}, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_errors_of_importance_are_those_against_the_known_indices() -> None:
    function = additive((3.0, 2.0, 0.1))
    row = bench_importance._errors(function, function, Sobol(), 0)
    assert row["main_error"] < 0.02
    assert row["pair_error"] < 0.02
    assert row["top_is_right"]


@pytest.mark.parametrize(("chosen", "expected"), [(["a", "b"], True), (["a", "d0"], False)])
def test_a_planted_formula_is_found_only_with_all_its_hyperparameters(
    chosen: list[str], expected: bool
) -> None:
    row = {"formula": "Max(0.2, a) + log10(b)", "chosen": chosen}
    assert bench_importance._chose_all(row) is expected


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a command sets up for its process stays out of the other tests."""
    monkeypatch.setattr(bench_importance, "prepare_process", lambda: None)
    monkeypatch.setattr(bench_importance, "log_to_stderr", lambda: None)
    logger = logging.getLogger("symhpo.importance")
    level = logger.level
    yield
    logger.setLevel(level)


def test_parts_that_are_not_measured_again_keep_their_numbers(
    tmp_path: Path,
    in_this_process: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "importance.json"
    output.write_text(json.dumps({"partial_dependence": 99.0}))
    monkeypatch.setattr(
        bench_importance,
        "_cell",
        lambda: [
            {"predictor": "formula", "rmse_true_dependence": 0.3},
            {"predictor": "partial dependence", "rmse_true_dependence": 0.2},
        ],
    )
    monkeypatch.setattr(sys, "argv", ["bench", "--parts", "cell", "--output", str(output)])
    bench_importance.main()
    printed = capsys.readouterr().out
    assert "99.0 CPU s" in printed
    assert "1.50" in printed
    assert set(json.loads(output.read_text())) == {"partial_dependence", "cell"}


def test_a_broken_output_is_refused(
    tmp_path: Path, in_this_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "importance.json"
    output.write_text("{")
    monkeypatch.setattr(sys, "argv", ["bench", "--parts", "cell", "--output", str(output)])
    with pytest.raises(SystemExit, match="2"):
        bench_importance.main()
    assert output.read_text() == "{"


def test_a_fit_and_predictions_take_time() -> None:
    for seconds in (bench.surrogate_seconds(10), bench.formula_seconds(10)):
        assert np.isfinite(seconds)
        assert seconds >= 0
