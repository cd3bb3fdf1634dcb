"""How a process is asked to stop: at the next point where all that is finished is safe.

A signal handler calls `request_stop`; every `Journal.append` is a checkpoint, which raises
`Stopped` once its line is written. Like `KeyboardInterrupt`, the exceptions here are no errors and
pass through ``except Exception``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = [
    "ArtifactBusy",
    "Stopped",
    "checkpoint",
    "may_wait",
    "request_stop",
    "stop_requested",
    "without_waiting",
]

_stop = threading.Event()
_outcomes_spoilt = threading.Event()
_waiting_allowed = ContextVar("waiting_allowed", default=True)


class Stopped(BaseException):
    """The process was asked to stop; what it had finished is in its journals."""


class ArtifactBusy(BaseException):
    """Another process computes what is needed, and the caller has other work to do meanwhile."""


def request_stop(*, outcomes_spoilt: bool = False) -> None:
    """Ask this process to stop at its next checkpoint.

    Parameters
    ----------
    outcomes_spoilt : bool
        Whether what arrives from now on is not to be written down: the signal that stops us has
        gone to our worker processes too, and their deaths are no results.
    """
    if outcomes_spoilt:
        _outcomes_spoilt.set()
    _stop.set()


def stop_requested() -> bool:
    """Whether this process was asked to stop."""
    return _stop.is_set()


@contextmanager
def checkpoint() -> Iterator[None]:
    """Write something down in the block; raise `Stopped` after it, or before, if asked to stop."""
    if _outcomes_spoilt.is_set():
        raise Stopped
    yield
    if _stop.is_set():
        raise Stopped


def may_wait() -> bool:
    """Whether work that another process does may be waited for."""
    return _waiting_allowed.get()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Within the block, `Store.compute` raises `ArtifactBusy` where it would wait."""
    token = _waiting_allowed.set(False)
    try:
        yield
    finally:
        _waiting_allowed.reset(token)
