"""Statistics of the study: intervals, paired tests over cells, ranks, noise, bias, the paper's elbow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.space import Space

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RankComparison",
    "average_ranks",
    "bootstrap_interval",
    "centred_discrepancy",
    "disagreement",
    "holm",
    "noise_floor",
    "paired_tests",
    "rank_biserial",
    "ratio_interval",
    "stop_point",
]

RESAMPLES = 9999

MIN_TESTED = 6
"""With fewer pairs than these, Wilcoxon's two-sided p-value cannot fall below 0.05."""


def bootstrap_interval(values: ArrayLike, *, confidence: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean.

    Parameters
    ----------
    values : array of shape (n,)
    confidence : float
        Probability that the interval covers the mean.
    seed : int
        Of the resampling.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN for fewer than two values or one that is not finite.
    """
    from scipy.stats import bootstrap

    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2 or not np.isfinite(x).all():
        return np.nan, np.nan
    interval = bootstrap(
        (x,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def ratio_interval(ratios: ArrayLike, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Student's interval of the geometric mean, from the logarithms of positive ratios.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN for fewer than two ratios or one whose logarithm is not finite.
    """
    from scipy.stats import t

    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(ratios, dtype=np.float64))
    if len(logs) < 2 or not np.isfinite(logs).all():
        return np.nan, np.nan
    half = t.ppf((1 + confidence) / 2, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))
    return float(np.exp(logs.mean() - half)), float(np.exp(logs.mean() + half))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's adjusted p-values, shape (m,) as given (Holm, 1979); NaN is no test and stays."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)[: int(np.isfinite(p).sum())]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted = np.full_like(p, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def rank_biserial(differences: ArrayLike) -> float:
    """Return the matched-pairs rank-biserial correlation, in [-1, 1] (Kerby, 2014).

    The share of the rank sum that speaks for a positive difference, less the share for a negative
    one; 0 where all differences are zero.
    """
    from scipy.stats import rankdata

    d = np.asarray(differences, dtype=np.float64)
    d = d[d != 0]
    if len(d) == 0:
        return 0.0
    ranks = rankdata(np.abs(d))
    return float((ranks[d > 0].sum() - ranks[d < 0].sum()) / ranks.sum())


def paired_tests(scores: pd.DataFrame, pairs: Iterable[tuple[str, str]] | None = None) -> pd.DataFrame:
    """Compare pairs of methods over cells: Wilcoxon's signed-rank test, corrected after Holm.

    Parameters
    ----------
    scores : DataFrame
        A row for each cell, a column for each method; lower is better. Cells that lack one of a
        pair are left out of that pair.
    pairs : iterable of (str, str), optional
        The pairs that are compared, which are the family that Holm's correction is for; all pairs
        without it.

    Returns
    -------
    DataFrame
        A row a pair, with columns ``first``, ``second``, ``cells``, ``first wins``,
        ``second wins``, ``median difference`` (first − second), ``rank-biserial`` (positive: the
        first is worse), ``p`` and ``p (Holm)``; both NaN for fewer than six cells, which no test at
        the level of 5 % can tell apart.
    """
    import pandas as pd

    rows = []
    for first, second in itertools.combinations(scores.columns, 2) if pairs is None else pairs:
        pair = scores[[first, second]].replace([np.inf, -np.inf], np.nan).dropna()
        d = (pair[first] - pair[second]).to_numpy(np.float64)
        rows.append(
            {
                "first": first,
                "second": second,
                "cells": len(d),
                "first wins": int((d < 0).sum()),
                "second wins": int((d > 0).sum()),
                "median difference": float(np.median(d)) if len(d) else np.nan,
                "rank-biserial": rank_biserial(d),
                "p": _wilcoxon(d),
            }
        )
    tests = pd.DataFrame(rows)
    if rows:
        tests["p (Holm)"] = holm(tests["p"])
    return tests


