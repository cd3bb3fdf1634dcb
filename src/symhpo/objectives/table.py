"""Tables of configurations to be evaluated, with or without the costs they should have."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation
from symhpo.objectives.batch import Query
from symhpo.objectives.datasets import Source
from symhpo.objectives.journal import Outcome
from symhpo.objectives.models import Model
from symhpo.objectives.protocols import Protocol
from symhpo.objectives.training import TrainingObjective

__all__ = ["Comparison", "Table", "compare", "read_table", "to_csv", "to_queries"]

REQUIRED = ("model", "config", "seed")
DATASET = ("task_id", "dataset")
EXPECTED = "function_value"
TOLERANCE = 1e-12
SEEDS = 2**32


@dataclass(frozen=True)
class Table:
    """A table as text, row by row.

    Attributes
    ----------
    path : Path
    columns : tuple of str
    rows : tuple of (line, dict)
        The line of the file where a row ends, and its cells by column.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    @property
    def has_expected(self) -> bool:
        """Whether the table says what the costs should be."""
        return EXPECTED in self.columns


@dataclass(frozen=True)
class Comparison:
    """How costs agree with the expected ones; a failed evaluation differs by infinity."""

    compared: int
    equal: int
    largest_difference: float


def read_table(path: Path) -> Table:
    """Read a CSV file with the columns model, task_id or dataset, config, seed.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a column or has no row.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            columns = tuple(reader.fieldnames or ())
            rows = tuple((reader.line_num, row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV: {error}") from error
    missing = [name for name in REQUIRED if name not in columns]
    if not set(DATASET) & set(columns):
        missing.append(" or ".join(DATASET))
    if missing:
        raise UserError(f"{path}, line 1: there is no column {', '.join(missing)}; add it")
    if not rows:
        raise UserError(f"{path} has no rows; add some below its header")
    return Table(path, columns, rows)


def to_queries(
    table: Table,
    *,
    model: Callable[[str], Model],
    source: Callable[[str], Source],
    protocol: Protocol,
) -> list[Query]:
    """Return what a table's rows ask for.

    Parameters
    ----------
    table : Table
    model, source : callable
        Return the model of a name and the data set of a name or task; raise UserError if there
        is none.
    protocol : Protocol

    Raises
    ------
    UserError
        With the line of the first row that is wrong.
    """
    models, sources = cache(model), cache(source)

    @cache
    def objective(model_name: str, dataset: str) -> TrainingObjective:
        return TrainingObjective(models(model_name), sources(dataset), protocol)

    queries = []
    for line, row in table.rows:
        try:
            _expected(row)
            asked = objective(row["model"], row.get("task_id") or row.get("dataset", ""))
            configuration = asked.model.complete(_configuration(row["config"]))
            queries.append(Query(asked, configuration, _seed(row["seed"])))
        except UserError as error:
            raise UserError(f"{table.path}, line {line}: {error}") from None
    return queries


def to_csv(table: Table, outcomes: Sequence[Outcome]) -> str:
    """Return the rows with their costs as CSV text, in the order of the table."""
    names = [name for name in ("model", *DATASET, "config", "seed") if name in table.columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "cost", "test_cost", "cpu_seconds", "reason"])
    for (_, row), outcome in zip(table.rows, outcomes, strict=True):
        writer.writerow([*(row[name] for name in names), *_result(outcome)])
    return text.getvalue()


def compare(table: Table, outcomes: Sequence[Outcome]) -> Comparison:
    """Compare costs with the column ``function_value``; rows where it is empty are left out."""
    differences = []
    for (_, row), outcome in zip(table.rows, outcomes, strict=True):
        expected = _expected(row)
        if expected is not None:
            cost = outcome.cost if isinstance(outcome, Evaluation) else math.inf
            differences.append(abs(cost - expected))
    equal = sum(difference <= TOLERANCE for difference in differences)
    return Comparison(len(differences), equal, max(differences, default=0.0))


def _result(outcome: Outcome) -> list[Any]:
    if isinstance(outcome, Evaluation):
        return [outcome.cost, outcome.test_cost, round(outcome.cpu_seconds, 4), ""]
    return ["", "", "", f"{outcome.status}: {outcome.reason}"]


def _configuration(text: str) -> dict[str, Any]:
    try:
        configuration = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"config {text!r} is not JSON ({error})") from None
    if not isinstance(configuration, dict):
        raise UserError(f"config {text!r} is not a JSON object; write {{hyperparameter: value}}")
    return configuration


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= SEEDS:
        raise UserError(f"seed {text!r} is not an integer from 0 to {SEEDS - 1}")
    return int(text)


def _expected(row: dict[str, str]) -> float | None:
    text = row.get(EXPECTED, "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{EXPECTED} {text!r} is not a number") from None
