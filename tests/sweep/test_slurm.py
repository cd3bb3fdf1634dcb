"""Sweeps on a real SLURM: every event that a plain multirun loses work in ends well here."""

from __future__ import annotations

import json
import signal

import psutil
import pytest
from waiting import await_true

from symhpo.sweep.manifest import Sweep
from symhpo.sweep.slurm import final_states

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


def profile(study, **settings) -> tuple[str, str]:
    """Options that submit small jobs; a minute is the shortest limit that SLURM has."""
    fields = {"time": "00:01:00", "memory": "100M", "runs_per_job": 2, "jobs": 4, "signal_before": 20}
    path = study.root / "cluster.yaml"
    # JSON is YAML.
    path.write_text(json.dumps({**fields, **settings}))
    return "--cluster", str(path)


def wait_until_over(study, seconds=120.0):
    await_true(lambda: study.status().is_over, seconds)
    return study.status()


def test_twenty_good_jobs_three_at_once(study, cluster):
    options = profile(study, runs_per_job=1, jobs=3)
    output = study.submit("cell=a,b", "seed=range(10)", options=options)
    assert "submitted 20 jobs" in output
    study.run("watch", "--every", 0.5, study.sweep().path)
    assert study.status().counts["done"] == 20
    assert study.evaluations() == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(3))
    assert len(study.collected()) == 20
    assert study.leftovers() == []
    assert study.run("resubmit", study.sweep().path).startswith("20 runs: 20 done")


def test_a_run_that_raises_is_failed_for_slurm_too(study, cluster):
    study.submit("cell=a", "seed=0,1,2", "fault=exception", options=profile(study, runs_per_job=3))
    status = wait_until_over(study)
    assert status.counts["failed"] == 3
    await_true(lambda: "FAILED" in cluster.jobs(study.sweep()).values())
    traceback = next((study.root / "outputs").rglob("traceback.txt"))
    assert "boom" in traceback.read_text()
    assert "ZeroDivisionError: boom" in study.run("status", study.sweep().path)
    (study.root / "outputs" / "trivial" / "repaired").touch()
    study.run("resubmit", *profile(study), study.sweep().path)
    assert wait_until_over(study).counts["done"] == 3


def test_the_signal_before_the_time_limit(study, cluster):
    """The trial at hand ends, the job requeues itself, and nothing is evaluated twice."""
    study.submit("cell=a", "seed=0,1", "trials=30", "seconds=0.2", options=profile(study))
    await_true(lambda: len(study.evaluations()) > 3)
    (job,) = cluster.jobs(study.sweep())
    cluster.command("scancel", "--batch", "--signal=USR1", job)
    await_true(lambda: "Restarts=1" in cluster.command("scontrol", "show", "job", job))
    assert study.status().counts["done"] == 0
    assert study.status().counts["waiting"] + study.status().counts["running"] == 2
    assert wait_until_over(study).counts["done"] == 2
    assert study.evaluations() == sorted(f"a {trial}" for trial in range(30))


@pytest.mark.faults
def test_time_limit_is_survived_in_the_middle_of_an_artifact(study, cluster):
    options = profile(study, signal_before=10)
    study.submit("cell=a", "seed=0,1", "trials=300", "seconds=0.3", options=options)
    assert wait_until_over(study, 400).counts["done"] == 2
    (job,) = cluster.jobs(study.sweep())
    assert "Restarts=0" not in cluster.command("scontrol", "show", "job", job)
    assert study.evaluations() == sorted(f"a {trial}" for trial in range(300))


@pytest.mark.faults
def test_code_that_swallows_exceptions_is_stopped_all_the_same(study, cluster):
    study.submit("cell=a", "seed=0", "fault=swallow", options=profile(study, signal_before=16))
    await_true(lambda: len(study.evaluations()) == 3)
    (job,) = cluster.jobs(study.sweep())
    cluster.command("scancel", "--batch", "--signal=USR1", job)
    await_true(lambda: "Restarts=1" in cluster.command("scontrol", "show", "job", job))
    (study.root / "outputs" / "trivial" / "repaired").touch()
    assert wait_until_over(study).counts["done"] == 1
    assert len(study.evaluations()) == 3


