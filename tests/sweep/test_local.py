"""Sweeps on this machine: the commands, and faults of single runs."""

from __future__ import annotations

import os
import re
import shutil
import signal

import pytest
from waiting import await_true

from symhpo.errors import UserError
from symhpo.sweep.profile import Profile
from symhpo.sweep.worker import STOPPED

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
        ("memory", "MemoryError"),
        ("leave", "SystemExit: 0"),
        ("vanish", "exit status 0"),
        ("abort", "the process was killed by signal 6"),
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


def test_cancel_stops_what_runs_and_resubmit_completes_it(study):
    sweep = study.open("cell=a", "seed=range(3)", "trials=40", "seconds=0.1")
    process = study.start("resubmit", "--local", 1, sweep.path)
    while not study.evaluations():
        assert process.poll() is None
    output = study.run("cancel", sweep.path)
    assert "running" not in output
    assert "waiting" not in output
    process.communicate(timeout=60)
    assert len(study.evaluations()) < 40
    assert "3 runs: 3 done" in study.run("resubmit", "--local", 1, sweep.path)
    # The signal may have cost the one evaluation that was at hand.
    assert 40 <= len(study.evaluations()) <= 41


def test_a_run_that_hears_no_signal_does_not_keep_the_sweep(study):
    sweep = study.open("seed=0", "fault=deaf")
    process = study.start("resubmit", "--local", 1, sweep.path)
    await_true((study.root / "outputs" / "trivial" / "deaf").exists)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == STOPPED, output + errors
    assert study.status().counts["lost"] == 1


def test_results_that_were_removed_are_computed_again(study):
    study.submit("seed=0,1", options=("--local", 1))
    shutil.rmtree(next((study.root / "outputs").rglob("done")).parent)
    assert study.status().counts["lost"] == 1
    assert "2 runs: 2 done" in study.run("resubmit", "--local", 1, study.sweep().path)


def test_overrides_that_give_other_runs_than_before_are_no_old_sweep(study):
    """A choice added to a group, after ``glob(*)`` was submitted, is not silently left out."""
    study.config = shutil.copytree(study.config, study.root / "conf")
    study.submit("cell=glob(*)", options=("--local", 1))
    (study.config / "cell" / "d.yaml").write_text("name: d\n")
    output = study.submit("cell=glob(*)", options=("--local", 1), status=2)
    assert len(output.splitlines()) == 1
    assert "(3, now 4)" in output
    assert "--name" in output
    assert "4 runs: 4 done" in study.submit("cell=glob(*)", options=("--local", 1, "--name", "more"))


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


def test_overrides_may_stand_on_both_sides_of_an_option(study):
    options = ("--local", 1, "--runner", "trivial:work", "--config-dir", study.config)
    output = study.run("submit", "seed=0,1", *options, *study.overrides("trials=2"))
    assert "2 runs: 2 done" in output
    assert study.evaluations() == ["a 0", "a 1"]
    assert "unrecognized" in study.run("submit", "seed=0", "--lokal", 1, status=2)
    assert "unrecognized" in study.run("status", study.sweep().path, "seed=0", status=2)


def test_no_slurm_is_one_line(study, monkeypatch):
    study.environment["PATH"] = "/nonexistent"
    output = study.submit("seed=0", status=2)
    assert "use a submit host, or --local N" in output.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [("resubmit", "--local", "0"), ("resubmit", "--local", "-1"), ("watch", "--every", "0")],
)
def test_impossible_numbers_are_refused(study, command, option, value):
    output = study.run(command, option, value, study.root, status=2)
    assert f"argument {option}: " in output.splitlines()[-1]


@pytest.mark.parametrize("name", ["a/b", "../a", "a,b", ""])
def test_names_that_no_folder_can_have_are_refused(study, name):
    output = study.submit("seed=0", options=("--local", 1, "--name", name), status=2)
    assert "cannot name a sweep" in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("time: 12:00:00", "time is 43200; it has to be text, in quotes"),
        ("time: soon", "write it like"),
        ("runs_per_job: 0", "a whole number above 0"),
        ("cpus: many", "a whole number above 0"),
        ("options: --nice", "a list of texts"),
        ("speed: 1", "has no field speed"),
        ("time: '2'\nsignal_before: 120", "has to be shorter than time"),
        ("a: [", "is no YAML"),
        ("- a", "field: value"),
    ],
)
def test_wrong_profiles_are_one_line(tmp_path, content, message):
    path = tmp_path / "cluster.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        Profile.load(str(path))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("limit", ["3", "02:01", "00:02:01", "0-1", "1-00:00:00", "infinite"])
def test_time_limits_are_read_as_sbatch_reads_them(tmp_path, limit):
    path = tmp_path / "cluster.yaml"
    path.write_text(f"time: '{limit}'\nsignal_before: 120\npartition:\n")
    assert Profile.load(str(path)).time == limit


def test_watch_without_a_terminal_ends_with_the_sweep(study):
    sweep = study.open("cell=a", "seed=0", "trials=20", "seconds=0.1")
    process = study.start("resubmit", "--local", 1, sweep.path)
    await_true(lambda: bool(study.evaluations()))
    output = study.run("watch", "--every", "0.2", sweep.path)
    process.communicate(timeout=60)
    assert "1 runs: 1 running" in output
    assert output.splitlines()[-1].startswith("1 runs: 1 done")
    assert "\x1b" not in output


def test_watch_on_a_terminal_shows_a_table(study):
    study.submit("seed=0", options=("--local", 1))
    output = study.run_on_terminal("watch", study.sweep().path)
    assert "waiting" in output
    assert "1 runs: 1 done" in output


def test_unknown_profile_and_unknown_sweep_are_one_line(study):
    assert "choose one of" in study.submit("seed=0", options=("--cluster", "nowhere"), status=2)
    assert "is no sweep" in study.run("status", study.root, status=2)
