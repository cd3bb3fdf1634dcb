"""Error and complexity over parsimony coefficients, with the stop point (paper, Section 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.statistics import stop_point

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parsimony_curve"]


def parsimony_curve(records: pd.DataFrame) -> pd.DataFrame:
    """Average error and complexity for each parsimony coefficient of one cell.

    Parameters
    ----------
    records : DataFrame
        Columns ``parsimony_coefficient``, ``rmse``, ``operations``, ``status``.

    Returns
    -------
    DataFrame
        From the strongest coefficient to the weakest: ``parsimony_coefficient``, mean and standard
        deviation of RMSE and operations (``rmse``, ``rmse_std``, …), ``n``, ``failed`` and
        ``is_stop_point``.
    """
    is_ok = (records["status"] == "ok") & np.isfinite(records["rmse"])
    by_coefficient = records[is_ok].groupby("parsimony_coefficient")
    curve = by_coefficient.agg(
        rmse=("rmse", "mean"),
        rmse_std=("rmse", "std"),
        operations=("operations", "mean"),
        operations_std=("operations", "std"),
        n=("rmse", "size"),
    )
    failed = (~is_ok).groupby(records["parsimony_coefficient"]).sum()
    curve = (
        curve.assign(failed=failed).sort_index(ascending=False).reset_index().astype({"operations": float})
    )
    stop = stop_point(curve["rmse"], curve["operations"])
    marked: pd.DataFrame = curve.assign(is_stop_point=np.arange(len(curve)) == stop)
    return marked