def test_requeue_by_the_administrator_resumes(study, cluster):
    study.submit("cell=a", "seed=0", "trials=30", "seconds=0.2", options=profile(study))
    await_true(lambda: len(study.evaluations()) > 3)
    (job,) = cluster.jobs(study.sweep())
    cluster.command("scontrol", "requeue", job)
    await_true(lambda: study.status().counts["waiting"] == 1)
    assert not study.status().is_over
    wait_until_over(study)
    assert study.status().counts["done"] == 1
    # The signal may have cost the one evaluation that was at hand.
    assert 30 <= len(study.evaluations()) <= 31


@pytest.mark.faults
def test_preemption_resumes(study, cluster):
    study.submit("cell=a", "seed=0", "trials=30", "seconds=0.2", options=profile(study))
    await_true(lambda: len(study.evaluations()) > 3)
    cluster.command(
        "sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "-o/dev/null", "--wrap=sleep 3"
    )
    await_true(lambda: study.status().counts["waiting"] == 1)
    assert not study.status().is_over
    wait_until_over(study)
    assert study.status().counts["done"] == 1
    assert 30 <= len(study.evaluations()) <= 31


def test_one_of_three_jobs_cancelled_leaves_the_others_alone(study, cluster):
    """Its siblings take its runs over; without accounting nothing hangs."""
    options = profile(study, runs_per_job=2, jobs=3)
    study.submit("cell=a,b,c", "seed=0,1", "trials=10", "seconds=0.2", options=options)
    await_true(lambda: len(cluster.jobs(study.sweep(), "RUNNING")) == 3 and len(study.evaluations()) > 3)
    cluster.command("scancel", sorted(cluster.jobs(study.sweep(), "RUNNING"))[1])
    assert wait_until_over(study).counts["done"] == 6
    assert len(study.collected()) == 6


@pytest.mark.faults
def test_all_jobs_cancelled_is_told_and_resubmit_completes(study, cluster):
    study.submit("cell=a", "seed=0,1,2", "trials=30", "seconds=0.2", options=profile(study, runs_per_job=3))
    await_true(lambda: len(study.evaluations()) > 3)
    study.run("cancel", study.sweep().path)
    # At once: nothing of the cancelled jobs is left to wait for.
    status = study.status()
    assert status.counts["missing"] + status.counts["lost"] == 3
    study.run("resubmit", *profile(study), study.sweep().path)
    assert wait_until_over(study).counts["done"] == 3
    assert 30 <= len(study.evaluations()) <= 31


def test_a_job_killed_outright_is_lost_with_its_state(study, cluster):
    study.submit("cell=a", "seed=0", "trials=100", "seconds=0.1", options=profile(study))
    await_true(lambda: bool(study.evaluations()))
    (line,) = study.sweep().leased()
    worker = psutil.Process(study.sweep().lease(line).holder().pid)
    worker.parent().kill()
    worker.kill()
    status = wait_until_over(study)
    assert status.counts["lost"] == 1
    output = study.run("status", study.sweep().path)
    assert "SLURM job" in output
    assert "FAILED" in output


def test_ctrl_c_on_the_watching_shell_leaves_the_jobs_alone(study, cluster):
    """Nobody has to wait for a sweep, and whoever comes back sees it again."""
    study.submit("cell=a", "seed=0,1", "trials=30", "seconds=0.2", options=profile(study))
    watching = study.start("watch", "--every", 0.2, study.sweep().path)
    assert watching.stdout.readline().startswith("2 runs: ")
    watching.send_signal(signal.SIGINT)
    assert "Traceback" not in watching.communicate(timeout=60)[1]
    assert watching.returncode == 130
    assert wait_until_over(study).counts["done"] == 2
    assert study.evaluations() == sorted(f"a {trial}" for trial in range(30))


def test_submitting_from_two_shells_at_once_computes_nothing_twice(study, cluster):
    study.open("cell=a,b", "seed=0,1")
    processes = [study.start("resubmit", *profile(study), study.sweep().path) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert len(study.sweep().rounds()) == 1
    assert wait_until_over(study).counts["done"] == 4
    assert study.evaluations() == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(3))


def test_arrays_are_cut_to_the_clusters_limits(study, own_cluster):
    """MaxArraySize=5: 12 jobs are three arrays; MaxJobCount=20: no more jobs than that."""
    cluster = own_cluster(MAX_ARRAY=5, MAX_JOBS=20)
    output = study.submit("seed=range(12)", options=profile(study, runs_per_job=1, jobs=2))
    assert "submitted 12 jobs" in output
    assert output.rpartition(" as ")[2].count(",") == 2
    study.submit("seed=range(50)", options=(*profile(study, runs_per_job=1), "--name", "large"))
    assert len(cluster.command("squeue", "-h", "-r").splitlines()) <= 20


