"""Many evaluations: order, failures, and that none is done twice, whatever happens."""

from __future__ import annotations

import json
import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import valley
from valley import Valley

from symhpo.errors import UserError
from symhpo.objectives import Evaluation, Journal, Landscape, Query, evaluate, evaluate_many, evaluate_queries
from symhpo.parallel import Failure
from symhpo.store.stopping import Stopped

CONFIGURATIONS = [{"depth": d, "rate": r} for d in (3, 1, 2) for r in (0.5, 0.001)]
SEEDS = list(range(6))


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def run(objective: Valley, tmp_path: Path, **arguments: Any) -> list[Any]:
    arguments = {"workers": 0, "journal_dir": tmp_path / "journal"} | arguments
    return evaluate_many(objective, CONFIGURATIONS, SEEDS, **arguments)


@pytest.mark.parametrize("workers", [0, 2])
class TestOutcomes:
    def test_are_in_the_order_of_the_input(self, workers: int, tmp_path: Path, calls: Path) -> None:
        outcomes = run(Valley(calls), tmp_path, workers=workers)
        expected = [
            c["rate"] + c["depth"] / 10 + s / 1000 for c, s in zip(CONFIGURATIONS, SEEDS, strict=True)
        ]
        assert [outcome.cost for outcome in outcomes] == pytest.approx(expected, rel=1e-15)
        assert {outcome.cpu_seconds for outcome in outcomes} == {0.25}

    def test_equal_queries_are_evaluated_once(self, workers: int, calls: Path) -> None:
        query = Query(Valley(calls), CONFIGURATIONS[0], 0)
        first, second = evaluate_queries([query, query], workers=workers)
        assert first == second
        assert len(lines(calls)) == 1

    def test_of_several_objectives_are_kept_apart(self, workers: int, tmp_path: Path, calls: Path) -> None:
        good, bad = Valley(calls), Valley(calls, fault="raise")
        queries = [Query(objective, {"depth": 1, "rate": 0.5}, 0) for objective in (good, bad)]
        one, other = evaluate_queries(queries, workers=workers, journal_dir=tmp_path / "journal")
        assert isinstance(one, Evaluation)
        assert isinstance(other, Failure)

    def test_failures_have_a_reason_of_one_line(self, workers: int, tmp_path: Path, calls: Path) -> None:
        outcomes = run(Valley(calls, fault="raise"), tmp_path, workers=workers)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        assert [f.reason for f in failures] == ["ArithmeticError: no cost at the bottom"] * 2
        assert "_faulty" in failures[0].traceback

    def test_a_finished_evaluation_is_never_repeated(self, workers: int, tmp_path: Path, calls: Path) -> None:
        objective = Valley(calls, fault="raise")
        first = evaluate_many(
            objective, CONFIGURATIONS[:3], SEEDS[:3], workers=workers, journal_dir=tmp_path / "journal"
        )
        outcomes = run(objective, tmp_path, workers=workers)
        assert outcomes[:3] == first
        assert len(lines(calls)) == 6

    def test_what_cannot_be_prepared_is_said_once(self, workers: int, tmp_path: Path, calls: Path) -> None:
        with pytest.raises(UserError, match="dig one"):
            run(Valley(calls, broken=True), tmp_path, workers=workers)


