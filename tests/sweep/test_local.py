"""Sweeps on this machine: the commands, and faults of single runs."""

from __future__ import annotations

import os
import signal

import pytest

SWEEP = ("cell=a,b", "seed=range(3)")


def test_a_sweep_runs_to_its_end_and_evaluates_nothing_twice(study):
    output = study.submit(*SWEEP, options=("--local", 2))
    assert "6 runs: 6 done" in output
    table = study.collected()
    assert len(table) == 6
    assert study.evaluations() == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(3))
    assert study.leftovers() == []


def test_starting_again_does_only_what_is_missing(study):
    study.submit("cell=a", "seed=0,1", options=("--local", 1, "--name", "first"))
    evaluated = study.evaluations()
    study.submit("cell=a", "seed=0,1,2", options=("--local", 1, "--name", "second"))
    assert study.evaluations() == evaluated


def test_submitting_twice_is_one_sweep(study):
    study.submit(*SWEEP, options=("--local", 2))
    before = study.sweep().path
    output = study.submit(*reversed(SWEEP), options=("--local", 2))
    assert study.sweep().path == before
    assert len(study.sweep().rounds()) == 1
    assert "6 done" in output


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("exception", "ZeroDivisionError: boom"),
        ("user", "no data set: fill the folder"),
        ("crash", "the process was killed by signal 9"),
    ],
)
def test_a_fault_costs_one_run_and_resubmit_completes_the_sweep(study, fault, reason):
    output = study.submit("seed=0,1", f"fault={fault}", options=("--local", 1), status=1)
    assert "2 failed" in output
    assert reason in output
    (study.root / "outputs" / "trivial" / "repaired").touch()
    output = study.run("resubmit", "--local", 2, study.sweep().path)
    assert "2 runs: 2 done" in output
    assert len(study.collected()) == 2
    assert study.leftovers() == []


def test_siblings_of_a_failed_run_are_unaffected(study):
    study.submit("seed=0,1,2", "fault=odd", options=("--local", 2), status=1)
    assert study.status().states == ["done", "failed", "done"]


def test_collect_counts_what_is_missing(study):
    study.open("seed=0,1,2")
    output = study.run("collect", study.sweep().path)
    assert "3 runs expected: 0 done, 0 failed, 0 running, 3 missing" in output
    study.submit("seed=0,1,2", "fault=exception", options=("--local", 1, "--name", "faulty"), status=1)
    (faulty,) = (study.root / "outputs" / "trivial" / "sweeps").glob("faulty*")
    assert "3 runs expected: 0 done, 3 failed" in study.run("collect", faulty)


def test_ctrl_c_is_resumed(study):
    from symhpo.sweep.worker import STOPPED

    sweep = study.open("cell=a,b", "seed=range(2)", "seconds=0.1", "trials=10")
    process = study.start("resubmit", "--local", 2, sweep.path)
    while not study.evaluations():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == STOPPED, output + errors
    assert study.status().counts["lost"] + study.status().counts["missing"] == 4
    done_before = study.evaluations()
    study.run("resubmit", "--local", 2, sweep.path)
    assert study.status().counts["done"] == 4
    # One evaluation was at hand in each of two processes.
    assert len(done_before) < 20 <= len(study.evaluations()) <= 22
    assert len(study.collected()) == 4
    assert study.leftovers() == []


def test_cancel_lets_no_further_run_begin(study):
    sweep = study.open("cell=a,b,c", "seed=range(10)", "seconds=0.2")
    process = study.start("resubmit", "--local", 1, sweep.path)
    while not study.evaluations():
        assert process.poll() is None
    study.run("cancel", sweep.path)
    process.communicate(timeout=60)
    assert study.status().counts["missing"] > 10


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("nosuchkey=1", "nosuchkey"),
        ("cell=nosuchcell", "nosuchcell"),
        ("seed=interval(0,1)", "does not support"),
        ("seed=[", "seed=["),
    ],
)
def test_wrong_overrides_are_one_line_and_status_2(study, override, message):
    output = study.submit(override, options=("--local", 1), status=2)
    assert len(output.splitlines()) == 1
    assert output.startswith("error: ")
    assert message in output


def test_no_slurm_is_one_line(study, monkeypatch):
    study.environment["PATH"] = "/nonexistent"
    output = study.submit("seed=0", status=2)
    assert "use a submit host, or --local N" in output.splitlines()[-1]


def test_unknown_profile_and_unknown_sweep_are_one_line(study):
    assert "choose one of" in study.submit("seed=0", options=("--cluster", "nowhere"), status=2)
    assert "is no sweep" in study.run("status", study.root, status=2)
