"""What a line's state is, and what workers do about lines that others have."""

from __future__ import annotations

import os
import socket
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from symhpo import pipeline
from symhpo.errors import FailedRunError, UserError
from symhpo.store import Key, Lease, RunFolder, Store, lease
from symhpo.store.stopping import ArtifactBusy, without_waiting
from symhpo.sweep import callback, operations, slurm
from symhpo.sweep.events import DONE, FAILED, RELEASED, STARTED, EventLog, EventWriter
from symhpo.sweep.operations import open_sweep
from symhpo.sweep.runner import PipelineWork
from symhpo.sweep.status import Status
from symhpo.sweep.supervisor import Supervisor
from symhpo.sweep.worker import ALL_DONE, RUNS_FAILED


def states(sweep) -> list[str]:
    return Status(sweep).states


def test_a_line_from_missing_to_done(study):
    sweep = study.open("seed=0")
    (line,) = sweep.lines
    assert states(sweep) == ["missing"]
    one = sweep.add_round("local", 1, None, ())
    assert states(sweep) == ["missing"]
    supervisor = sweep.local_lease(one)
    supervisor.acquire()
    assert states(sweep) == ["waiting"]
    writer = EventWriter(sweep.events, one.number)
    run = study.root / "run"
    run.mkdir()
    with sweep.lease(line.id).hold():
        writer.write(STARTED, line.id, runs={"ab": str(run)})
        assert states(sweep) == ["running"]
    writer.write(RELEASED, line.id, reason="asked to stop")
    assert states(sweep) == ["waiting"]
    supervisor.release()
    assert states(sweep) == ["lost"]
    (run / "done").write_text("ab\n")
    writer.write(DONE, line.id, reason="")
    assert states(sweep) == ["done"]
    # Results that were removed are not done, whatever the events say.
    (run / "done").unlink()
    assert states(sweep) == ["lost"]


def test_a_failed_line_waits_for_a_later_round_only(study):
    sweep = study.open("seed=0,1")
    first = sweep.add_round("local", 1, None, ())
    with sweep.local_lease(first).hold():
        EventWriter(sweep.events, first.number).write(FAILED, sweep.lines[0].id, reason="boom")
        assert states(sweep) == ["failed", "waiting"]
        assert Status(sweep).reasons() == {0: "boom"}
    second = sweep.add_round("local", 1, [0], ())
    with sweep.local_lease(second).hold():
        assert states(sweep) == ["waiting", "missing"]
        sweep.cancel(second)
        assert states(sweep) == ["failed", "missing"]


def test_slurm_that_does_not_answer_is_no_end(study, monkeypatch):
    """Without an answer nothing is declared lost, and nothing hangs."""
    sweep = study.open("seed=0")
    sweep.add_round("slurm", 1, None, ())
    monkeypatch.setenv("PATH", "/nonexistent")
    status = Status(sweep)
    assert status.states == ["waiting"]
    assert "squeue" in status.trouble


def test_events_are_read_once_and_torn_ones_later(tmp_path):
    writer = EventWriter(tmp_path, 0)
    log = EventLog(tmp_path)
    writer.write(DONE, "x")
    assert [event["line"] for event in log.read()] == ["x"]
    assert list(log.read()) == []
    (file,) = tmp_path.iterdir()
    with file.open("a") as torn:
        torn.write('{"line": "y"')
        torn.flush()
        assert list(log.read()) == []
        torn.write("}\n")
    assert [event["line"] for event in log.read()] == ["y"]


def test_nothing_is_waited_for_while_there_is_other_work(tmp_path):
    """The store says so instead of waiting."""
    key = Key("bo", 1, {}, "a")
    store = Store(tmp_path)
    (tmp_path / ".unfinished").mkdir()

    def build(journal, out):
        (out / "costs.json").write_text("[]")

    busy = Lease(tmp_path / ".unfinished" / f"{key.id}.lock")
    with busy.hold(), without_waiting(), pytest.raises(ArtifactBusy, match="computes bo a"):
        store.compute(key, build)
    with without_waiting():
        assert store.compute(key, build).exists()


def test_two_workers_begin_with_different_artifacts(study):
    """Neither waits for the other's trials while there are others to make."""
    study.submit("cell=a,b", "seed=0,1,2", "trials=5", "seconds=0.1", options=("--local", 2))
    events = list(EventLog(study.sweep().events).read())
    first = {}
    for event in sorted(events, key=lambda event: event["time"]):
        if event["event"] == DONE:
            first.setdefault(event["pid"], event["line"])
    cells = {line.id: line.overrides[2] for line in study.sweep().lines}
    assert {cells[line] for line in first.values()} == {"cell=a", "cell=b"}
    assert study.evaluations() == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(5))


