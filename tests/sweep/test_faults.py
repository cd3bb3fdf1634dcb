"""Long fault injection: `make test-faults`. Figures are printed and kept in results/faults.md."""

from __future__ import annotations

import contextlib
import random
import resource
import subprocess
import sys
import time
from collections import Counter

import pandas as pd
import psutil
import pytest
from waiting import await_true

from symhpo.sweep.operations import UNFINISHED, run_here
from symhpo.sweep.status import Status

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("slurm"), pytest.mark.timeout(3600)]

KILLS = 200


def await_work(sweep, supervisor):
    """Wait until a worker has a run, if its supervisor lives."""
    while not list(sweep.leased()) and supervisor.poll() is None:
        time.sleep(0.01)


def test_two_hundred_kills_leave_the_same_table(study, tmp_path_factory, figures):
    """SIGKILL at random moments, of workers and of their supervisor, over a sweep of 60 runs."""
    sixty = ("cell=a,b,c", "trials=range(10,30)")
    undisturbed = type(study)(tmp_path_factory.mktemp("undisturbed"))
    undisturbed.submit(*sixty, options=("--local", 2))
    expected = undisturbed.collected()
    assert len(expected) == 60

    moments = random.Random(0)
    sweep = study.open(*sixty, "seconds=0.5")
    kills = restarts = 0
    supervisor = None
    while kills < KILLS:
        if supervisor is None or supervisor.poll() is not None:
            supervisor = study.start("resubmit", "--local", 2, sweep.path)
            restarts += 1
        # Most kills are to hit a run; some hit the start of a worker or of the sweep.
        if moments.random() < 0.8:
            await_work(sweep, supervisor)
        time.sleep(moments.uniform(0, 0.6))
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(supervisor.pid)
            victim = moments.choice([*family.children(), *family.children(), family])
            victim.kill()
            kills += 1
    supervisor.kill()
    supervisor.communicate()
    # What is left need not be slow: the pause is no part of a run's identity.
    study.submit(*sixty, options=("--local", 2), status=None)
    while Status(sweep).counts["done"] < 60:
        study.run("resubmit", "--local", 2, sweep.path, status=None)

    pd.testing.assert_frame_equal(study.collected(sweep), expected)
    repeated = Counter(study.evaluations()) - Counter(undisturbed.evaluations())
    assert not Counter(undisturbed.evaluations()) - Counter(study.evaluations())
    assert repeated.total() <= kills
    assert study.leftovers() == []
    figures["60 runs under SIGKILLs: kills"] = kills
    figures["60 runs under SIGKILLs: restarts of the sweep"] = restarts
    figures["60 runs under SIGKILLs: evaluations needed"] = len(undisturbed.evaluations())
    figures["60 runs under SIGKILLs: evaluations repeated"] = repeated.total()


def test_ten_thousand_runs_on_slurm(study, own_cluster, figures):
    cluster = own_cluster(MAX_ARRAY=1001, MAX_JOBS=20000)
    path = study.root / "cluster.yaml"
    path.write_text("runs_per_job: 1\njobs: 2\nmemory: 100M\n")
    started = time.monotonic()
    output = study.submit("cell=a,b", "seed=range(5000)", options=("--cluster", path))
    figures["10 000 runs as 10 000 SLURM jobs, MaxArraySize 1001: submitted, s"] = time.monotonic() - started
    assert "submitted 10000 jobs" in output
    assert output.rpartition(" as ")[2].count(",") == 9
    started = time.monotonic()
    study.run("status", study.sweep().path)
    figures["10 000 runs as 10 000 SLURM jobs: status, s"] = time.monotonic() - started
    study.run("cancel", study.sweep().path)
    assert cluster.jobs(study.sweep(), "PENDING") == {}


def test_eleven_hundred_jobs_at_an_array_limit_of_1001(study, own_cluster, figures):
    cluster = own_cluster(MAX_ARRAY=1001)
    path = study.root / "cluster.yaml"
    path.write_text("runs_per_job: 1\njobs: 2\nmemory: 100M\n")
    started = time.monotonic()
    output = study.submit("seed=range(1100)", options=("--cluster", path))
    assert "submitted 1100 jobs" in output
    assert output.rpartition(" as ")[2].count(",") == 1
    await_true(lambda: bool(study.evaluations()))
    figures["1 100 runs as 1 100 SLURM jobs: until the first one works, s"] = time.monotonic() - started
    # The last one too finds its share.
    last = max(cluster.jobs(study.sweep()), key=lambda job: tuple(map(int, job.split("_"))))
    assert last.endswith("_98")
    study.run("cancel", study.sweep().path)
    assert study.status().is_over


def test_a_stopped_worker_neither_corrupts_nor_blocks(study, figures):
    """SIGSTOP while it holds the leases of a run and of its trials; SIGCONT when all is done."""
    sweep = study.open("cell=a,b", "seed=0,1", "trials=20", "seconds=0.2")
    needed = Counter(f"{cell} {trial}" for cell in "ab" for trial in range(20))
    supervisor = study.start("resubmit", "--local", 2, sweep.path)
    await_true(lambda: len(list(sweep.leased())) == 2 and len(study.evaluations()) > 6)
    stopped = psutil.Process(sweep.lease(next(iter(sweep.leased()))).holder().pid)
    stopped.suspend()
    try:
        await_true(lambda: Status(sweep).counts["done"] == 4, 240)
    finally:
        stopped.resume()
    output, errors = supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0, output + errors
    table = study.collected()
    assert sorted(zip(table["model"], table["seed"], strict=True)) == [(c, s) for c in "ab" for s in (0, 1)]
    # The evaluation at hand, and those that the stopped one did before it saw that it was too late.
    repeated = Counter(study.evaluations()) - needed
    assert not needed - Counter(study.evaluations())
    assert repeated.total() <= 20
    assert study.leftovers() == []
    figures["4 runs, a worker stopped and continued: evaluations repeated"] = repeated.total()


def test_ten_thousand_runs_on_this_machine(study, figures):
    started = time.monotonic()
    sweep = study.open("cell=a,b", "seed=range(5000)")
    figures["10 000 runs: expanded and written, s"] = time.monotonic() - started
    started = time.monotonic()
    study.run("status", sweep.path)
    figures["10 000 runs: status, s"] = time.monotonic() - started
    assert Status(sweep).counts["missing"] == 10_000


def test_packed_runs(study, figures):
    sweep = study.open("cell=a,b", "seed=range(1000)")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", study.environment["PYTHONPATH"])
        assert run_here(sweep, 2, UNFINISHED, lambda _: None, every=3600) == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures["2 000 runs, packed in 2 processes: CPU s a run, publication included"] = cpu / 2000
    assert Status(sweep).counts["done"] == 2000
    assert len(study.evaluations()) == 6


def test_a_hundred_thousand_lines(study, figures):
    script = """
import resource, sys
from pathlib import Path
from symhpo.sweep.operations import open_sweep
from symhpo.sweep.status import Status
sweep = open_sweep(sys.argv[2:], Path(sys.argv[1]), "run", runner="trivial:work")
assert Status(sweep).counts["missing"] == 100_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", script, str(study.config), *study.overrides("cell=a,b", "seed=range(50000)")],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    figures["100 000 lines: expanded, written and read, s"] = time.monotonic() - started
    memory = int(ended.stdout) / 1024
    figures["100 000 lines: MiB"] = memory
    assert memory < 1024
