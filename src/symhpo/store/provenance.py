"""Provenance: where, when, by which code and at what cost a result was made."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import symhpo

__all__ = ["Stopwatch", "code_version", "machine", "package_versions", "provenance"]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_SLURM_VARIABLES = (
    "SLURM_CLUSTER_NAME",
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_RESTART_COUNT",
    "SLURM_JOB_PARTITION",
    "SLURM_CPUS_ON_NODE",
    "SLURMD_NODENAME",
)
_KIB = 1024


class Stopwatch:
    """Wall and CPU seconds since it was made, children that have ended included."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self._wall = time.monotonic()
        self._cpu = _cpu_seconds()

    def wall_seconds(self) -> float:
        """Return the wall seconds until now."""
        return time.monotonic() - self._wall

    def cpu_seconds(self) -> float:
        """Return the CPU seconds until now."""
        return _cpu_seconds() - self._cpu


def provenance(
    *,
    run_id: str,
    config: Mapping[str, Any],
    overrides: list[str],
    stopwatch: Stopwatch,
    status: str,
    stages: Mapping[str, int] | None = None,
    data: Mapping[str, Any] | None = None,
    reason: str = "",
    traceback: str = "",
) -> dict[str, Any]:
    """Describe how a result was made, as plain JSON.

    Parameters
    ----------
    run_id : str
        The run's id.
    config, overrides
        The resolved configuration, and what the user changed in it.
    stopwatch : Stopwatch
        Made when the run started.
    status : {"done", "failed"}
        How the run ended.
    stages : mapping of str to int, optional
        Version of each stage's code. Tables are not made of different ones.
    data : mapping, optional
        Name, version and checksum of the data set.
    reason, traceback : str
        Of a failed run.
    """
    return {
        "id": run_id,
        "status": status,
        "reason": reason,
        "traceback": traceback,
        "config": config,
        "overrides": overrides,
        "data": data or {},
        "code": {**code_version(), "stages": dict(stages or {})},
        "packages": package_versions(),
        "machine": machine(),
        "threads": {name: os.environ[name] for name in _THREAD_VARIABLES if name in os.environ},
        "slurm": {name: os.environ[name] for name in _SLURM_VARIABLES if name in os.environ},
        "started": stopwatch.started.isoformat(),
        "wall_seconds": stopwatch.wall_seconds(),
        "cpu_seconds": stopwatch.cpu_seconds(),
        "peak_memory_bytes": _peak_memory(),
    }


@cache
def code_version() -> dict[str, Any]:
    """Return version, git commit and whether files differ from it; null outside a checkout."""
    version: dict[str, Any] = {"symhpo": symhpo.__version__, "git_sha": None, "git_dirty": None}
    try:
        status = subprocess.run(
            ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return version
    for line in status:
        if line.startswith("# branch.oid "):
            version["git_sha"] = line.removeprefix("# branch.oid ")
    version["git_dirty"] = any(not line.startswith("#") for line in status)
    return version


@cache
def machine() -> dict[str, Any]:
    """Return host, operating system, Python and processor."""
    return {
        "host": socket.gethostname(),
        "os": platform.platform(),
        "python": sys.version.split()[0],
        "cpu": _cpu_model(),
        "cpu_count": os.cpu_count(),
        "cpu_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that this one requires."""
    versions = {}
    for requirement in importlib.metadata.requires("symhpo") or []:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        if "extra ==" in requirement:
            continue
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model.group(1) if model else platform.processor()


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_memory() -> int:
    """Return the largest resident set, in bytes, of this process or of one of its children."""
    unit = 1 if sys.platform == "darwin" else _KIB
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return unit * max(usage.ru_maxrss for usage in usages)
