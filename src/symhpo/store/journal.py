"""Append-only JSON Lines: what a process has finished survives its death.

>>> with Journal(folder) as journal:
...     journal.append({"configuration": {"C": 1.0}, "cost": 0.2})
>>> done = list(read_journal(folder))

Every writer appends to a file of its own, so writers never disturb each other, and a line that a
dying writer left torn is the last one of its file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any

from symhpo.errors import UserError
from symhpo.store.files import clear_disk_errors, private_name
from symhpo.store.stopping import checkpoint

__all__ = ["Journal", "read_journal", "read_lines"]


class Journal:
    """One writer of a journal.

    Parameters
    ----------
    folder : Path
        The journal: a folder with one file for each writer. Made with the first line.
    durable : bool
        Whether a line is on the disk when `append` returns and survives the machine's death.
        Otherwise it survives the death of the process only, which costs less.
    checkpoints : bool
        Whether a process that was asked to stop does so after a line.
    """

    def __init__(self, folder: Path, *, durable: bool = True, checkpoints: bool = True) -> None:
        self.folder = folder
        self._durable = durable
        self._checkpoints = checkpoints
        self._descriptor: int | None = None

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one record: plain JSON without NaN.

        This is a checkpoint: a process that was asked to stop does so when the line is written.

        Raises
        ------
        UserError
            If the disk is full or read-only. The torn line is skipped by readers, and a later
            record goes to a new file.
        Stopped
            If `symhpo.store.stopping.request_stop` was called.
        """
        line = memoryview(json.dumps(record, allow_nan=False).encode() + b"\n")
        with checkpoint() if self._checkpoints else nullcontext(), clear_disk_errors(self.folder):
            try:
                if self._descriptor is None:
                    self._descriptor = self._open()
                while line:
                    line = line[os.write(self._descriptor, line) :]
                if self._durable:
                    os.fsync(self._descriptor)
            except OSError:
                self.close()
                raise

    def close(self) -> None:
        """Close this writer's file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / private_name(".jsonl")
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_journal(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of all writers, file by file, each file in the order of writing.

    Parameters
    ----------
    folder : Path
        The journal; none is an empty journal.

    Raises
    ------
    UserError
        If a line other than a torn last one is damaged.
    """
    for path in sorted(folder.glob("*.jsonl")):
        yield from read_lines(path)


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the objects of one JSON Lines file, but for a torn last line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            # What follows the last newline was not finished.
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError as error:
                raise UserError(
                    f"line {number} of {path} is damaged; remove the file, its work is done again"
                ) from error
