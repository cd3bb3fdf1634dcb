"""Records as a table for the terminal: what each strategy found, and how faithful it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["readable_formula", "stability_summary", "summary"]

WIDTH = 150


def summary(records: pd.DataFrame) -> str:
    """Return the records of the largest size as a table: RMSE, nodes, operations, formula.

    Parameters
    ----------
    records : DataFrame
        Columns of `symhpo.store.COLUMNS`. Several seeds give one row each.
    """
    from rich.console import Console
    from rich.table import Table

    largest = records[records["n_samples"] == records["n_samples"].max()]
    table = Table(title=_title(largest), title_justify="left")
    for name in ("strategy", "seed", "RMSE", "RMSE / std", "nodes", "operations"):
        table.add_column(name, justify="left" if name == "strategy" else "right", no_wrap=True)
    table.add_column("formula", overflow="fold")
    for row in _rows(largest):
        table.add_row(*row)
    text = StringIO()
    Console(file=text, width=WIDTH).print(table)
    return text.getvalue()


def stability_summary(records: pd.DataFrame) -> str:
    """Return what the bootstrap says of each formula of the largest size, as lines of text."""
    import json

    from symhpo.plots.methods import methods
    from symhpo.regression.stability import Stability

    largest = records[records["n_samples"] == records["n_samples"].max()].dropna(subset=["stability"])
    labels = methods(largest)
    return "\n".join(
        f"{labels[index]}: {Stability.from_json(json.loads(text)).describe()}"
        for index, text in largest["stability"].items()
    )


def readable_formula(text: str, digits: int = 4) -> str:
    """Return a formula for reading: constants rounded, names bare; the records keep both exactly."""
    import re

    def bare(name: re.Match[str]) -> str:
        return name[2] if re.fullmatch(r"[\w:.]+", name[2]) else name[1] + name[2] + name[1]

    def shorten(number: re.Match[str]) -> str:
        return f"{float(number[0]):.{digits}g}"

    text = re.sub(r"(?<![\w.])\d+\.\d*(?:[eE][+-]?\d+)?", shorten, text)
    return re.sub(r"Symbol\((['\"])(.*?)\1\)", bare, text)


def _title(records: pd.DataFrame) -> str:
    first = records.iloc[0]
    return (
        f"{first['model']} on {first['dataset']} ({first['hyperparameters']}), protocol {first['protocol']}, "
        f"{first['n_samples']} trials"
    )


def _rows(records: pd.DataFrame) -> Iterator[list[str]]:
    from symhpo.plots.methods import METHODS, methods

    labelled = records.assign(method=methods(records))
    order = {name: i for i, name in enumerate(METHODS)}
    shown = labelled[labelled["method"].isin(order)]
    shown = shown.assign(order=shown["method"].map(order)).sort_values(["order", "seed", "regressor_seed"])
    for row in shown.to_dict("records"):
        yield [
            row["method"],
            _seeds(row),
            _number(row["rmse"]),
            _number(row["nrmse"]),
            _integer(row["nodes"]),
            _integer(row["operations"]),
            _formula(row),
        ]


def _seeds(row: Mapping[Any, Any]) -> str:
    regressor_seed = _integer(row["regressor_seed"])
    return f"{row['seed']}" if regressor_seed == "–" else f"{row['seed']}/{regressor_seed}"


def _formula(row: Mapping[Any, Any]) -> str:
    if row["status"] != "ok":
        return f"{row['status']}: {row['reason']}"
    formula = row["formula"]
    return readable_formula(formula) if isinstance(formula, str) else "–"


def _number(value: Any) -> str:
    return "–" if value != value or value is None else f"{value:.4f}"


def _integer(value: Any) -> str:
    import pandas as pd

    return "–" if pd.isna(value) else str(int(value))