def test_a_line_of_a_dead_host_is_not_left_behind(study, monkeypatch):
    """Its lease looks alive until it expires: the worker waits for that, and takes the line."""
    sweep = study.open("seed=0")
    (line,) = sweep.lines
    foreign = sweep.path / "leases" / f"{line.id}|elsewhere+1|1|17"
    foreign.write_text(str(foreign))
    os.link(foreign, sweep.path / "leases" / line.id)
    expires = time.time() - lease.CLOCK_SLOP + 4
    os.utime(foreign, (expires, expires))
    assert states(sweep) == ["running"]
    one = sweep.add_round("local", 1, None, ())
    monkeypatch.setenv("PYTHONPATH", study.environment["PYTHONPATH"])
    assert Supervisor(sweep, one, [0]).run() == 0
    assert states(sweep) == ["done"]


def test_full_disk_is_one_line_and_finished_runs_stay(study, tiny_disk):
    study.root = tiny_disk
    study.submit("cell=a", "seed=0", options=("--local", 1))
    finished = next((tiny_disk / "outputs").rglob("records.parquet"))
    before = finished.read_bytes()
    sweep = study.open("cell=a", "seed=0,1")
    with pytest.raises(OSError, match="No space"):
        (tiny_disk / "ballast").write_bytes(b"x" * 2**21)
    output = study.run("resubmit", "--local", 1, sweep.path, status=None)
    assert "no space is left on the disk" in output
    assert "Traceback" not in output
    assert finished.read_bytes() == before
    (tiny_disk / "ballast").unlink()
    assert "2 done" in study.run("resubmit", "--local", 1, sweep.path)


def test_read_only_outputs_are_one_line(study, read_only):
    sweep = study.open("cell=a", "seed=0")
    read_only(study.root)
    output = study.run("resubmit", "--local", 1, sweep.path, status=2)
    assert len(output.splitlines()) == 1
    assert "read-only" in output or "permission" in output


def test_collect_refuses_mixed_versions(study):
    study.submit("cell=a", "seed=0,1", options=("--local", 1))
    about = next((study.root / "outputs").rglob("provenance.json"))
    about.write_text(about.read_text().replace('"bo": 1', '"bo": 2'))
    output = study.run("collect", study.sweep().path, status=2)
    assert "stage bo" in output
    assert "--allow-mixed-versions" in output
    study.run("collect", "--allow-mixed-versions", study.sweep().path)


def test_a_lease_that_cannot_be_had_for_long_is_told(study, monkeypatch):
    sweep = study.open("seed=0")
    monkeypatch.setattr(operations, "_PATIENCE", 0.5)
    with sweep.planning().hold(), pytest.raises(UserError, match="is still handing out lines"):
        operations.run_here(sweep, 1, operations.NEW, print, every=1)


def test_workers_end_with_a_supervisor_that_is_killed(study):
    sweep = study.open("cell=a,b", "seed=range(50)", "seconds=0.1", "trials=20")
    supervisor = study.start("resubmit", "--local", 2, sweep.path)
    while len(list(sweep.leased())) < 2:
        assert supervisor.poll() is None
    workers = psutil.Process(supervisor.pid).children()
    supervisor.kill()
    supervisor.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=30)
    assert len(gone) == 2
    assert not alive
    assert Status(sweep).counts["running"] == 0


def test_collect_removes_the_claims_of_the_dead(study):
    sweep = study.open("seed=0")
    one = sweep.add_round("local", 1, None, ())
    (line,) = sweep.lines
    for taken in (sweep.lease(line.id), sweep.local_lease(one), sweep.planning()):
        stray = taken.path.with_name(f"{taken.path.name}|{lease._machine()}|{2**22 + 1}|17")
        stray.write_text(str(stray))
        os.link(stray, taken.path)
        stray.with_name(stray.name.replace("|17", "|18")).write_text("never linked")
    torn = sweep.path / "rounds" / f".0001.json-{socket.gethostname()}-{2**22 + 1}-0-aa.tmp"
    torn.write_text("torn")
    elsewhere = torn.with_name(".0001.json-elsewhere-1-0-aa.tmp")
    elsewhere.write_text("torn")
    os.utime(elsewhere, (time.time() - 600,) * 2)
    assert len(study.leftovers()) == 9
    sweep.clean()
    assert study.leftovers() == []


