"""The folder of a sweep: what is to be run, by whom it was asked for, and what came of it.

::

    outputs/<name>/sweeps/<label>-<id>/
        sweep.json        what was asked for
        manifest.jsonl    one line a run: id, overrides; never changed
        rounds/           one file each time the sweep, or the rest of it, was handed out
        events/           journals of the workers: started, done, failed, released
        leases/           which lines are being worked on
        logs/             output of SLURM jobs
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.store import Lease, canonical_json
from symhpo.store.artifacts import digest
from symhpo.store.collect import EVENTS, MANIFEST
from symhpo.store.files import clear_disk_errors, read_json, remove_temporary, write_json, write_whole
from symhpo.store.journal import read_lines

__all__ = ["Line", "Request", "Round", "Sweep", "find_sweep"]

HEADER = "sweep.json"
SWEEPS = "sweeps"
ID_LENGTH = 16


@dataclass(frozen=True)
class Line:
    """A line of the manifest.

    Attributes
    ----------
    id : str
        The same for the same overrides, in whatever order.
    overrides : tuple of str
        In Hydra's grammar.
    """

    id: str
    overrides: tuple[str, ...]

    @classmethod
    def of(cls, overrides: Sequence[str]) -> Line:
        """Return the line of some overrides."""
        return cls(digest(json.dumps(sorted(overrides)))[:ID_LENGTH], tuple(overrides))


@dataclass(frozen=True)
class Request:
    """What a sweep was asked for.

    Attributes
    ----------
    overrides : tuple of str
        As given, before expansion.
    config_folder, config_name : str
        The configuration they apply to.
    directory : str
        Working directory of the runs.
    runner : str
        ``module:attribute`` of what is done for a line.
    name : str
        Tells sweeps with the same overrides apart.
    store : str
        Folder of the artifacts that the runs share.
    """

    overrides: tuple[str, ...]
    config_folder: str
    config_name: str
    directory: str
    runner: str
    name: str
    store: str

    @property
    def id(self) -> str:
        """The same for the same overrides, in whatever order."""
        return digest(canonical_json([self.name, sorted(self.overrides), self.runner]))


@dataclass(frozen=True)
class Round:
    """One handing out of lines to workers.

    Attributes
    ----------
    number : int
        Rounds of a sweep count from 0. A line that failed is tried again in a later round.
    launcher : {"slurm", "local"}
    job_name : str
        Name of the round's SLURM jobs.
    shares : int
        Number of parts the lines are cut into; each worker begins with its own.
    lines : tuple of int or None
        Positions in the manifest; None is all.
    extra : tuple of str
        Overrides that cannot change a result, such as the number of worker processes.
    """

    number: int
    launcher: str
    job_name: str
    shares: int
    lines: tuple[int, ...] | None
    extra: tuple[str, ...] = ()


class Sweep:
    """A sweep on disk.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def create(cls, parent: Path, request: Request, runs: Sequence[Sequence[str]]) -> Sweep:
        """Write a sweep's folder below `parent`, unless it is there already.

        Two users may do so at once: they write the same.

        Raises
        ------
        UserError
            If it is there with other runs, because the configuration has changed since.
        """
        sweep = cls(parent / SWEEPS / f"{request.name}-{request.id[:8]}")
        if (sweep.path / HEADER).exists():
            if {line.id for line in sweep.lines} != {Line.of(run).id for run in runs}:
                raise UserError(
                    f"{sweep.path} was made of the same overrides when they gave other runs "
                    f"({len(sweep.lines)}, now {len(runs)}): give the new sweep a name of its own with --name"
                )
            return sweep
        with clear_disk_errors(parent):
            for folder in ("rounds", EVENTS, "leases", "logs"):
                (sweep.path / folder).mkdir(parents=True, exist_ok=True)
            with write_whole(sweep.path / MANIFEST) as aside, aside.open("w") as file:
                for line in map(Line.of, runs):
                    file.write(json.dumps({"id": line.id, "overrides": line.overrides}) + "\n")
            # A sweep is one once it has its header.
            write_json(sweep.path / HEADER, {**asdict(request), "runs": len(runs)})
        return sweep

    @cached_property
    def request(self) -> Request:
        """What was asked for."""
        header = self._header
        header.pop("runs")
        return Request(**{**header, "overrides": tuple(header["overrides"])})

    @property
    def _header(self) -> dict[str, Any]:
        header = read_json(self.path / HEADER)
        if header is None:
            raise UserError(f"{self.path} is no sweep: give the folder that `sweep.py submit` named")
        return dict(header)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in the order of the manifest."""
        # Most overrides are the same in many lines; one string of each is enough.
        strings: dict[str, str] = {}
        return tuple(
            Line(line["id"], tuple(strings.setdefault(text, text) for text in line["overrides"]))
            for line in read_lines(self.path / MANIFEST)
        )

    @property
    def events(self) -> Path:
        """The journal of the workers."""
        return self.path / EVENTS

    @property
    def logs(self) -> Path:
        """The output of SLURM jobs."""
        return self.path / "logs"

    def lease(self, line_id: str, **settings: float) -> Lease:
        """Return the lease on working on a line."""
        return Lease(self.path / "leases" / line_id, **settings)

    def leased(self) -> Iterator[str]:
        """Yield the ids of the lines that a living process works on."""
        for path in (self.path / "leases").iterdir():
            if "|" not in path.name and not path.name.endswith(".break"):
                holder = Lease(path).holder()
                if holder is not None and not holder.is_gone:
                    yield path.name

    def line_of(self, pid: int) -> str | None:
        """Return the id of the line whose lease a process of this machine holds or held."""
        for path in (self.path / "leases").iterdir():
            holder = None if "|" in path.name else Lease(path).holder()
            # One that has expired may be of a process that had the same id before.
            if holder is None or holder.expires < time.time():
                continue
            if holder.pid == pid and holder.is_of_this_machine:
                return path.name
        return None

    def clean(self) -> None:
        """Remove what dead processes have left: leases, and files that they were writing."""
        names = {path.name.partition("|")[0] for path in (self.path / "leases").iterdir()}
        lines = [self.lease(name.removesuffix(".break")) for name in sorted(names)]
        for lease in (*lines, *map(self.local_lease, self.rounds()), self.planning()):
            with lease.hold() as held:
                if held:
                    lease.remove_stray_claims()
        remove_temporary(self.path)

    def rounds(self) -> list[Round]:
        """Return all rounds, the first one first."""
        found = [read_json(path) for path in (self.path / "rounds").glob("*.json")]
        rounds = [
            Round(
                **{
                    **entry,
                    "lines": None if entry["lines"] is None else tuple(entry["lines"]),
                    "extra": tuple(entry["extra"]),
                }
            )
            for entry in found
        ]
        return sorted(rounds, key=lambda one: one.number)

    def round(self, number: int) -> Round:
        """Return one round."""
        return self.rounds()[number]

    def round_lines(self, one: Round) -> list[Line]:
        """Return the lines of a round."""
        return list(self.lines) if one.lines is None else [self.lines[index] for index in one.lines]

    def add_round(
        self, launcher: str, shares: int, lines: Sequence[int] | None, extra: Sequence[str]
    ) -> Round:
        """Write the next round. The caller holds `planning`."""
        number = len(self.rounds())
        # The same sweep may be going on in another folder of outputs.
        job_name = f"{self.path.name}-{digest(str(self.path))[:8]}-{number}"
        added = Round(
            number, launcher, job_name, shares, None if lines is None else tuple(lines), tuple(extra)
        )
        with clear_disk_errors(self.path):
            write_json(self.path / "rounds" / f"{number:04d}.json", asdict(added))
        return added

    def planning(self) -> Lease:
        """Return the lease on handing out lines."""
        return Lease(self.path / "planning")

    def local_lease(self, one: Round) -> Lease:
        """Return the lease that a local round's supervisor holds while it lives."""
        return Lease(self.path / "rounds" / f"{one.number:04d}.local")

    def cancel(self, one: Round) -> None:
        """Tell the workers of a round to take no further line."""
        with clear_disk_errors(self.path):
            mark = self.path / "rounds" / f"{one.number:04d}.cancelled"
            mark.write_text(f"{time.time()} {os.getpid()}\n")

    def is_cancelled(self, one: Round) -> bool:
        """Whether a round was cancelled."""
        return (self.path / "rounds" / f"{one.number:04d}.cancelled").exists()


def find_sweep(outputs: Path) -> Sweep:
    """Return the only sweep below a folder of outputs.

    Raises
    ------
    UserError
        If there is none, or more than one.
    """
    found = sorted(outputs.glob(f"*/{SWEEPS}/*/{HEADER}"))
    if len(found) == 1:
        return Sweep(found[0].parent)
    if not found:
        raise UserError(f"no sweep below {outputs}: start one with `sweep.py submit`, or give its folder")
    names = ", ".join(str(path.parent) for path in found)
    raise UserError(f"{len(found)} sweeps below {outputs}: give one of the folders {names}")