@dataclass(frozen=True)
class RankComparison:
    """Average ranks of methods over cells, with what tells them apart (Demšar, 2006).

    Attributes
    ----------
    ranks : Series
        Average rank of each method, rising; 1 is the best.
    n_cells : int
    p : float
        Of Friedman's test that all methods are equal; NaN for fewer than three methods or two cells.
    critical_difference : float
        Nemenyi's: methods whose average ranks differ by less are not told apart.
    """

    ranks: pd.Series[float]
    n_cells: int
    p: float
    critical_difference: float

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The largest sets of methods that are not told apart, from the best on."""
        names, ranks = list(self.ranks.index), self.ranks.to_numpy()
        ends = [int(np.searchsorted(ranks, rank + self.critical_difference, side="right")) for rank in ranks]
        spans = [(i, end) for i, end in enumerate(ends) if end - i > 1 and (i == 0 or end > ends[i - 1])]
        return [tuple(names[i:end]) for i, end in spans]


def average_ranks(scores: pd.DataFrame, *, alpha: float = 0.05) -> RankComparison:
    """Rank methods in every cell and compare their average ranks.

    Parameters
    ----------
    scores : DataFrame
        A row for each cell, a column for each method; lower is better. Cells that lack a method
        are left out.
    alpha : float
        Level of significance.
    """
    from scipy.stats import friedmanchisquare, studentized_range

    complete = scores.dropna()
    n, k = complete.shape
    ranks = complete.rank(axis=1).mean().sort_values(kind="stable")
    q = float(studentized_range.ppf(1 - alpha, k, np.inf)) / np.sqrt(2) if k > 1 else np.nan
    p = float(friedmanchisquare(*complete.to_numpy().T).pvalue) if k > 2 and n > 1 else np.nan
    difference = q * np.sqrt(k * (k + 1) / (6 * n)) if n else np.nan
    return RankComparison(ranks, n, p, float(difference))


def noise_floor(std: ArrayLike, repeats: ArrayLike) -> float:
    """Return the pooled standard error of a landscape's points.

    What the expected costs themselves would have as RMSE, on average over the noise. It is no bound for
    a single prediction: part of the noise can be common to all points, as each of HPOBench's seeds is
    one bootstrap for the whole landscape.

    Parameters
    ----------
    std : array of shape (m,)
        Sample standard deviation of each point over its repeats; NaN for fewer than two.
    repeats : array of shape (m,) or int
        Evaluations behind each point.
    """
    variance = np.asarray(std, dtype=np.float64) ** 2 / np.asarray(repeats)
    variance = variance[np.isfinite(variance)]
    return float(np.sqrt(variance.mean())) if variance.size else np.nan


def stop_point(rmse: ArrayLike, operations: ArrayLike) -> int:
    """Return where the paper stops on the way from strong to weak parsimony (Section 5.3).

    Parameters
    ----------
    rmse, operations : array of shape (k,)
        From the strongest parsimony coefficient to the weakest.

    Returns
    -------
    int
        The first position whose next step does not bring the RMSE below 0.9 times while it adds
        more than two operations; the last one, if there is none.
    """
    error, complexity = np.asarray(rmse, dtype=np.float64), np.asarray(operations, dtype=np.float64)
    for i in range(len(error) - 1):
        if error[i + 1] >= 0.9 * error[i] and complexity[i + 1] - complexity[i] > 2:
            return i
    return len(error) - 1


def centred_discrepancy(space: Space, X: ArrayLike) -> float:
    """Return how far configurations are from covering a space evenly: 0 is even (Hickernell, 1998).

    Parameters
    ----------
    space : Space
        Of hyperparameters that are all numbers.
    X : array of shape (n, d)
        Configurations in true units.
    """
    from scipy.stats import qmc

    return float(qmc.discrepancy(np.clip(space.to_unit(X), 0.0, 1.0), method="CD"))


def disagreement(predictions: Sequence[ArrayLike], cost: ArrayLike) -> float:
    """Return how much models of one cell differ from each other, relative to the landscape.

    Parameters
    ----------
    predictions : sequence of arrays of shape (m,)
        One for each run, on the same points.
    cost : array of shape (m,)

    Returns
    -------
    float
        Root mean square over the points of the models' standard deviation, divided by the
        landscape's; NaN for fewer than two models or a constant landscape.
    """
    values, truth = np.asarray(predictions, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    spread = float(np.nanstd(truth))
    if len(values) < 2 or spread == 0:
        return np.nan
    return float(np.sqrt(np.mean(values.var(axis=0, ddof=1))) / spread)


def _wilcoxon(differences: NDArray[np.float64]) -> float:
    from scipy.stats import wilcoxon

    if len(differences) < MIN_TESTED:
        return np.nan
    if not differences.any():
        return 1.0
    return float(wilcoxon(differences).pvalue)
