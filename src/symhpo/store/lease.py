"""Leases: the right to do a piece of work alone, which no dead or stopped process can keep.

`flufl.lock` gives the NFS-safe primitive (a hard link to a claim file). A lease adds what long
work needs: a thread that refreshes it, the notice that its holder is dead or has let it expire,
and a takeover that only one process can carry out. A lease guards against work done twice; that
the result is right does not depend on it, because publication is atomic and the first one wins.
"""

from __future__ import annotations

import glob
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from flufl.lock import Lock, NotLockedError, TimeOutError

from symhpo.store.files import clear_disk_errors

__all__ = ["Holder", "Lease"]

logger = logging.getLogger(__name__)
# A lease that is busy is no error of ours: the library logs each attempt as one.
logging.getLogger("flufl.lock").setLevel(logging.CRITICAL)

LIFETIME = 60.0
"""Seconds after which a lease that is not refreshed is free for others (plus `CLOCK_SLOP`)."""
CLOCK_SLOP = 10.0
"""Seconds that the clocks of two hosts may differ."""
_REFRESHES_PER_LIFETIME = 4
_BREAK_LIFETIME = timedelta(seconds=10)


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, and until when.

    Attributes
    ----------
    machine : str
        Host name and, where the system has them, PID namespace: process ids mean something
        only within one.
    pid : int
        Process id.
    expires : float
        Unix time.
    claim : str
        Name of the claim file, unique to each time a lease is taken.
    """

    machine: str
    pid: int
    expires: float
    claim: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.machine.partition('+')[0]}"

    @property
    def is_of_this_machine(self) -> bool:
        """Whether the holder's process id means something here."""
        return self.machine == _machine()

    @property
    def is_gone(self) -> bool:
        """Whether the holder's process is known to be dead, or has let the lease expire."""
        if self.is_of_this_machine and not _is_alive(self.pid):
            return True
        return self.expires + CLOCK_SLOP < time.time()


class Lease:
    """The right to do the work that `path` stands for.

    Parameters
    ----------
    path : Path
        The lock file; it exists while the lease is held. Its folder has to exist.
    lifetime : float
        Seconds that the lease outlives its last refreshment.

    Examples
    --------
    >>> with Lease(path).hold() as held:
    ...     if held:
    ...         work()
    """

    def __init__(self, path: Path, *, lifetime: float = LIFETIME) -> None:
        self.path = path.absolute()
        self.lifetime = lifetime
        self._lock: Lock | None = None
        self._released = threading.Event()
        self._lost = threading.Event()

    @property
    def is_lost(self) -> bool:
        """Whether another process took the lease over while this one held it."""
        return self._lost.is_set()

    def holder(self) -> Holder | None:
        """Return who holds the lease now; None where nobody does."""
        try:
            # Opening the file makes an NFS client ask the server for the current time stamp.
            with self.path.open() as file:
                claim = Path(file.read()).name
                expires = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        return _parse_claim(claim, expires)

    def acquire(self) -> bool:
        """Take the lease if it is free or its holder is gone; never wait for a living holder.

        Raises
        ------
        UserError
            If the disk is full or read-only.
        """
        holder = self.holder()
        if holder is not None:
            if not holder.is_gone:
                return False
            self._remove(holder)
        lock = _MachineLock(str(self.path), lifetime=timedelta(seconds=self.lifetime))
        with clear_disk_errors(self.path.parent):
            try:
                lock.lock(timeout=timedelta(0))
            except TimeOutError:
                return False
            except OSError:
                with suppress(OSError):
                    Path(lock.claimfile).unlink()
                raise
        self._lock = lock
        self._released.clear()
        self._lost.clear()
        self._extend(lock)
        threading.Thread(target=self._refresh, args=(lock,), name="lease", daemon=True).start()
        return True

    def release(self) -> None:
        """Give the lease back. Nothing happens where another process has taken it over."""
        if self._lock is None:
            return
        self._released.set()
        with suppress(NotLockedError, OSError):
            self._lock.unlock()
        Path(self._lock.claimfile).unlink(missing_ok=True)
        self._lock = None

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Hold the lease during the block; the value tells whether it could be had."""
        held = self.acquire()
        try:
            yield held
        finally:
            self.release()

    def remove_stray_claims(self) -> None:
        """Remove the claim files of processes that died on their way to the lease."""
        for path in self.path.parent.glob(f"{glob.escape(self.path.name)}*|*"):
            with suppress(FileNotFoundError):
                about = path.stat()
                claimant = _parse_claim(path.name, about.st_mtime)
                # The claim that is linked to the lock is its holder's.
                if claimant is not None and claimant.is_gone and about.st_nlink == 1:
                    path.unlink()

    def _refresh(self, lock: Lock) -> None:
        while not self._released.wait(self.lifetime / _REFRESHES_PER_LIFETIME):
            try:
                if not lock.is_locked:
                    self._lost.set()
                    logger.warning("lost the lease %s: this process was stopped for too long", self.path)
                    return
                self._extend(lock)
            except OSError as error:
                logger.warning("cannot refresh the lease %s: %s", self.path, error)

    def _extend(self, lock: Lock) -> None:
        # The library's own time stamp is in local time, which is ambiguous for an hour a year.
        expires = time.time() + self.lifetime
        with suppress(FileNotFoundError):
            os.utime(lock.claimfile, (expires, expires))

    def _remove(self, gone: Holder) -> None:
        """Remove the lock of a holder that is gone, and only that one.

        Without the second lock two processes could both see the old holder, and the slower
        one would remove the lock that the faster one has just taken.
        """
        with suppress(TimeOutError), _BreakLock(f"{self.path}.break"):
            holder = self.holder()
            if holder is not None and holder.claim == gone.claim and holder.is_gone:
                logger.info("taking over from %s, which is gone", gone)
                self.path.unlink(missing_ok=True)
                (self.path.parent / gone.claim).unlink(missing_ok=True)


class _MachineLock(Lock):
    """A lock whose claim names the machine as far as process ids are comparable."""

    @property
    def hostname(self) -> str:
        return _machine()


class _BreakLock:
    """The right to remove a dead lock, held for an instant; its own death is waited out."""

    def __init__(self, path: str) -> None:
        self._lock = _MachineLock(path, lifetime=_BREAK_LIFETIME)

    def __enter__(self) -> None:
        self._lock.lock(timeout=timedelta(seconds=40))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.unlock(unconditionally=True)


def _parse_claim(name: str, expires: float) -> Holder | None:
    fields = name.split("|")
    if len(fields) != 4 or not fields[2].isdigit():
        return None
    return Holder(fields[1], int(fields[2]), expires, name)


def _machine() -> str:
    host = socket.gethostname()
    try:
        return f"{host}+{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return host


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