def test_collect_leaves_alone_what_another_process_is_writing(study):
    sweep = study.open("seed=0")
    ours = sweep.path / f".collected.parquet-{socket.gethostname()}-{os.getpid()}-0-aa.tmp"
    elsewhere = sweep.path / ".collected.csv-elsewhere-1-0-aa.tmp"
    for path in (ours, elsewhere):
        path.write_text("half of it")
    sweep.clean()
    assert ours.exists()
    assert elsewhere.exists()


def test_a_run_that_ends_while_we_look_is_not_lost(study, monkeypatch):
    """SLURM is asked first, so its answer is never younger than what the workers say."""
    sweep = study.open("seed=0")
    (line,) = sweep.lines
    one = sweep.add_round("slurm", 1, None, ())
    writer = EventWriter(sweep.events, one.number)
    run = study.root / "run"
    run.mkdir()
    writer.write(STARTED, line.id, runs={"ab": str(run)})

    def ends_meanwhile(_):
        (run / "done").write_text("ab\n")
        writer.write(DONE, line.id, reason="")
        return set()

    monkeypatch.setattr(slurm, "alive", ends_meanwhile)
    assert states(sweep) == ["done"]


def test_the_same_sweep_in_two_folders_has_jobs_of_different_names(study, tmp_path_factory):
    """Or one would be taken for the other, and cancelled with it."""
    names = set()
    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp("user"))
            sweep = open_sweep(["seed=0"], study.config, "run", runner="trivial:work")
            names.add(sweep.add_round("slurm", 1, None, ()).job_name)
    assert len(names) == 2


def test_a_multirun_does_not_take_the_round_that_is_being_handed_out(study, monkeypatch):
    sweep = study.open("seed=0")
    for name in (callback.SWEEP, callback.ROUND):
        monkeypatch.setenv(name, "")
    hydra = SimpleNamespace(
        runtime=SimpleNamespace(config_sources=[SimpleNamespace(provider="main", path=str(study.config))]),
        overrides=SimpleNamespace(task=study.overrides("seed=0")),
        job=SimpleNamespace(config_name="run"),
    )
    multirun = callback.RecordMultirun("trivial:work")
    start = threading.Thread(target=multirun.on_multirun_start, args=(SimpleNamespace(hydra=hydra),))
    with sweep.planning().hold():
        start.start()
        start.join(timeout=3)
        assert sweep.rounds() == []
        sweep.add_round("slurm", 1, None, ())
    start.join()
    multirun.on_multirun_end()
    assert [one.launcher for one in sweep.rounds()] == ["slurm", "local"]


def test_a_failed_run_of_the_pipeline_is_told_with_its_reason(tmp_path, monkeypatch):
    plans = [SimpleNamespace(folder=tmp_path / run, key=SimpleNamespace(id=run)) for run in ("ab", "cd")]

    def fails(_):
        reason = "ValueError: no such seed"
        RunFolder(tmp_path / "cd", "cd").fail({"status": "failed", "reason": reason, "traceback": ""})
        raise FailedRunError("1 of 2 runs failed; their folders have the tracebacks")

    monkeypatch.setattr(pipeline, "execute", fails)
    with pytest.raises(FailedRunError, match=r"^ValueError: no such seed$"):
        PipelineWork(plans).execute()


def test_a_job_that_requeues_itself_remembers_its_failures(study, monkeypatch):
    """So that SLURM says FAILED of it in the end."""
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    sweep = study.open("seed=0")
    one = sweep.add_round("slurm", 1, None, ())
    EventWriter(sweep.events, one.number).write(FAILED, sweep.lines[0].id, reason="boom")
    monkeypatch.setenv("PYTHONPATH", study.environment["PYTHONPATH"])
    assert Supervisor(sweep, one, [0]).run() == RUNS_FAILED
    monkeypatch.setenv("SLURM_JOB_ID", "18")
    assert Supervisor(sweep, one, [0]).run() == ALL_DONE


def test_cancel_of_a_sweep_that_cannot_be_written_is_one_line(study, read_only):
    sweep = study.open("seed=0")
    sweep.add_round("slurm", 1, None, ())
    study.environment["PATH"] = "/nonexistent"
    read_only(study.root)
    output = study.run("cancel", sweep.path, status=2)
    assert len(output.splitlines()) == 1
    assert "read-only" in output or "permission" in output