class TestFaults:
    def test_a_cost_that_is_not_finite_is_a_failure(self, calls: Path) -> None:
        outcome = evaluate(Valley(calls, fault="nan"), {"depth": 1, "rate": 0.5}, 0)
        assert isinstance(outcome, Failure)
        assert outcome.reason == "its cost is nan"

    def test_a_worker_that_dies_fails_its_evaluation_only(self, tmp_path: Path, calls: Path) -> None:
        outcomes = run(Valley(calls, fault="die"), tmp_path, workers=2)
        assert [isinstance(outcome, Failure) for outcome in outcomes] == [
            c["depth"] == 1 for c in CONFIGURATIONS
        ]
        assert {outcome.status for outcome in outcomes if isinstance(outcome, Failure)} == {"crashed"}

    def test_an_evaluation_whose_worker_died_gets_another_attempt(self, tmp_path: Path, calls: Path) -> None:
        objective = Valley(calls, fault="die once")
        assert any(isinstance(outcome, Failure) for outcome in run(objective, tmp_path, workers=2))
        assert all(isinstance(outcome, Evaluation) for outcome in run(objective, tmp_path, workers=2))
        assert len(lines(calls)) == 6 + 2

    def test_an_evaluation_that_hangs_ends_and_is_not_tried_again(self, tmp_path: Path, calls: Path) -> None:
        objective = Valley(calls, fault="hang")
        outcomes = run(objective, tmp_path, workers=2, timeout=3)
        assert [getattr(outcome, "status", "") == "timeout" for outcome in outcomes] == [
            c["depth"] == 1 for c in CONFIGURATIONS
        ]
        assert run(objective, tmp_path, workers=2, timeout=3) == outcomes
        assert len(lines(calls)) == 6

    def test_a_full_disk_under_a_worker_stops_the_batch(self, tmp_path: Path, calls: Path) -> None:
        with pytest.raises(UserError, match="disk is full"):
            run(Valley(calls, fault="full disk"), tmp_path, workers=2)

    def test_a_torn_last_line_is_done_again(self, tmp_path: Path, calls: Path) -> None:
        outcomes = run(Valley(calls), tmp_path)
        (journal,) = (tmp_path / "journal").glob("*.jsonl")
        journal.write_bytes(journal.read_bytes()[:-20])
        assert run(Valley(calls), tmp_path) == outcomes
        assert len(lines(calls)) == 7
        # The new line stands in a file of its own, not behind the torn one.
        assert run(Valley(calls), tmp_path) == outcomes
        assert len(lines(calls)) == 7

    def test_asked_to_stop_it_stops_with_everything_written(
        self, tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("symhpo.store.stopping._stop.is_set", lambda: len(lines(calls)) >= 2)
        with pytest.raises(Stopped):
            run(Valley(calls), tmp_path)
        assert len(Journal(tmp_path / "journal").read()) == len(lines(calls)) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_kill_in_the_middle_of_a_landscape(workers: int, tmp_path: Path, calls: Path) -> None:
    journal, output = tmp_path / "journal", tmp_path / "landscape.npz"
    command = [sys.executable, valley.__file__, str(calls), str(journal), str(output), str(workers)]
    for finished in (3, 9):
        process = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": str(Path(valley.__file__).parent)}
        )
        deadline = time.monotonic() + 60
        while len(lines(calls)) < finished and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not output.exists()
        settle(calls)
    done = set(Journal(journal).read())
    before = Counter(lines(calls))
    subprocess.run(
        command, check=True, env=os.environ | {"PYTHONPATH": str(Path(valley.__file__).parent)}, timeout=120
    )

    landscape = Landscape.load(output)
    undisturbed = Valley(tmp_path / "other").space.grid(4)
    assert landscape.X.tolist() == undisturbed.tolist()
    assert math.isclose(landscape.cost[0], landscape.X[0].sum() - 0.9 * landscape.X[0, 0] + 0.0015)
    assert (landscape.repeats == 2).all()
    # What was in the journal was not done again; what was under way at a kill may have been.
    again = sum((Counter(lines(calls)) - before).values())
    assert again == landscape.costs.size - len(done)
    assert max(Counter(lines(calls)).values()) <= 3


def settle(path: Path) -> None:
    """Wait until no orphaned worker writes any more."""
    size = -1
    while size != (size := path.stat().st_size):
        time.sleep(1.0)


def test_a_journal_can_be_sent_to_another_process(tmp_path: Path) -> None:
    journal = pickle.loads(pickle.dumps(Journal(tmp_path)))
    journal.append("key", {"depth": 1}, 0, Evaluation(0.1 + 0.2, None, 1.5))
    journal.append("other", {"depth": 2}, 0, Failure("failed", "no reason", "trace"))
    assert Journal(tmp_path).read() == {
        "key": Evaluation(0.1 + 0.2, None, 1.5),
        "other": Failure("failed", "no reason", "trace"),
    }
    (file,) = tmp_path.glob("*.jsonl")
    assert [json.loads(line)["seed"] for line in file.read_text().splitlines()] == [0, 0]
