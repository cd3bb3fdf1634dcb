"""What a study's results say beyond the paper: the origin of errors, stability of formulas, sampling bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.formula import Formula
from symhpo.plots.methods import SYMBOLIC, method
from symhpo.statistics import centred_discrepancy, disagreement

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = ["bias_correlation", "cell_biases", "error_split", "formula_stability", "sampling_bias"]

MIN_CORRELATED = 3
"""Fewer points than these have no correlation."""

SURROGATE = method("bo_gp", "gp")
SR_BO_GP = method("bo_gp", "operon")


def error_split(results: Results, engine: str) -> pd.DataFrame:
    """Split the error of SR (BO-GP) at the main size into the surrogate's and the formula's.

    Returns
    -------
    DataFrame
        A row a cell: root mean square differences on the landscape, relative to its standard
        deviation, means over the runs; ``runs`` is their number.
    """
    import pandas as pd

    predictions = results.predictions
    predictions = predictions[predictions["engine"] == engine]
    rows = {}
    for cell, group in predictions.groupby("cell", sort=False):
        truth = results.landscapes[str(cell)]
        surrogates = {str(i): one for i, one in group[group["method"] == SURROGATE].groupby("run_id")}
        formulas = group[group["method"] == SR_BO_GP].groupby(["run_id", "regressor_seed"], dropna=False)
        errors = [
            _differences(truth.cost, _values(surrogates[str(run_id)]), _values(formula))
            for (run_id, _), formula in formulas
            if str(run_id) in surrogates
        ]
        if errors and truth.spread > 0:
            rows[str(cell)] = [*(np.mean(errors, axis=0) / truth.spread), len(errors)]
    columns = [
        "formula against true cost",
        "surrogate against true cost",
        "formula against surrogate",
        "runs",
    ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("cell")


def formula_stability(results: Results, engine: str) -> pd.DataFrame:
    """Measure how much the formulas of one cell and method agree over seeds, at the main size.

    Returns
    -------
    DataFrame
        A row a cell and method with at least two runs: ``runs``, ``disagreement`` of their
        predictions relative to the landscape's standard deviation, ``same structure`` (share of runs
        with the commonest one, constants aside), ``structures`` (number of different ones), mean
        ``nodes``.
    """
    import pandas as pd

    records = _formulas(results, engine)
    predictions = results.predictions
    rows = []
    for (cell, name), group in records.groupby(["cell", "method"], sort=False):
        if len(group) < 2:
            continue
        own = predictions[(predictions["cell"] == cell) & (predictions["method"] == name)]
        own = own[own["engine"] == engine]
        values = [_values(one) for _, one in own.groupby(["run_id", "regressor_seed"], dropna=False)]
        names = tuple(group["hyperparameters"].iloc[0].split(","))
        structures = pd.Series([Formula.parse(text, names).structure for text in group["formula"]])
        counts = structures.value_counts()
        rows.append(
            (
                cell,
                name,
                len(group),
                disagreement(values, results.landscapes[str(cell)].cost),
                counts.iloc[0] / len(group),
                len(counts),
                float(group["nodes"].mean()),
            )
        )
    columns = ["cell", "method", "runs", "disagreement", "same structure", "structures", "nodes"]
    return pd.DataFrame(rows, columns=columns)


def sampling_bias(results: Results, engine: str) -> pd.DataFrame:
    """Measure how unevenly each sample covers its space, beside the error of its formulas.

    Returns
    -------
    DataFrame
        A row for each cell, sampling seed and method (SR (BO), SR (Random)): ``discrepancy``
        (centred, 0 is even) and mean ``nrmse``.
    """
    import pandas as pd

    records = _formulas(results, engine)
    records = records[records["strategy"].isin(["bo", "random"])]
    rows = []
    for _, group in records.groupby(["cell", "strategy", "seed"], sort=False):
        cell, strategy, seed, name = group.iloc[0][["cell", "strategy", "seed", "method"]]
        space = results.spaces[cell]
        if all(h.type != "categorical" for h in space.hyperparameters):
            points = results.training_points(cell, strategy, seed, engine)
            discrepancy = centred_discrepancy(space, points)
            rows.append((cell, seed, name, discrepancy, float(group["nrmse"].mean())))
    return pd.DataFrame(rows, columns=["cell", "seed", "method", "discrepancy", "nrmse"])


def bias_correlation(bias: pd.DataFrame) -> pd.DataFrame:
    """Correlate the discrepancy of BO's samples with the error of their formulas.

    Parameters
    ----------
    bias : DataFrame
        As `sampling_bias` returns it.

    Returns
    -------
    DataFrame
        Spearman's ``rho`` with ``p`` and ``n`` for SR (BO), in three ways (the index): over ``all samples``;
        ``within cells``, each less its cell's mean; and ``between cells``, of the cells' mean discrepancy
        and the ratio of their mean errors, SR (BO) / SR (Random). NaN for fewer than three points.
    """
    import pandas as pd

    bo = bias[bias["method"] == method("bo", "operon")]
    pair = ["discrepancy", "nrmse"]
    centred = bo[pair] - bo.groupby("cell")[pair].transform("mean")
    means = bias.pivot_table(index="cell", columns="method", values="nrmse")
    between = bo.groupby("cell")[["discrepancy"]].mean()
    if method("random", "operon") in means:
        between["nrmse"] = means[method("bo", "operon")] / means[method("random", "operon")]
    else:
        between["nrmse"] = np.nan
    several = bo.groupby("cell")["seed"].transform("size") > 1
    rows = {
        "all samples": _spearman(bo[pair]),
        "within cells": _spearman(centred[several], means=bo.loc[several, "cell"].nunique()),
        "between cells": _spearman(between),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["rho", "p", "n"])


def cell_biases(bias: pd.DataFrame) -> pd.DataFrame:
    """Return the means over seeds of what `sampling_bias` returns: a row for each cell and method."""
    return bias.groupby(["cell", "method"], as_index=False)[["discrepancy", "nrmse"]].mean()


def _formulas(results: Results, engine: str) -> pd.DataFrame:
    records = results.main_study(results.size)
    records = records[(records["engine"] == engine) & (records["status"] == "ok")]
    return records[records["method"].isin(SYMBOLIC)].dropna(subset=["formula", "nrmse"])


def _values(prediction: pd.DataFrame) -> np.ndarray:
    return prediction.sort_values("point")["prediction"].to_numpy(np.float64)


def _differences(truth: np.ndarray, surrogate: np.ndarray, formula: np.ndarray) -> list[float]:
    pairs = ((formula, truth), (surrogate, truth), (formula, surrogate))
    return [float(np.sqrt(np.nanmean((a - b) ** 2))) for a, b in pairs]


def _spearman(points: pd.DataFrame, *, means: int = 1) -> tuple[float, float, int]:
    """Return Spearman's ρ, its p-value and the number of points, from which so many means were taken off."""
    from scipy.stats import spearmanr, t

    x, y = points[np.isfinite(points).all(axis=1)].to_numpy(np.float64).T
    if len(x) < MIN_CORRELATED:
        return np.nan, np.nan, len(x)
    rho, freedom = np.float64(spearmanr(x, y).statistic), len(x) - means - 1
    if freedom < 1:
        return float(rho), np.nan, len(x)
    with np.errstate(divide="ignore"):
        statistic = abs(rho) * np.sqrt(freedom / (1 - rho**2))
    return float(rho), float(2 * t.sf(statistic, freedom)), len(x)
