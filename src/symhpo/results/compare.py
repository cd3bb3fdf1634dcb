"""Comparing rows that were computed again with committed ones, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symhpo.store import TIMINGS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare"]

ROW = ["run_id", "n_samples", "regressor", "regressor_seed"]
"""The columns that name a record."""

# What a study is called is no part of its results.
IGNORED = {*TIMINGS, "experiment"}


def compare(rows: pd.DataFrame, committed: pd.DataFrame) -> pd.DataFrame:
    """Compare records with committed ones: equal bit for bit in all columns that both have, timings aside.

    Parameters
    ----------
    rows, committed : DataFrame
        Columns of `symhpo.store.COLUMNS`.

    Returns
    -------
    DataFrame
        Empty if all are equal. Otherwise a row for each difference: what names the record, ``column``
        and the values ``computed`` and ``committed``; a record that one side lacks differs in the
        column ``record``.

    Raises
    ------
    ValueError
        If a side has a record twice.
    """
    import pandas as pd

    sides = {"computed": rows, "committed": committed}
    indexed = {name: frame.set_index(ROW) for name, frame in sides.items()}
    for name, frame in indexed.items():
        if frame.index.has_duplicates:
            raise ValueError(f"{name}: {frame.index[frame.index.duplicated()][0]} is there twice")
    first, second = indexed.values()
    missing = [
        (
            *record,
            "record",
            "there" if record in first.index else "missing",
            "there" if record in second.index else "missing",
        )
        for record in first.index.symmetric_difference(second.index, sort=False)
    ]
    shared = first.index.intersection(second.index, sort=False)
    columns = [name for name in first.columns if name in second.columns and name not in IGNORED]
    changed = [
        (*record, column, new, old)
        for column in columns
        for record, new, old in zip(
            shared, first.loc[shared, column], second.loc[shared, column], strict=True
        )
        if not _is_same(new, old)
    ]
    return pd.DataFrame([*missing, *changed], columns=[*ROW, "column", *sides])


def _is_same(a: Any, b: Any) -> bool:
    import pandas as pd

    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    return bool(a == b)
