"""What a user does with a sweep: hand out its lines, to SLURM or to this machine, and cancel it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from symhpo.errors import UserError
from symhpo.store import RunFolder, Store
from symhpo.store.collect import Collection, collect_runs
from symhpo.store.lease import Holder
from symhpo.sweep import slurm
from symhpo.sweep.expand import Composer
from symhpo.sweep.manifest import Request, Round, Sweep
from symhpo.sweep.profile import Profile
from symhpo.sweep.runner import PIPELINE
from symhpo.sweep.status import Status
from symhpo.sweep.supervisor import Supervisor
from symhpo.sweep.worker import ALL_DONE

__all__ = ["NEW", "UNFINISHED", "cancel", "collect", "handing_out", "open_sweep", "run_here", "submit"]

NEW = ("missing", "lost")
"""States of the lines that `submit` hands out."""
UNFINISHED = ("missing", "lost", "failed")
"""States of the lines that `resubmit` hands out."""
_PATIENCE = 120.0
_PATIENCE_WITH_CANCELLED = 30.0


def open_sweep(
    overrides: Sequence[str], folder: Path, config: str, *, name: str | None = None, runner: str = PIPELINE
) -> Sweep:
    """Return the sweep of some overrides, expanding and writing it if it does not exist.

    Parameters
    ----------
    overrides : sequence of str
        In Hydra's grammar, as after ``-m``.
    folder, config
        The configuration's folder and the primary configuration in it.
    name : str, optional
        Tells sweeps of the same overrides apart; default is the experiment's name.
    runner : str
        ``module:attribute`` of what is done for a line.

    Raises
    ------
    UserError, HydraException
        If an override is wrong.
    """
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UserError(f"{name!r} cannot name a sweep: use letters, digits, '.', '_' and '-'")
    with Composer(folder, config) as composer:
        runs = composer.expand(overrides)
        composer.check(runs)
        first = composer.compose(runs[0])
        parent = Path(first.paths.outputs, first.name).absolute()
        request = Request(
            overrides=tuple(overrides),
            config_folder=str(composer.folder),
            config_name=config,
            directory=str(Path.cwd()),
            runner=runner,
            name=name or str(first.name),
            store=str(Path(first.paths.store).absolute()),
        )
    return Sweep.create(parent, request, runs)


def submit(sweep: Sweep, profile: Profile, states: Sequence[str]) -> tuple[Round, list[str]] | None:
    """Submit the lines in some states that nobody works on or will, as SLURM job arrays.

    Returns
    -------
    (Round, list of str) or None
        The round and the ids of its arrays; None where there is no such line.
    """
    with handing_out(sweep):
        indices = Status(sweep).indices(*states)
        if not indices:
            return None
        allowed = slurm.limits().jobs
        if allowed < 1:
            raise UserError("the cluster accepts no further job from you now; try again when some have ended")
        tasks = min(-(-len(indices) // profile.runs_per_job), allowed)
        one = _add_round(sweep, "slurm", tasks, indices, profile.cpus)
        arrays = slurm.submit(
            profile,
            job_name=one.job_name,
            logs=sweep.logs,
            tasks=tasks,
            directory=sweep.request.directory,
            arguments=[str(sweep.path), str(one.number)],
        )
    return one, arrays


def run_here(
    sweep: Sweep, workers: int, states: Sequence[str], look: Callable[[Status], None], *, every: float
) -> int:
    """Run the lines in some states that nobody works on or will, on this machine.

    Parameters
    ----------
    workers : int
        Number of processes.
    look : callable
        Called with the sweep's status every `every` seconds.

    Returns
    -------
    int
        Exit status: 0 if all went well.
    """
    with handing_out(sweep):
        indices = Status(sweep).indices(*states)
        if not indices:
            return ALL_DONE
        one = _add_round(sweep, "local", workers, indices, cpus=1)
        lease = sweep.local_lease(one)
        lease.acquire()
    next_look = 0.0

    def look_now_and_then() -> None:
        nonlocal next_look
        if time.monotonic() >= next_look:
            look(Status(sweep))
            next_look = time.monotonic() + every

    try:
        return Supervisor(sweep, one, range(min(workers, len(indices)))).run(look_now_and_then)
    finally:
        lease.release()


def cancel(sweep: Sweep) -> int:
    """Cancel all that waits or runs; return the number of rounds concerned.

    What was at hand is given back when this returns, unless its process is on another host, or
    does not listen.
    """
    alive = Status(sweep).alive
    for one in alive:
        sweep.cancel(one)
        if one.launcher == "slurm":
            slurm.cancel(one.job_name)
        else:
            _terminate(sweep.local_lease(one).holder())
    deadline = time.monotonic() + _PATIENCE_WITH_CANCELLED
    while alive and any(sweep.leased()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return len(alive)


def _terminate(holder: Holder | None) -> None:
    if holder is not None and holder.is_of_this_machine and not holder.is_gone:
        # Another user's process will see that its round is cancelled when its run has ended.
        with suppress(ProcessLookupError, PermissionError):
            os.kill(holder.pid, signal.SIGTERM)


def collect(sweep: Sweep, *, allow_mixed_versions: bool = False) -> Collection:
    """Collect the records of a sweep's runs, and remove what dead processes have left.

    Raises
    ------
    UserError
        If records were made by different versions of the code and `allow_mixed_versions` is false.
    """
    status = Status(sweep)
    runs: dict[str, RunFolder] = {}
    expected: list[str] = []
    failed: list[str] = []
    for line, state in zip(sweep.lines, status.states, strict=True):
        known = status.runs(line.id)
        runs.update({run_id: RunFolder(Path(folder), run_id) for run_id, folder in known.items()})
        # A line that was never started stands for itself.
        expected.extend(known or [line.id])
        if state == "failed" and not known:
            failed.append(line.id)
    sweep.clean()
    Store(sweep.request.store).clean()
    return collect_runs(runs, expected, failed=failed, allow_mixed_versions=allow_mixed_versions)


@contextmanager
def handing_out(sweep: Sweep) -> Iterator[None]:
    """Hand out lines alone, so that two users who ask at once hand out every line once."""
    deadline = time.monotonic() + _PATIENCE
    lease = sweep.planning()
    while not lease.acquire():
        if time.monotonic() > deadline:
            raise UserError(f"{lease.holder()} is still handing out lines of {sweep.path}; try again")
        time.sleep(0.2)
    try:
        yield
    finally:
        lease.release()


def _add_round(sweep: Sweep, launcher: str, shares: int, indices: Sequence[int], cpus: int) -> Round:
    lines = None if len(indices) == len(sweep.lines) else indices
    # How many processes a run has changes no result, so it is no part of a line.
    is_chosen = any(override.partition("=")[0] == "workers" for override in sweep.request.overrides)
    return sweep.add_round(launcher, shares, lines, [] if is_chosen else [f"++workers={cpus}"])
