"""Tables of scores: mean ± standard deviation, best and second marked, the runs behind each number.

>>> table = score_table(records, rows=["model", "dataset"], columns="method", value="rmse")
>>> print(table.to_text())
>>> save_table(table, Path("paper/faithfulness"))      # .csv, .md and .tex
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.store.files import clear_disk_errors, write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cell", "Table", "frame_table", "save_table", "score_table"]

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A text or a number of a table.

    Attributes
    ----------
    text : str
        As it is printed, without the marks.
    rank : int
        1 for the best of its row, 2 for the second, 0 for the others.
    n : int or None
        Number of runs behind it; None where it is no statistic.
    failed : int
        Number of runs that failed beside those.
    mean, std : float
    latex : str
        What stands in its place in LaTeX, if that is not the text itself.
    """

    text: str
    rank: int = 0
    n: int | None = None
    failed: int = 0
    mean: float = np.nan
    std: float = np.nan
    latex: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be printed in several formats.

    Attributes
    ----------
    title : str
        One sentence that says what the numbers are.
    header : tuple of str
    rows : tuple of tuple of Cell
        As long as the header.
    n_labels : int
        Number of leading columns that name a row.
    average : bool
        Whether the last row is an average over the others.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_labels: int = 1
    average: bool = False

    def to_text(self) -> str:
        """Return the table for a terminal: the best marked with ``*``, the second with ``+``."""
        lines = [[*self.header], *([_with_runs(c, c.text + " *+"[c.rank]) for c in row] for row in self.rows)]
        widths = [max(len(line[j]) for line in lines) for j in range(len(self.header))]
        printed = ["  ".join(_padded(line, widths, self.n_labels)).rstrip() for line in lines]
        rule = "-" * max(map(len, printed))
        body = [*printed[1:-1], rule, printed[-1]] if self.average else printed[1:]
        return "\n".join([self.title, "", printed[0], rule, *body, ""])

    def to_markdown(self) -> str:
        """Return the table in Markdown: the best in bold, the second underlined."""
        marks = ("{}", "**{}**", "<u>{}</u>")
        header = "| " + " | ".join(map(_escape_markdown, self.header)) + " |"
        rule = "|" + "|".join([":---"] * self.n_labels + ["---:"] * (len(self.header) - self.n_labels)) + "|"
        lines = [
            "| "
            + " | ".join(_with_runs(c, marks[c.rank].format(_escape_markdown(c.text))) for c in row)
            + " |"
            for row in self.rows
        ]
        return "\n".join([self.title, "", header, rule, *lines, ""])

    def to_latex(self) -> str:
        """Return the table in LaTeX (package booktabs): the best in bold, the second underlined."""
        marks = ("{}", r"\textbf{{{}}}", r"\underline{{{}}}")
        lines = [
            " & ".join(
                _with_runs(c, marks[c.rank].format(c.latex or _escape_latex(c.text)), latex=True) for c in row
            )
            + r" \\"
            for row in self.rows
        ]
        body = [*lines[:-1], r"\midrule", lines[-1]] if self.average else lines
        return "\n".join(
            [
                r"\begin{table}",
                r"\centering",
                rf"\caption{{{_escape_latex(self.title)}}}",
                rf"\begin{{tabular}}{{{'l' * self.n_labels}{'r' * (len(self.header) - self.n_labels)}}}",
                r"\toprule",
                " & ".join(map(_escape_latex, self.header)) + r" \\",
                r"\midrule",
                *body,
                r"\bottomrule",
                r"\end{tabular}",
                r"\end{table}",
                "",
            ]
        )

    def to_html(self) -> str:
        """Return the table as an HTML element: the best in bold, the second underlined."""
        marks = ("{}", "<b>{}</b>", "<u>{}</u>")
        header = "".join(f"<th>{escape(name)}</th>" for name in self.header)
        rows = (
            "".join(f"<td>{_with_runs(c, marks[c.rank].format(escape(c.text)))}</td>" for c in row)
            for row in self.rows
        )
        body = "\n".join(f"<tr>{row}</tr>" for row in rows)
        return (
            f"<table>\n<caption>{escape(self.title)}</caption>\n<thead><tr>{header}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>\n"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the table with unrounded numbers; a statistic gives columns mean, std, n and failed."""
        import pandas as pd

        columns: dict[str, list[object]] = {}
        for j, name in enumerate(self.header):
            cells = [row[j] for row in self.rows]
            if j < self.n_labels or all(c.n is None for c in cells):
                columns[name] = [c.text for c in cells]
                continue
            for part in ("mean", "std", "n", "failed"):
                columns[f"{name} {part}"] = [getattr(c, part) for c in cells]
        return pd.DataFrame(columns)


def score_table(
    records: pd.DataFrame,
    *,
    rows: Sequence[str],
    columns: str,
    value: str,
    title: str,
    order: Iterable[str] = (),
    digits: int = 3,
    unit: str | None = None,
    lower_is_better: bool | None = True,
) -> Table:
    """Return mean ± standard deviation of a score over the runs of each row and column.

    Parameters
    ----------
    records : DataFrame
        One row a run, with a column `status`; only those that are ``ok`` enter the statistics.
    rows : sequence of str
        Columns of `records` that name a row.
    columns : str
        Column of `records` whose values are the table's columns.
    value : str
        The score.
    title : str
        What the numbers are; what is marked is added.
    order : iterable of str, optional
        Values of `columns` that come first, in this order.
    digits : int
        Decimals.
    unit : str, optional
        Column of `records` whose values are the independent repetitions, such as ``seed``: the runs
        that share one are averaged before means and deviations are taken. Each run is one without it.
    lower_is_better : bool or None
        None: nothing is marked.

    Returns
    -------
    Table
        Its last row is the average of the columns' means over the rows where every column has one.
    """
    present = set(records[columns].dropna())
    names = [name for name in order if name in present] + sorted(present - set(order))
    body = []
    for labels, group in records.groupby(list(rows), sort=True):
        cells = [_statistic(group[group[columns] == name], value, digits, unit) for name in names]
        body.append((*(Cell(str(label)) for label in labels), *_ranked(cells, lower_is_better)))
    averages = _averages([row[len(rows) :] for row in body], digits, lower_is_better)
    if averages:
        body.append((Cell("Average"), *[Cell("")] * (len(rows) - 1), *averages))
    repetitions = f" over the means of each {unit}" if unit else ""
    marks = "" if lower_is_better is None else "; marked: the best, the second"
    behind = "in brackets the runs behind it, for averages the rows"
    legend = f"mean ± standard deviation{repetitions}, {behind}{marks}"
    return Table(f"{title} ({legend}).", (*rows, *names), tuple(body), len(rows), average=bool(averages))


def frame_table(
    frame: pd.DataFrame,
    *,
    title: str,
    digits: int = 3,
    n_labels: int = 1,
    latex: Mapping[str, Sequence[str]] | None = None,
) -> Table:
    """Return a frame as a table, its numbers with a few significant digits.

    Parameters
    ----------
    frame : DataFrame
    title : str
    digits : int
    n_labels : int
        Number of leading columns that name a row.
    latex : mapping, optional
        For a column what stands in its place in LaTeX, one text a row.
    """
    columns = [
        [
            Cell(_plain_text(value, digits), latex=source)
            for value, source in zip(frame[name], sources, strict=True)
        ]
        for name in frame.columns
        for sources in [(latex or {}).get(name, [""] * len(frame))]
    ]
    return Table(title, tuple(map(str, frame.columns)), tuple(zip(*columns, strict=True)), n_labels)


def save_table(table: Table, path: Path) -> tuple[Path, ...]:
    """Write a table as CSV, Markdown and LaTeX beside each other; return the three paths."""
    contents = {
        ".csv": table.to_frame().to_csv(index=False),
        ".md": table.to_markdown(),
        ".tex": table.to_latex(),
    }
    with clear_disk_errors(path.parent):
        for suffix, content in contents.items():
            with write_whole(path.with_name(path.name + suffix)) as aside:
                aside.write_text(content, encoding="utf-8")
    return tuple(path.with_name(path.name + suffix) for suffix in contents)


def _statistic(group: pd.DataFrame, value: str, digits: int, unit: str | None) -> Cell:
    ok = group[group["status"] == "ok"].dropna(subset=value)
    failed = len(group) - len(ok)
    if ok.empty:
        return Cell(NOTHING, n=0, failed=failed)
    repetitions = ok[value] if unit is None else ok.groupby(unit)[value].mean()
    values = repetitions.to_numpy(np.float64)
    finite = bool(np.isfinite(values).all())
    mean = float(values.mean())
    std = float(values.std(ddof=1)) if len(values) > 1 and finite else np.nan
    return Cell(_mean_text(mean, std, digits), n=len(ok), failed=failed, mean=mean, std=std)


def _averages(body: Sequence[Sequence[Cell]], digits: int, lower_is_better: bool | None) -> list[Cell]:
    complete = [row for row in body if all(cell.n for cell in row)]
    if len(complete) < 2:
        return []
    means = np.array([[cell.mean for cell in row] for row in complete])
    cells = [Cell(_mean_text(m, np.nan, digits), n=len(complete), mean=float(m)) for m in means.mean(axis=0)]
    return _ranked(cells, lower_is_better)


def _ranked(cells: Sequence[Cell], lower_is_better: bool | None) -> list[Cell]:
    """Mark the best and the second; means that are equal but for rounding errors share their rank."""
    if lower_is_better is None:
        return list(cells)
    sign = 1 if lower_is_better else -1
    means = [float(f"{sign * cell.mean:.12g}") for cell in cells]
    levels = sorted({mean for mean in means if np.isfinite(mean)})[:2]
    ranks = [levels.index(mean) + 1 if mean in levels else 0 for mean in means]
    return [replace(cell, rank=rank) for cell, rank in zip(cells, ranks, strict=True)]


def _mean_text(mean: float, std: float, digits: int) -> str:
    text = f"{mean:.{digits}f}" if np.isfinite(mean) else "∞"
    return text if np.isnan(std) else f"{text} ± {std:.{digits}f}"


def _with_runs(cell: Cell, marked: str, *, latex: bool = False) -> str:
    if cell.n is None:
        return marked
    runs = f"{cell.n}" + (f", {cell.failed} failed" if cell.failed else "")
    return rf"{marked} {{\scriptsize ({runs})}}" if latex else f"{marked} ({runs})"


def _padded(line: Sequence[str], widths: Sequence[int], n_labels: int) -> list[str]:
    return [
        text.ljust(width) if j < n_labels else text.rjust(width)
        for j, (text, width) in enumerate(zip(line, widths, strict=True))
    ]


def _plain_text(value: Any, digits: int) -> str:
    import pandas as pd

    if pd.isna(value):
        return NOTHING
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return str(value)


def _escape_markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*").replace("_", r"\_")


_LATEX = str.maketrans(
    {c: "\\" + c for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    | {"±": r"$\pm$", "∞": r"$\infty$", "–": "--", "≤": r"$\le$", "×": r"$\times$", "−": "$-$"}
)


def _escape_latex(text: str) -> str:
    return text.translate(_LATEX)
