"""SLURM's own commands, with an answer or one clear line, never a wait without end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from symhpo.errors import UserError
from symhpo.sweep.profile import Profile
from symhpo.sweep.worker import GRACE

__all__ = ["Limits", "alive", "cancel", "final_states", "limits", "requeue", "submit"]

_TIMEOUT = 60.0
_SECONDS_TO_LEAVE = 15
"""Before the time limit, for giving back what is left and requeueing."""
_OVER = frozenset(
    (
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "OUT_OF_MEMORY",
        "REVOKED",
        "SPECIAL_EXIT",
        "TIMEOUT",
    )
)
"""States after which a job does not come back. REQUEUED is none of them."""
_OVER_UNLESS_REQUEUED = frozenset(("NODE_FAIL", "PREEMPTED"))
_BATCH_SCRIPT = Path(__file__).resolve().parents[3] / "slurm" / "job.sh"
_ARRAY_TASKS_IN_A_COMMAND = 200


@dataclass(frozen=True)
class Limits:
    """What a cluster accepts.

    Attributes
    ----------
    array_size : int
        Tasks of one array; indices begin at 0.
    jobs : int
        Jobs that may be added to the queue now; an array task counts as one.
    """

    array_size: int
    jobs: int


def limits() -> Limits:
    """Ask the cluster how many jobs it accepts from us."""
    config = _run("scontrol", "show", "config")
    array_size = int(_value(config, "MaxArraySize", "1001"))
    most = int(_value(config, "MaxJobCount", "10000"))
    bounds: list[tuple[str, str]] = []
    if _has_accounting(config):
        user = _run("id", "-un").strip()
        associations = _run("scontrol", "show", "assoc_mgr", "flags=assoc", f"users={user}")
        bounds = re.findall(r"MaxSubmitJobs=(\d+)\((\d+)\)", associations)
    # A job counts until slurmctld forgets it, and there has to be one place more than jobs. Where
    # there is no room, sbatch waits without end.
    remembered = len(_run("squeue", "-h", "-r", "-t", "all", "-o", "%i").splitlines())
    return Limits(
        array_size, min([most - remembered - 1, *(int(bound) - int(used) for bound, used in bounds)])
    )


def submit(
    profile: Profile, *, job_name: str, logs: Path, tasks: int, directory: str, arguments: Sequence[str]
) -> list[str]:
    """Submit a job for each of `tasks` shares, in as many arrays as the cluster needs.

    Parameters
    ----------
    arguments : sequence of str
        Of the batch script, before the share. It adds its array's offset and its own index.

    Returns
    -------
    list of str
        Ids of the arrays.
    """
    size = limits().array_size
    environment = {
        **os.environ,
        "SYMHPO_PYTHON": sys.executable,
        "SYMHPO_SETUP": "\n".join(profile.setup),
        GRACE: str(max(1, profile.signal_before - _SECONDS_TO_LEAVE)),
    }
    arrays = -(-tasks // size)
    at_once = max(1, profile.jobs // arrays)
    submitted = []
    for offset in range(0, tasks, size):
        last = min(size, tasks - offset) - 1
        output = _run(
            "sbatch",
            "--parsable",
            f"--job-name={job_name}",
            f"--array=0-{last}%{at_once}",
            f"--output={logs}/%A_%a.txt",
            f"--chdir={directory}",
            *profile.sbatch_options(),
            str(_BATCH_SCRIPT),
            *arguments,
            str(offset),
            environment=environment,
        )
        submitted.append(output.strip().partition(";")[0])
    return submitted


def alive(job_names: Sequence[str]) -> set[str]:
    """Return the names of those jobs of which one waits, runs or will be requeued."""
    if not job_names:
        return set()
    columns = "State:32,Requeue:8,Name:512"
    output = _run("squeue", "-h", "-t", "all", f"--name={','.join(job_names)}", "-O", columns)
    jobs = (line.split(maxsplit=2) for line in output.splitlines())
    return {
        name.strip()
        for state, may_requeue, name in jobs
        if state not in _OVER and (state not in _OVER_UNLESS_REQUEUED or may_requeue != "0")
    }


def final_states(job_ids: Iterable[str]) -> dict[str, str]:
    """Return the last known state of array tasks, such as ``123_4``; "unknown" where it is gone.

    From the accounting where there is one, else from what slurmctld still remembers.
    """
    wanted = sorted(set(job_ids))
    states = dict.fromkeys(wanted, "unknown")
    for start in range(0, len(wanted), _ARRAY_TASKS_IN_A_COMMAND):
        some = wanted[start : start + _ARRAY_TASKS_IN_A_COMMAND]
        states.update(_queue_states(some))
        states.update(_accounted_states([job for job in some if states[job] == "unknown"]))
    return states


def cancel(job_name: str) -> None:
    """Cancel all jobs of this name."""
    _run("scancel", f"--name={job_name}")


def requeue(environment: Mapping[str, str]) -> None:
    """Put the job that we are in back into the queue; SLURM then ends it."""
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    _run("scontrol", "requeue", f"{array}_{task}" if array else environment["SLURM_JOB_ID"])


def _queue_states(job_ids: Sequence[str]) -> dict[str, str]:
    try:
        output = _run("squeue", "-h", "-r", "-t", "all", f"--jobs={','.join(job_ids)}", "-o", "%i %T")
    except UserError:  # squeue fails when it remembers none of them
        return {}
    return dict(line.split(maxsplit=1) for line in output.splitlines())


def _accounted_states(job_ids: Sequence[str]) -> dict[str, str]:
    if not job_ids:
        return {}
    try:
        if not _has_accounting(_run("scontrol", "show", "config")):
            return {}
        output = _run("sacct", "-n", "-P", "-X", f"--jobs={','.join(job_ids)}", "-o", "JobID,State")
    except UserError:  # the accounting may be down while the cluster works
        return {}
    pairs = (line.split("|") for line in output.splitlines())
    return {job: state.split()[0] for job, state in pairs}


def _has_accounting(config: str) -> bool:
    return _value(config, "AccountingStorageType", "").endswith("slurmdbd")


def _value(config: str, name: str, default: str) -> str:
    found = re.search(rf"^{name}\s*=\s*(\S+)", config, re.MULTILINE)
    return found.group(1) if found else default


def _run(*command: str, environment: Mapping[str, str] | None = None) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_TIMEOUT, env=environment
        ).stdout
    except FileNotFoundError:
        raise UserError(f"there is no {command[0]} here: use a submit host, or --local N") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"SLURM has not answered {command[0]} for {_TIMEOUT:.0f} s; try again") from None
    except subprocess.CalledProcessError as error:
        line = (error.stderr.strip().splitlines() or ["no message"])[0]
        raise UserError(f"SLURM refused {' '.join(command[:2])}: {line}") from None
