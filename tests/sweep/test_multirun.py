"""The plain way: Hydra's own multirun with our launchers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import await_true

APPLICATION = Path(__file__).with_name("app.py")
CONF = Path(__file__).parents[2] / "conf"


def start(study, launcher: str, *overrides: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            str(APPLICATION),
            "-m",
            f"hydra.searchpath=[file://{CONF}]",
            f"hydra/launcher={launcher}",
            *study.overrides(*overrides),
        ],
        cwd=study.root,
        env={**os.environ, **study.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def multirun(study, launcher: str, *overrides: str) -> subprocess.CompletedProcess[str]:
    process = start(study, launcher, *overrides)
    output, errors = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def test_processes_on_this_machine(study):
    ended = multirun(study, "local", "cell=a,b", "seed=0,1")
    assert ended.returncode == 0, ended.stderr
    evaluated = study.evaluations()
    assert evaluated == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(3))
    assert study.status().counts["done"] == 4
    # Starting it again computes nothing.
    assert multirun(study, "local", "cell=a,b", "seed=0,1").returncode == 0
    assert study.evaluations() == evaluated
    assert len(study.collected()) == 4


def test_what_never_started_is_missing(study):
    """A multirun that dies before its last jobs: they are counted, not forgotten."""
    ended = multirun(study, "basic", "cell=a", "seed=0,1,2", "fault=crash")
    assert ended.returncode != 0
    counts = study.status().counts
    assert (counts["lost"], counts["missing"]) == (1, 2)
    (study.root / "outputs" / "trivial" / "repaired").touch()
    output = study.run("resubmit", "--local", 1, study.sweep().path)
    assert "3 runs: 3 done" in output


@pytest.mark.slurm
@pytest.mark.xdist_group("slurm")
def test_jobs_on_slurm(study, cluster):
    options = ("hydra.launcher.timeout_min=1", "hydra.launcher.mem_gb=null", "hydra.launcher.cpus_per_task=1")
    ended = multirun(study, "slurm", "cell=a,b", "seed=0", *options)
    assert ended.returncode == 0, ended.stderr
    assert study.status().counts["done"] == 2


@pytest.mark.slurm
@pytest.mark.xdist_group("slurm")
def test_a_failed_job_on_slurm_is_failed_and_spares_its_siblings(study, cluster):
    options = ("hydra.launcher.timeout_min=1", "hydra.launcher.mem_gb=null", "hydra.launcher.cpus_per_task=1")
    ended = multirun(study, "slurm", "cell=a", "seed=0,1", "fault=odd", *options)
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
    states = cluster.command("squeue", "-h", "-r", "-t", "all", "--name=cli", "-o", "%T").split()
    assert "FAILED" in states
    assert study.status().states == ["done", "failed"]
    assert next((study.root / "outputs").rglob("traceback.txt")).exists()


@pytest.mark.slurm
@pytest.mark.faults
@pytest.mark.xdist_group("slurm")
def test_ctrl_c_on_the_parent_leaves_the_jobs_alone(study, cluster):
    """They end, and are seen again; `resubmit` does the rest."""
    options = ("hydra.launcher.timeout_min=1", "hydra.launcher.mem_gb=null", "hydra.launcher.cpus_per_task=1")
    process = start(study, "slurm", "cell=a,b", "seed=0", "trials=20", "seconds=0.2", *options)
    await_true(lambda: len(study.evaluations()) > 3)
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130, errors
    await_true(lambda: study.status().counts["done"] == 2)
    assert study.evaluations() == sorted(f"{cell} {trial}" for cell in "ab" for trial in range(20))
    assert study.run("resubmit", "--local", 1, study.sweep().path).startswith("2 runs: 2 done")
