"""Reports: files, entries, and the records behind them; the page that shows them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from symhpo.errors import UserError
from symhpo.paper import Outcome, Report, execute, find_notebooks, write_index
from symhpo.plots import frame_table
from symhpo.plots.style import new_figure
from symhpo.results import Results
from symhpo.store.files import read_json

PROVENANCE = {
    "runs": {"done": 2, "failed": 1, "running": 0, "missing": 0},
    "code": {"0.1 abc": 2},
    "cpu_hours": 1.5,
    "first_started": "2026-01-01T00:00:00",
    "last_started": "2026-01-02T00:00:00",
    "experiments": {
        "cells": {"commands": ["python experiments/run.py seed=0"], "runs": 2, "records": 9, "failed": 1},
    },
}


class Page(HTMLParser):
    """The links, images and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attributes if name in ("href", "src") and value is not None]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def records() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": ["a", "a", "b"],
            "experiment": ["cells"] * 3,
            "n_samples": [140, 140, 20],
            "status": ["ok", "timeout", "ok"],
        }
    )


@pytest.fixture
def report(tmp_path: Path, records: pd.DataFrame) -> Report:
    results = Results(tmp_path / "results", records)
    results.__dict__["provenance"] = PROVENANCE
    return Report("faithfulness", results, tmp_path / "paper")


def fill(report: Report, records: pd.DataFrame) -> None:
    report.table(
        "rmse/all (140)", frame_table(pd.DataFrame({"a<b": ["x & y"]}), title="A <table>"), records=records
    )
    report.figure("curve", new_figure(2, 1), caption='A "figure"', records=records)
    report.note("Nothing <else>.")


def test_files_of_tables_and_figures(report: Report, records: pd.DataFrame):
    fill(report, records)
    assert {path.name for path in report.folder.iterdir()} == {
        "entries.json",
        *(f"rmse_all_140.{kind}" for kind in ("csv", "md", "tex")),
        *(f"curve.{kind}" for kind in ("pdf", "png")),
    }


def test_entries_say_what_is_behind_them(report: Report, records: pd.DataFrame):
    fill(report, records)
    table, figure, note = read_json(report.folder / "entries.json")
    assert table["records"] == "3 records of 2 runs, 1 failed: experiment cells; samples 20, 140"
    assert table["commands"] == figure["commands"] == ["python experiments/run.py seed=0"]
    assert note["text"] == "Nothing <else>."


def test_a_second_report_removes_the_files_of_the_first(report: Report, records: pd.DataFrame):
    fill(report, records)
    (report.folder / "mine.txt").write_text("not a report's")
    Report("faithfulness", report.results, report.folder.parent)
    assert sorted(path.name for path in report.folder.iterdir()) == ["entries.json", "mine.txt"]


def test_page_shows_everything_with_command_and_records(report: Report, records: pd.DataFrame):
    fill(report, records)
    outcomes = [
        Outcome("faithfulness", "How <close>?", "done"),
        Outcome("complexity", "What it costs", "missing", "no parsimony study"),
        Outcome("beyond", "", "failed", "KeyError: 'x'"),
    ]
    paper = report.folder.parent
    index = write_index(outcomes, PROVENANCE, paper, "make paper RESULTS=r")
    page = Page(index.read_text(encoding="utf-8"))
    assert page.open == []
    text = " ".join(page.texts)
    for shown in (
        "make paper RESULTS=r",
        "python experiments/run.py seed=0",
        "3 records of 2 runs, 1 failed",
        "How <close>?",
        "A <table>",
        "x & y",
        'A "figure"',
        "Nothing <else>.",
        "no parsimony study",
        "KeyError: 'x'",
        "1.5 CPU hours",
    ):
        assert shown in text
    files = [link for link in page.links if not link.startswith("#") and not link.endswith(".ipynb")]
    assert len(files) == 6
    assert all((paper / link).is_file() for link in files)


def test_a_notebook_s_text_stands_where_it_says_it(tmp_path: Path):
    note = "import json, os, pathlib\nfolder = pathlib.Path(os.environ['SYMHPO_PAPER']) / 'tale'\n"
    note += "folder.mkdir(parents=True, exist_ok=True)\n"
    note += "entries = [{'kind': 'note', 'text': text, 'files': []} for text in ('one', 'two')]\n"
    note += "(folder / 'entries.json').write_text(json.dumps(entries))"
    cells = [
        new_markdown_cell("# Tale\n\nAt first"),
        new_code_cell(note),
        new_markdown_cell("## Then\n\n*at last*"),
    ]
    notebook = tmp_path / "tale.ipynb"
    nbformat.write(new_notebook(cells=cells), notebook)
    outcome = execute(notebook, tmp_path, tmp_path / "paper")
    assert outcome.texts == (("At first", 0), ("## Then\n\n*at last*", 2))
    index = write_index([outcome], {}, tmp_path / "paper", "make paper").read_text(encoding="utf-8")
    order = [index.index(text) for text in ("At first", ">one<", ">two<", "<h3", "<em>at last</em>")]
    assert order == sorted(order)


def test_notebooks_in_the_order_of_the_paper(tmp_path: Path):
    for name in ("another", "beyond", "faithfulness"):
        (tmp_path / f"{name}.ipynb").touch()
    assert [p.stem for p in find_notebooks(tmp_path)] == ["faithfulness", "beyond", "another"]
    assert [p.stem for p in find_notebooks(tmp_path, ["beyond"])] == ["beyond"]


def test_unknown_notebooks(tmp_path: Path):
    with pytest.raises(UserError, match="holds no notebook"):
        find_notebooks(tmp_path)
    (tmp_path / "beyond.ipynb").touch()
    with pytest.raises(UserError, match="holds no notebook beyon; it has"):
        find_notebooks(tmp_path, ["beyon"])
