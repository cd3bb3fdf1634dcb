"""One table of all records below a folder, and an honest count of the runs behind it."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symhpo.errors import UserError
from symhpo.progress import progress
from symhpo.store.files import clear_disk_errors, make_folder, read_json, write_whole
from symhpo.store.journal import read_journal, read_lines
from symhpo.store.records import DONE, PROVENANCE, RECORDS, RUN, RunFolder, records_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EVENTS", "MANIFEST", "Collection", "collect", "collect_runs", "find_runs", "write_table"]

MANIFEST = "manifest.jsonl"
"""File with one line, ``{"id": …, "overrides": […]}``, for each expected run of a sweep."""
EVENTS = "events"
"""Journal beside it, which says under which run ids the lines were started."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Collection:
    """All records of the runs that are done.

    Attributes
    ----------
    records : DataFrame
        Columns as in `symhpo.store.records.COLUMNS`; runs in the order of their folders.
    done, failed, running, missing : tuple of str
        Ids of the expected runs by state. `running` ones are started and not finished, in a
        process that lives; `missing` ones were never started, or their process has died.
    """

    records: pd.DataFrame
    done: tuple[str, ...]
    failed: tuple[str, ...]
    running: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for people."""
        expected = len(self.done) + len(self.failed) + len(self.running) + len(self.missing)
        return (
            f"{expected} runs expected: {len(self.done)} done, {len(self.failed)} failed, "
            f"{len(self.running)} running, {len(self.missing)} missing; {len(self.records)} records"
        )


def collect(folder: Path, *, allow_mixed_versions: bool = False) -> Collection:
    """Collect the records of all finished runs below a folder.

    Expected are the runs that a sweep's manifest below the folder lists, and those that were
    started there. Only a run that is published whole counts as done.

    Parameters
    ----------
    folder : Path
        Where to look, at any depth.
    allow_mixed_versions : bool
        Whether records made by different versions of the code may stand in one table.

    Raises
    ------
    UserError
        If there is no run, or if versions are mixed and may not be.
    """
    runs, expected = find_runs(folder)
    if not expected:
        raise UserError(f"no run was started below {folder}: give the folder that holds the runs")
    return collect_runs(runs, expected, allow_mixed_versions=allow_mixed_versions)


def collect_runs(
    runs: Mapping[str, RunFolder],
    expected: Iterable[str],
    *,
    failed: Iterable[str] = (),
    allow_mixed_versions: bool = False,
) -> Collection:
    """Collect the records of given runs.

    Parameters
    ----------
    runs : mapping of str to RunFolder
        The runs that were started, by id.
    expected : iterable of str
        Ids of all that should be there.
    failed : iterable of str
        Ids of those that failed before they had a folder.

    Raises
    ------
    UserError
        If versions are mixed and may not be.
    """
    states: dict[str, list[str]] = defaultdict(list)
    failed = set(failed)
    for run_id in dict.fromkeys(expected):
        states["failed" if run_id in failed else _state(runs.get(run_id))].append(run_id)
    finished = sorted((runs[run_id] for run_id in states["done"]), key=lambda run: run.path)
    _check_versions(finished, allow_mixed_versions)
    for run in finished:
        run.remove_temporary()
    return Collection(
        _read_records(finished),
        **{state: tuple(states[state]) for state in ("done", "failed", "running", "missing")},
    )


def find_runs(folder: Path) -> tuple[dict[str, RunFolder], list[str]]:
    """Find what was started below a folder, and the ids of all that is expected there."""
    runs: dict[str, RunFolder] = {}
    expected: dict[str, None] = {}
    for path, names in _walk(folder):
        if MANIFEST in names:
            expected.update(dict.fromkeys(_manifest_runs(path)))
        if RUN in names:
            run_id = read_json(path / RUN)["id"]
            # A run may have been started in two places; the finished one counts.
            if run_id not in runs or DONE in names:
                runs[run_id] = RunFolder(path, run_id)
            expected[run_id] = None
    return runs, list(expected)


def _manifest_runs(sweep: Path) -> Iterator[str]:
    """Yield the ids of a sweep's runs; a line that was never started stands for itself."""
    started = {event["line"]: event["runs"] for event in read_journal(sweep / EVENTS) if "runs" in event}
    for line in read_lines(sweep / MANIFEST):
        yield from started.get(line["id"], [line["id"]])


def write_table(records: pd.DataFrame, path: Path) -> tuple[Path, Path]:
    """Write a table as Parquet and as CSV beside it; return both paths."""
    parquet, csv = path.with_suffix(".parquet"), path.with_suffix(".csv")
    make_folder(path.parent)
    with clear_disk_errors(path.parent):
        with write_whole(parquet) as aside:
            records.to_parquet(aside, index=False)
        with write_whole(csv) as aside:
            records.to_csv(aside, index=False)
    return parquet, csv


def _walk(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(parent), set(names)


def _state(run: RunFolder | None) -> str:
    if run is None:
        return "missing"
    if run.is_done():
        return "done"
    if run.lease_holder() is not None:
        return "running"
    return "missing" if run.failure() is None else "failed"


def _read_records(runs: list[RunFolder]) -> pd.DataFrame:
    import pandas as pd

    tables = []
    for run in progress(runs, "reading records", total=len(runs)):
        with _told_of_damage(run):
            tables.append(pd.read_parquet(run.path / RECORDS))
    return pd.concat(tables, ignore_index=True) if tables else records_frame([])


def _check_versions(runs: Iterable[RunFolder], allow_mixed: bool) -> None:
    """Refuse runs whose stages were computed by different versions of their code."""
    versions: dict[str, dict[Any, list[Path]]] = defaultdict(lambda: defaultdict(list))
    commits: dict[Any, list[Path]] = defaultdict(list)
    for run in runs:
        with _told_of_damage(run):
            code: Mapping[str, Any] = read_json(run.path / PROVENANCE)["code"]
            versions["symhpo"][code["symhpo"]].append(run.path)
            for stage, version in code["stages"].items():
                versions[f"stage {stage}"][version].append(run.path)
            commits[code["git_sha"]].append(run.path)
    mixed = [f"{what} {_list(found)}" for what, found in versions.items() if len(found) > 1]
    if mixed and not allow_mixed:
        raise UserError(
            f"records of different code versions: {'; '.join(mixed)}; "
            "compute the older runs again, or pass --allow-mixed-versions"
        )
    for line in mixed:
        logger.warning("mixed versions: %s", line)
    if len(commits) > 1:
        logger.warning("records of different git commits: %s", _list(commits))


@contextmanager
def _told_of_damage(run: RunFolder) -> Iterator[None]:
    """Turn what a file of a finished run that is gone or cut off causes into one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"the finished run {run.path} is damaged ({type(error).__name__}): "
            f"remove its file {DONE!r} and run or resubmit it again"
        ) from error


def _list(found: Mapping[Any, list[Path]]) -> str:
    return " and ".join(
        f"{version} ({len(paths)} runs, such as {paths[0]})" for version, paths in found.items()
    )
