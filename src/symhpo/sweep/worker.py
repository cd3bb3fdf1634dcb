"""A worker: one process that takes one line after the other until there is none left for it.

Started by `symhpo.sweep.supervisor` as ``python -m symhpo.sweep.worker SWEEP ROUND SHARE``.
"""

from __future__ import annotations

import argparse
import enum
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.errors import FailedRunError, UserError
from symhpo.store.lease import Holder
from symhpo.store.stopping import ArtifactBusy, Stopped, request_stop, stop_requested, without_waiting
from symhpo.sweep.events import DONE, FAILED, RELEASED, STARTED, EventLog, EventWriter, slurm_job
from symhpo.sweep.expand import Composer
from symhpo.sweep.manifest import Line, Round, Sweep
from symhpo.sweep.runner import load_runner

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["ALL_DONE", "GRACE", "RUNS_FAILED", "STOPPED", "WRONG_INPUT", "Worker", "grace", "in_order"]

ALL_DONE, RUNS_FAILED, WRONG_INPUT, STOPPED = 0, 1, 2, 75
"""Exit statuses; 75 is the system's "try again later"."""

GRACE = "SYMHPO_GRACE"
"""Environment variable: seconds that the trial at hand has to end after SIGUSR1."""
_GRACE_AFTER_SIGTERM = 2.0
_PAUSE = 0.5
_SECONDS_BETWEEN_READS = 1.0

logger = logging.getLogger(__name__)


class Attempt(enum.Enum):
    """What came of trying to work on a line."""

    FINISHED = enum.auto()  # it is done, or has failed in this round
    TAKEN = enum.auto()  # another process works on it
    BUSY = enum.auto()  # another process computes what it needs


class Worker:
    """Works through a round.

    Parameters
    ----------
    sweep, one
        The sweep and the round to work on.
    share : int
        Which of the round's shares to begin with.
    composer : Composer
        Entered.

    Attributes
    ----------
    has_failures : bool
        Whether lines failed in this process, or in this SLURM job before it was requeued.
    """

    def __init__(self, sweep: Sweep, one: Round, share: int, composer: Composer) -> None:
        self.has_failures = False
        self._sweep = sweep
        self._round = one
        self._share = share
        self._composer = composer
        self._runner = load_runner(sweep.request.runner)
        self._log = EventLog(sweep.events)
        self._writer = EventWriter(sweep.events, one.number)
        self._job = slurm_job()
        self._finished: set[str] = set()
        self._first_seen: dict[str, Holder] = {}
        self._last_read = -_SECONDS_BETWEEN_READS

    def work(self) -> None:
        """Work until every line is finished, or in the hands of a process that lives.

        A line whose landscape or trials another process computes is put off while there is
        other work, and waited for when there is not.

        Raises
        ------
        Stopped
            If this process was asked to stop. The line at hand is given back.
        """
        queue = deque(in_order(self._sweep.round_lines(self._round), self._share, self._round.shares))
        in_vain = 0  # lines looked at since one was finished
        while queue:
            if stop_requested() or self._sweep.is_cancelled(self._round):
                raise Stopped
            nothing_else = in_vain >= len(queue)
            line = queue.popleft()
            attempt = self._attempt(line, wait=nothing_else)
            if attempt is Attempt.FINISHED:
                in_vain = 0
            elif attempt is Attempt.BUSY or not self._is_in_good_hands(line):
                queue.append(line)
                in_vain += 1
                if nothing_else:
                    time.sleep(_PAUSE)

    def _attempt(self, line: Line, *, wait: bool) -> Attempt:
        self._read_events()
        if line.id in self._finished:
            return Attempt.FINISHED
        with self._sweep.lease(line.id).hold() as held:
            if not held:
                return Attempt.TAKEN
            self._read_events()
            if line.id in self._finished:
                return Attempt.FINISHED
            return self._run(line, wait=wait)

    def _run(self, line: Line, *, wait: bool) -> Attempt:
        cpu, wall = time.process_time(), time.monotonic()
        reason = trace = ""
        try:
            config = self._composer.compose([*line.overrides, *self._round.extra])
            work = self._runner(config, line.overrides)
            self._writer.write(STARTED, line.id, runs=work.runs)
            with nullcontext() if wait else without_waiting():
                work.execute()
        except ArtifactBusy as busy:
            self._writer.write(RELEASED, line.id, reason=str(busy))
            return Attempt.BUSY
        except (Stopped, KeyboardInterrupt):
            self._writer.write(RELEASED, line.id, reason="the process was asked to stop")
            raise
        except (UserError, FailedRunError) as error:
            reason = str(error) or type(error).__name__
        except (Exception, SystemExit) as error:
            # A run that leaves the process, with whatever status, is to cost no other run.
            reason, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        if reason:
            logger.error("%s failed: %s\n%s", " ".join(line.overrides), reason, trace)
            self.has_failures = True
        self._finished.add(line.id)
        self._writer.write(
            FAILED if reason else DONE,
            line.id,
            reason=reason,
            traceback=trace,
            cpu_seconds=time.process_time() - cpu,
            wall_seconds=time.monotonic() - wall,
        )
        return Attempt.FINISHED

    def _read_events(self) -> None:
        """Learn what others have finished; to be a second late costs one look at a finished run."""
        if time.monotonic() - self._last_read < _SECONDS_BETWEEN_READS:
            return
        for event in self._log.read():
            failed_now = event["event"] == FAILED and event["round"] == self._round.number
            # What was done before this round, and yet is a part of it, has lost its results since.
            if failed_now or (event["event"] == DONE and event["round"] >= self._round.number):
                self._finished.add(event["line"])
            if failed_now and self._job is not None and event["job"] == self._job:
                self.has_failures = True
        self._last_read = time.monotonic()

    def _is_in_good_hands(self, line: Line) -> bool:
        """Whether the holder of a line has been seen to refresh its lease, and so is alive.

        A process of a dead machine looks alive until its lease expires; its lines are not to be
        left behind.
        """
        holder = self._sweep.lease(line.id).holder()
        if holder is None:
            return False
        first = self._first_seen.get(line.id)
        if first is None or first.claim != holder.claim:
            self._first_seen[line.id] = holder
            return False
        return holder.expires > first.expires