def test_with_accounting(study, own_cluster):
    """MaxSubmitJobs is respected, and the state of jobs that the queue has forgotten is known."""
    cluster = own_cluster(ACCOUNTING=1)
    cluster.command("sacctmgr", "-i", "modify", "user", "root", "set", "maxsubmitjobs=3")
    await_true(lambda: "MaxSubmitJobs=3" in cluster.command("scontrol", "show", "assoc_mgr", "flags=assoc"))
    output = study.submit("seed=range(8)", options=profile(study, runs_per_job=1))
    assert "submitted 3 jobs" in output
    assert wait_until_over(study).counts["done"] == 8
    study.submit(
        "cell=b", "trials=100", "seconds=0.1", "seed=0", options=(*profile(study), "--name", "second")
    )
    await_true(lambda: any(line.startswith("b") for line in study.evaluations()))
    (second,) = (study.root / "outputs" / "trivial" / "sweeps").glob("second*")
    (job,) = cluster.jobs(Sweep(second), "RUNNING")
    cluster.command("scancel", job)
    await_true(lambda: "1 lost" in study.run("status", second) or "1 missing" in study.run("status", second))
    assert final_states([job]) == {job: "CANCELLED"}
    assert final_states(["99999_1"]) == {"99999_1": "unknown"}
    # The accounting may be down while the cluster works.
    psutil.Process(int((cluster.folder / "pid" / "slurmdbd").read_text())).kill()
    assert final_states(["99999_1", job]) == {"99999_1": "unknown", job: "CANCELLED"}
    assert "1 lost" in study.run("status", second) or "1 missing" in study.run("status", second)


@pytest.mark.faults
def test_node_death_requeues_on_the_other_node(study, own_cluster):
    """In the middle of the trials: resumed, and no finished evaluation repeated."""
    cluster = own_cluster(HOSTNAMES=1)
    study.submit("cell=a", "seed=0,1", "trials=60", "seconds=0.2", options=profile(study, time="00:05:00"))
    await_true(lambda: len(study.evaluations()) > 3)
    (job,) = cluster.jobs(study.sweep(), "RUNNING")
    node = cluster.command("squeue", "-h", "-o", "%N").strip()
    cluster.kill_node(node)
    before = study.evaluations()
    assert 0 < len(before) < 60
    assert not study.status().is_over
    status = wait_until_over(study, 240)
    assert status.counts["done"] == 2, (status.counts, cluster.jobs(study.sweep()))
    assert "Restarts=1" in cluster.command("scontrol", "show", "job", job)
    hosts = {path.name.split("-")[0] for path in (study.root / "outputs/trivial/evaluations").iterdir()}
    assert hosts == {"node1", "node2"}
    # The evaluation at hand when the node died is the only one that may be there twice.
    assert 60 <= len(study.evaluations()) <= 61
    assert len(study.collected()) == 2
    assert study.leftovers() == []


@pytest.mark.faults
def test_node_death_without_requeue_is_told_and_resubmit_completes(study, own_cluster):
    """SLURM never starts the job again: its runs are lost with that reason, not waited for."""
    cluster = own_cluster(HOSTNAMES=1)
    options = profile(study, time="00:05:00", options=["--no-requeue"])
    study.submit("cell=a", "seed=0,1", "trials=60", "seconds=0.2", options=options)
    await_true(lambda: len(study.evaluations()) > 3)
    (job,) = cluster.jobs(study.sweep(), "RUNNING")
    cluster.kill_node(cluster.command("squeue", "-h", "-o", "%N").strip())
    # The lease of a dead host is good for another minute.
    status = wait_until_over(study, 200)
    assert status.counts["done"] == 0
    assert cluster.jobs(study.sweep()) == {job: "NODE_FAIL"}
    assert f"SLURM job {job}: NODE_FAIL" in study.run("status", study.sweep().path)
    study.run("resubmit", *options, study.sweep().path)
    assert wait_until_over(study).counts["done"] == 2
    assert 60 <= len(study.evaluations()) <= 61
    assert len(study.collected()) == 2
