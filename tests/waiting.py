"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def await_true(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Return when a condition holds; fail if it does not for so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.1)