def in_order(lines: Sequence[Line], share: int, shares: int) -> list[Line]:
    """Return all lines: those of a share first, then the others', those begun latest first.

    Neighbours in a manifest share artifacts, so a share is a stretch of it. Whoever has finished
    his own helps from the end of the share before, where its owner will be last.
    """
    first, end = len(lines) * share // shares, len(lines) * (share + 1) // shares
    return [*lines[first:end], *reversed(lines[:first]), *reversed(lines[end:])]


def grace(number: int) -> float:
    """Return the seconds that the trial at hand has to end after a signal."""
    return float(os.environ.get(GRACE, "60")) if number == signal.SIGUSR1 else _GRACE_AFTER_SIGTERM


def main() -> int:
    """Work on one share of a round; the exit status tells how it ended."""
    parser = argparse.ArgumentParser(description="Work on the lines of a sweep.")
    parser.add_argument("sweep", type=Path)
    parser.add_argument("round", type=int)
    parser.add_argument("share", type=int)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Of a crash in compiled code, the log is to say where.
    faulthandler.enable()
    _stop_on_signals()
    threading.Thread(target=_stop_without_supervisor, daemon=True).start()
    sweep = Sweep(arguments.sweep)
    os.chdir(sweep.request.directory)
    request = sweep.request
    try:
        with Composer(Path(request.config_folder), request.config_name) as composer:
            worker = Worker(sweep, sweep.round(arguments.round), arguments.share, composer)
            worker.work()
    except (Stopped, KeyboardInterrupt):
        return STOPPED
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    return RUNS_FAILED if worker.has_failures else ALL_DONE


def _stop_on_signals() -> None:
    """Stop at the next checkpoint after SIGUSR1 or SIGTERM, or when patience ends."""

    def stop(number: int, _: FrameType | None) -> None:
        # SLURM sends SIGTERM to every process of a job, SIGUSR1 to us alone.
        request_stop(outcomes_spoilt=number == signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, grace(number))

    def give_up(_: int, __: FrameType | None) -> None:
        raise Stopped

    signal.signal(signal.SIGUSR1, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, give_up)


def _stop_without_supervisor() -> None:
    """Stop when the supervisor dies, and with it the other end of our standard input."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGUSR1)


if __name__ == "__main__":
    sys.exit(main())
