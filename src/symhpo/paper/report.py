"""What a notebook leaves: tables and figures, each with the records behind it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symhpo.plots.style import save
from symhpo.plots.tables import Table, save_table
from symhpo.results import Results
from symhpo.store.files import clear_disk_errors, read_json, write_whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ENTRIES", "OUTPUT", "RESULTS", "Report"]

RESULTS, OUTPUT = "SYMHPO_RESULTS", "SYMHPO_PAPER"
"""Environment variables that name the results folder and the folder of the paper."""

ENTRIES = "entries.json"
MOST_VALUES = 12

DESCRIBED = {
    "experiment": "experiment",
    "protocol": "protocol",
    "engine": "engine",
    "n_samples": "samples",
    "method": "methods",
}


class Report:
    """The tables and figures of one notebook.

    Parameters
    ----------
    name : str
        The notebook's name, and the folder's below the paper's.
    results : Results
    folder : Path
        The paper's folder; the files that an earlier report of this name has left are removed.
    """

    def __init__(self, name: str, results: Results, folder: Path) -> None:
        self.name = name
        self.results = results
        self.folder = folder / name
        self._entries: list[dict[str, Any]] = []
        self._remove_previous()
        self._write_entries()

    @classmethod
    def open(cls, name: str) -> Report:
        """Open the report of a notebook, with the folders that the environment names.

        Without `SYMHPO_RESULTS` and `SYMHPO_PAPER` these are ``../results/study`` and ``../paper``,
        which suits a notebook that is opened by hand.

        Raises
        ------
        UserError
            If there are no results.
        """
        results = Path(os.environ.get(RESULTS, "../results/study"))
        return cls(name, Results.open(results), Path(os.environ.get(OUTPUT, "../paper")))

    def table(self, name: str, table: Table, *, records: pd.DataFrame | None = None) -> None:
        """Write a table as CSV, Markdown and LaTeX.

        Parameters
        ----------
        name : str
            Of the files; what does not belong in a file's name becomes an underscore.
        table : Table
        records : DataFrame, optional
            What it was made from, to be described beside it.
        """
        name = _file_name(name)
        files = save_table(table, self.folder / name)
        self._add({"kind": "table", "name": name, "html": table.to_html()}, files, records)

    def figure(self, name: str, figure: Figure, *, caption: str, records: pd.DataFrame | None = None) -> None:
        """Write a figure as PDF and PNG.

        Parameters
        ----------
        name : str
            Of the files; what does not belong in a file's name becomes an underscore.
        figure : Figure
        caption : str
            What it shows.
        records : DataFrame, optional
            What it was made from, to be described beside it.
        """
        name = _file_name(name)
        files = save(figure, self.folder / name)
        self._add({"kind": "figure", "name": name, "caption": caption}, files, records)

    def note(self, text: str) -> None:
        """Leave a sentence, such as why something is not shown."""
        self._add({"kind": "note", "text": text}, (), None)

    def _add(self, entry: dict[str, Any], files: tuple[Path, ...], records: pd.DataFrame | None) -> None:
        origin = {} if records is None else self._origin(records)
        self._entries.append(entry | {"files": [path.name for path in files], **origin})
        self._write_entries()

    def _origin(self, records: pd.DataFrame) -> dict[str, Any]:
        """Describe the records behind a table or figure, and the commands behind the records."""
        failed = int((records["status"] != "ok").sum()) if "status" in records else 0
        parts = [
            f"{label} {_listed(records[column])}" for column, label in DESCRIBED.items() if column in records
        ]
        experiments = self.results.provenance.get("experiments", {})
        named = sorted(set(records["experiment"].dropna())) if "experiment" in records else []
        return {
            "records": f"{len(records)} records of {records['run_id'].nunique()} runs, {failed} failed: "
            + "; ".join(parts),
            "commands": [c for name in named if name in experiments for c in experiments[name]["commands"]],
        }

    def _remove_previous(self) -> None:
        for entry in read_json(self.folder / ENTRIES) or []:
            for name in entry["files"]:
                (self.folder / name).unlink(missing_ok=True)

    def _write_entries(self) -> None:
        with clear_disk_errors(self.folder), write_whole(self.folder / ENTRIES) as aside:
            aside.write_text(json.dumps(self._entries, ensure_ascii=False), encoding="utf-8")


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", name).strip("_")


def _listed(values: pd.Series[Any]) -> str:
    unique = sorted(set(values.dropna()))
    shown = ", ".join(map(str, unique[:MOST_VALUES]))
    return shown + (f", … ({len(unique)})" if len(unique) > MOST_VALUES else "")
