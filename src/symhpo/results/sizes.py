"""How two methods compare over the size of the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.results.measures import cell_means

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["mean_ratios", "ratio_over_sizes"]

CONFIDENCE = 0.95


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
    from scipy.stats import t

    logs = np.log(ratios.set_index("n_samples")["ratio"]).groupby("n_samples")
    means, cells = logs.mean(), logs.size()
    half = t.ppf((1 + CONFIDENCE) / 2, cells - 1) * logs.sem()
    table = pd.DataFrame({"mean": means, "low": means - half, "high": means + half}).apply(np.exp)
    return table.assign(cells=cells).reset_index()
