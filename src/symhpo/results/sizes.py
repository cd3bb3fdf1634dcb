"""How two methods compare over the size of the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.results.measures import cell_means
from symhpo.statistics import ratio_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["mean_ratios", "ratio_over_sizes"]


def ratio_over_sizes(records: pd.DataFrame, numerator: str, denominator: str) -> pd.DataFrame:
    """Divide the mean nRMSE of a method by that of another, for every cell and size of the sample.

    Parameters
    ----------
    records : DataFrame
        Of one engine, as `Results.main_study` has them.
    numerator, denominator : str
        Methods, such as ``SR (BO)`` and ``SR (Random)``.

    Returns
    -------
    DataFrame
        Columns ``cell``, ``n_samples``, ``ratio``; cells that lack one of the methods at any size are
        left out, so that every size is about the same cells.
    """
    import pandas as pd

    pair = [numerator, denominator]
    columns = {}
    for n, own in records[records["method"].isin(pair)].groupby("n_samples"):
        means = cell_means(own).reindex(columns=pair)
        columns[n] = means[numerator] / means[denominator]
    ratios = pd.DataFrame(columns).replace(np.inf, np.nan).dropna()
    table = ratios.rename_axis(index="cell").reset_index()
    return table.melt("cell", var_name="n_samples", value_name="ratio").astype({"n_samples": int})


def mean_ratios(ratios: pd.DataFrame) -> pd.DataFrame:
    """Average ratios over the cells, for every size of the sample.

    Parameters
    ----------
    ratios : DataFrame
        As `ratio_over_sizes` returns them.

    Returns
    -------
    DataFrame
        Columns ``n_samples``, ``mean`` (geometric), ``low`` and ``high`` (95 % interval from Student's t
        on the logarithms; NaN for a single cell) and ``cells``.
    """
    import pandas as pd

    rows = [
        (n, float(np.exp(np.log(own).mean())), *ratio_interval(own), len(own))
        for n, own in ratios.groupby("n_samples")["ratio"]
    ]
    return pd.DataFrame(rows, columns=["n_samples", "mean", "low", "high", "cells"])
