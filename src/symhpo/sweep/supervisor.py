"""What a SLURM job, or a sweep on this machine, runs: workers, restarted when they crash.

A SLURM job is ``python -m symhpo.sweep.supervisor SWEEP ROUND SHARE``, started by ``slurm/job.sh``.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.errors import UserError
from symhpo.sweep import slurm
from symhpo.sweep.events import FAILED, EventWriter
from symhpo.sweep.manifest import Round, Sweep
from symhpo.sweep.worker import ALL_DONE, RUNS_FAILED, STOPPED, WRONG_INPUT, grace

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Supervisor"]

_PAUSE = 0.1
_CRASHES_WITHOUT_A_LINE = 3
_SECONDS_BEYOND_GRACE = 5.0
"""After its grace, a worker that compiled code or a swallowed exception keeps busy is killed."""

logger = logging.getLogger(__name__)


class Supervisor:
    """Runs one worker process a share and sees to it that a crash costs one run only.

    Parameters
    ----------
    sweep, one
        The sweep and the round to work on.
    shares : sequence of int
        The shares that the workers begin with.
    """

    def __init__(self, sweep: Sweep, one: Round, shares: Sequence[int]) -> None:
        self._sweep = sweep
        self._round = one
        self._shares = shares
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._crashes = 0
        self._patience_ends = math.inf
        self.signal: int | None = None

    def run(self, look: Callable[[], None] = lambda: None) -> int:
        """Run the workers until they end; `look` is called ten times a second.

        Returns
        -------
        int
            The worst of the workers' exit statuses.
        """
        statuses = {ALL_DONE}
        with self._forwarded_signals():
            for share in self._shares:
                self._start(share)
            while self._workers:
                look()
                time.sleep(_PAUSE)
                if time.monotonic() > self._patience_ends:
                    self._kill()
                for share, worker in list(self._workers.items()):
                    if worker.poll() is not None:
                        statuses.add(self._ended(share, worker))
        for status in (WRONG_INPUT, STOPPED, RUNS_FAILED):
            if status in statuses:
                return status
        return ALL_DONE

    def _start(self, share: int) -> None:
        arguments = [str(self._sweep.path), str(self._round.number), str(share)]
        self._workers[share] = subprocess.Popen(
            [sys.executable, "-m", "symhpo.sweep.worker", *arguments],
            # It closes when we die, which tells the worker.
            stdin=subprocess.PIPE,
        )

    def _kill(self) -> None:
        for worker in self._workers.values():
            logger.error("worker %d did not stop in time and is killed", worker.pid)
            worker.kill()
        self._patience_ends = math.inf

    def _ended(self, share: int, worker: subprocess.Popen[bytes]) -> int:
        """Return the status of a worker that ended, after starting another one if it crashed."""
        del self._workers[share]
        status = int(worker.returncode)
        # Code that ends the process behind Python's back chooses any status, but keeps the lease.
        is_regular = status in (ALL_DONE, RUNS_FAILED, WRONG_INPUT, STOPPED)
        if is_regular and self._sweep.line_of(worker.pid) is None:
            return status
        if self.signal is not None:
            return STOPPED
        reason = f"the process was killed by signal {-status}" if status < 0 else f"exit status {status}"
        logger.error("worker %d: %s", worker.pid, reason)
        if not self._fail_line_of(worker.pid, reason):
            self._crashes += 1
        if self._crashes < _CRASHES_WITHOUT_A_LINE:
            self._start(share)
        return RUNS_FAILED

    def _fail_line_of(self, pid: int, reason: str) -> bool:
        """Record the failure of the line that a dead worker worked on; tell whether there was one."""
        held = self._sweep.line_of(pid)
        if held is None:
            return False
        with self._sweep.lease(held).hold() as ours:
            if ours:
                EventWriter(self._sweep.events, self._round.number).write(FAILED, held, reason=reason)
        return True

    @contextmanager
    def _forwarded_signals(self) -> Iterator[None]:
        def forward(number: int, _: FrameType | None) -> None:
            self.signal = number
            self._patience_ends = time.monotonic() + grace(number) + _SECONDS_BEYOND_GRACE
            for worker in self._workers.values():
                worker.send_signal(signal.SIGTERM if number == signal.SIGINT else number)

        numbers = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, forward) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def main() -> int:
    """Work on one share in a SLURM job, and put the job back into the queue when its time is up."""
    parser = argparse.ArgumentParser(description="Work on a share of a sweep in a SLURM job.")
    parser.add_argument("sweep", type=Path)
    parser.add_argument("round", type=int)
    parser.add_argument("share", type=int)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sweep = Sweep(arguments.sweep)
    supervisor = Supervisor(sweep, sweep.round(arguments.round), [arguments.share])
    try:
        status = supervisor.run()
        if supervisor.signal == signal.SIGUSR1 and status == STOPPED:
            slurm.requeue(os.environ)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    return status


if __name__ == "__main__":
    sys.exit(main())
