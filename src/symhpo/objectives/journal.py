"""Finished evaluations on disk, one JSON line each, so that none is ever repeated."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias
from weakref import finalize

from symhpo.objectives.base import Evaluation
from symhpo.parallel import Failure
from symhpo.space import Configuration
from symhpo.store import journal as store_journal

__all__ = ["Journal", "Outcome"]

Outcome: TypeAlias = Evaluation | Failure


class Journal:
    """A journal of evaluations in a folder, which many processes may write to at once.

    It can be sent to other processes; each has a file of its own in the folder.

    Parameters
    ----------
    directory : Path
        Made with the first line.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # An evaluation that a power failure takes is done again: not worth a disk flush each.
        self._writer = store_journal.Journal(directory, durable=False)
        finalize(self, self._writer.close)

    def __reduce__(self) -> tuple[type[Journal], tuple[Path]]:
        return Journal, (self.directory,)

    def read(self) -> dict[str, Outcome]:
        """Return the outcomes by the key they were appended under."""
        return {entry["key"]: _outcome(entry) for entry in store_journal.read_journal(self.directory)}

    def append(self, key: str, configuration: Configuration, seed: int, outcome: Outcome) -> None:
        """Append the outcome of one evaluation.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        self._writer.append(
            {"key": key, "configuration": dict(configuration), "seed": seed, **asdict(outcome)}
        )


def _outcome(entry: dict[str, Any]) -> Outcome:
    if "status" in entry:
        return Failure(entry["status"], entry["reason"], entry["traceback"])
    return Evaluation(entry["cost"], entry["test_cost"], entry["cpu_seconds"])
