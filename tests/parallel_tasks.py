"""Tasks for worker processes, which import them by this module's name."""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time

import numpy as np

from symhpo.parallel import THREAD_VARIABLES


def square(x: int) -> int:
    return x * x


def fail_on_two(x: int) -> int:
    if x == 2:
        raise ValueError("two is not allowed")
    return x


def hang_in_c_on_zero(x: int) -> int:
    if x == 0:
        # Backtracks for ever inside the regular expression engine, the GIL held.
        re.match(r"(a+)+$", "a" * 60 + "b")
    return x


def die_on_zero(x: int) -> int:
    if x == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def burn(cpu_seconds: float) -> float:
    end = time.process_time() + cpu_seconds
    while time.process_time() < end:
        pass
    return cpu_seconds


def threads(_: int) -> list[str | None]:
    return [os.environ.get(variable) for variable in THREAD_VARIABLES]


def modules(_: int) -> set[str]:
    return set(sys.modules)


def page_faults(_: int) -> int:
    """Take and free 8 MB fifty times, and count how often the system had to find a page for it."""
    np.ones(10**6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(10**6)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def unpicklable(_: int) -> object:
    return lambda: None


state: list[str] = []


def remember(text: str) -> None:
    state.append(text)


def recall(x: int) -> list[str]:
    if x == 0:
        raise ValueError("the first task fails")
    return state


def refuse(_: str) -> None:
    raise OSError("no such data")
