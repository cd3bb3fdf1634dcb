"""Progress of long work: a bar on a terminal, plain log lines otherwise."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["progress"]

T = TypeVar("T")
logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0


def progress(items: Iterable[T], what: str, total: int, *, done: int = 0) -> Iterator[T]:
    """Yield the items and show how many have been yielded.

    Parameters
    ----------
    items : iterable
        The work still to do.
    what : str
        The name of the work, such as ``"landscape svm/vehicle"``.
    total : int
        Number of items in all, those done before included.
    done : int
        Number of items that were done before this call.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=what, total=total, initial=done, leave=False)
        return
    shown = time.monotonic()
    for count, item in enumerate(items, start=done + 1):
        yield item
        if count == total or time.monotonic() - shown > SECONDS_BETWEEN_LINES:
            logger.info("%s: %d of %d", what, count, total)
            shown = time.monotonic()
