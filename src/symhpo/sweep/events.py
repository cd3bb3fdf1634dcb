"""What workers say about the lines they work on, read while it is being written."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from symhpo.store import Journal

__all__ = ["DONE", "FAILED", "RELEASED", "STARTED", "EventLog", "EventWriter", "slurm_job"]

STARTED, DONE, FAILED, RELEASED = "started", "done", "failed", "released"


class EventWriter:
    """Appends one process's events to a file of its own.

    Parameters
    ----------
    folder : Path
        The sweep's events.
    round_number : int
        The round this process works in.
    """

    def __init__(self, folder: Path, round_number: int) -> None:
        # An event that a dying machine swallows costs one look at a run that is done.
        self._journal = Journal(folder, durable=False, checkpoints=False)
        self._about = {
            "round": round_number,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "job": slurm_job(),
        }

    def write(self, event: str, line_id: str, **further: Any) -> None:
        """Append an event."""
        self._journal.append({"event": event, "line": line_id, "time": time.time(), **self._about, **further})


class EventLog:
    """All events of a sweep, in no particular order across workers.

    Each call of `read` yields what was written since the last one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets: dict[str, int] = {}

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Yield new events; a line that is still being written waits for the next call."""
        with os.scandir(self._folder) as entries:
            grown = [
                (entry.path, offset)
                for entry in entries
                if (offset := self._offsets.get(entry.path, 0)) < entry.stat().st_size
            ]
        for path, offset in sorted(grown):
            with Path(path).open("rb") as file:
                file.seek(offset)
                for text in file:
                    if not text.endswith(b"\n"):
                        break
                    offset += len(text)
                    yield json.loads(text)
            self._offsets[path] = offset


def slurm_job() -> str | None:
    """Return the id of the SLURM job we are in, as ``sacct`` and ``squeue`` name it."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")
