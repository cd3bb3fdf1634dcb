"""What a study's results say beyond its records: means, intervals, noise, bias, stability, error splits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from symhpo.formula import Formula
from symhpo.plots.fronts import most_accurate
from symhpo.plots.methods import METHODS, SYMBOLIC, method
from symhpo.statistics import bootstrap_interval, centred_discrepancy, disagreement

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = [
    "bias_correlation",
    "cell_means",
    "compared_means",
    "confidence_intervals",
    "error_split",
    "formula_stability",
    "has_choice",
    "landscape_quality",
    "leaked_landscapes",
    "representatives",
    "sampling_bias",
    "selections",
    "trade_off",
    "under_both_protocols",
    "with_all_engines",
]

NOISY = 0.5
"""Share of a landscape's standard deviation above which its noise floor makes it a noisy one."""

MIN_CORRELATED = 3
"""Fewer points than these have no correlation."""

SURROGATE = method("bo_gp", "gp")
SR_BO_GP = method("bo_gp", "operon")


def cell_means(records: pd.DataFrame, value: str = "nrmse", *, columns: str = "method") -> pd.DataFrame:
    """Return the mean of a score over the runs that ended well: a row a cell, a column a method."""
    ok = records[records["status"] == "ok"].dropna(subset=value)
    means: pd.DataFrame = ok.pivot_table(
        index="cell", columns=columns, values=value, aggfunc="mean", observed=True
    )
    return means


def compared_means(records: pd.DataFrame) -> pd.DataFrame:
    """Return the mean nRMSE of the methods that tests compare, in the paper's order: all but a constant."""
    means = cell_means(records)
    names = [name for name in METHODS if name in means and name != "Constant"]
    compared: pd.DataFrame = means[names].dropna(axis=1, how="all")
    return compared


def with_all_engines(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records of formulas in cells that all engines have; none if there is one engine only."""
    formulas = records[records["method"].isin(SYMBOLIC)]
    engines = formulas.groupby("cell")["engine"].transform("nunique")
    shared: pd.DataFrame = formulas[(engines > 1) & (engines == engines.max())]
    return shared


def under_both_protocols(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records of cells that the same engine has under more than one protocol."""
    keys = ["model", "dataset", "hyperparameters", "engine"]
    return records[records.groupby(keys)["protocol"].transform("nunique") > 1]


def confidence_intervals(records: pd.DataFrame, value: str = "nrmse") -> pd.DataFrame:
    """Return 95 % bootstrap intervals of the mean for each cell and method, and over the cells.

    Returns
    -------
    DataFrame
        Columns ``cell`` (``all cells`` for the interval over the cells' means), ``method``, ``n``,
        ``mean``, ``low``, ``high``.
    """
    import pandas as pd

    ok = records[records["status"] == "ok"].dropna(subset=value)
    groups = [((cell, name), group[value]) for (cell, name), group in ok.groupby(["cell", "method"])]
    groups += [(("all cells", name), means.dropna()) for name, means in cell_means(records, value).items()]
    rows = []
    for (cell, name), values in groups:
        low, high = bootstrap_interval(values)
        rows.append((cell, name, len(values), float(values.mean()), low, high))
    return pd.DataFrame(rows, columns=["cell", "method", "n", "mean", "low", "high"])


def landscape_quality(results: Results, records: pd.DataFrame) -> pd.DataFrame:
    """Return how flat and noisy each landscape is, and whether any formula beats a constant there.

    Returns
    -------
    DataFrame
        A row a cell: ``std`` and ``noise floor`` of the landscape, their ratio ``noise / std``, the
        ``best method`` with a formula and its mean ``nRMSE``, and a ``verdict``.
    """
    import pandas as pd

    means = cell_means(records)
    formulas = means[[name for name in SYMBOLIC if name in means]]
    rows: list[tuple[object, ...]] = []
    studied = set(records["cell"])
    for cell, landscape in results.landscapes.items():
        if cell not in studied:
            continue
        if landscape.spread == 0:
            rows.append((cell, 0.0, landscape.noise_floor, np.nan, None, np.nan, "flat"))
            continue
        if cell not in formulas.index:
            continue
        own = formulas.loc[cell].dropna().to_dict()
        best, ratio = min(own, key=own.__getitem__), landscape.noise_ratio
        error = float(own[best])
        rows.append(
            (cell, landscape.spread, landscape.noise_floor, ratio, best, error, _verdict(error, ratio))
        )
    columns = ["cell", "std", "noise floor", "noise / std", "best method", "nRMSE", "verdict"]
    return pd.DataFrame(rows, columns=columns)


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
    points = {"all samples": bo[pair], "within cells": centred[several], "between cells": between}
    rows = {name: _spearman(frame) for name, frame in points.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["rho", "p", "n"])


def has_choice(fronts: pd.DataFrame) -> bool:
    """Whether any front holds more than one formula; gplearn's, for one, does not."""
    return bool(fronts.duplicated(["run_id", "regressor_seed"]).any())


def trade_off(fronts: pd.DataFrame, sizes: Iterable[int]) -> pd.DataFrame:
    """Return what formulas of at most so many nodes reach.

    Parameters
    ----------
    fronts : DataFrame
        Of one engine, as `Results.fronts` has them.
    sizes : iterable of int
        Numbers of nodes.

    Returns
    -------
    DataFrame
        A row for each cell, method and size: ``nodes`` and ``nrmse``, median over the runs of the most
        accurate member (on the training set) with at most so many nodes; sizes that not every front of
        a cell and method reaches are left out.
    """
    import pandas as pd

    keys = ["cell", "method"]
    fronts = fronts[fronts["method"].isin(SYMBOLIC)]
    runs = most_accurate(fronts).groupby(keys).size()
    frames = []
    for nodes in sizes:
        groups = most_accurate(fronts[fronts["nodes"] <= nodes]).groupby(keys)
        complete = groups.size().reindex(runs.index, fill_value=0) == runs
        medians = groups["nrmse"].median()[complete[complete].index]
        frames.append(medians.rename("nrmse").reset_index().assign(nodes=nodes))
    return pd.concat(frames, ignore_index=True)[[*keys, "nodes", "nrmse"]]


def selections(fronts: pd.DataFrame, chosen: pd.DataFrame, sizes: Iterable[int]) -> pd.DataFrame:
    """Compare what was chosen from fronts with what other rules would have chosen from the same ones.

    Parameters
    ----------
    fronts : DataFrame
        Of one engine, as `Results.fronts` has them.
    chosen : DataFrame
        The records of the formulas that were chosen from them.
    sizes : iterable of int
        For the rules "at most so many nodes".

    Returns
    -------
    DataFrame
        A row for each method and rule: ``nrmse`` and ``nodes``, means over the cells of medians over runs.
    """
    import pandas as pd

    fronts = fronts[fronts["method"].isin(SYMBOLIC)]
    rules = {f"chosen ({' or '.join(sorted(set(chosen['selection'].dropna())))})": chosen}
    rules |= {f"at most {n} nodes": most_accurate(fronts[fronts["nodes"] <= n]) for n in sizes}
    rules |= {"most accurate": most_accurate(fronts)}
    frames = [
        rows.groupby(["method", "cell"])[["nrmse", "nodes"]]
        .median()
        .groupby("method")
        .mean()
        .astype(float)
        .reset_index()
        .assign(rule=name)
        for name, rows in rules.items()
    ]
    table = pd.concat(frames, ignore_index=True)
    return table[["method", "rule", "nrmse", "nodes"]].sort_values("method", kind="stable")


def leaked_landscapes(results: Results) -> pd.DataFrame:
    """Compare the landscapes of cells that are there under both protocols.

    Returns
    -------
    DataFrame
        A row a cell (its label under ``hpobench``): mean ``cost`` and ``noise / std`` under both,
        ``kendall_tau`` between the two, and ``regret``, what the best point of ``hpobench`` costs under
        ``holdout`` above the best one there.
    """
    import pandas as pd
    from scipy.stats import kendalltau

    keys = ["model", "dataset", "hyperparameters"]
    study = results.main_study()
    cells = study.pivot_table(index=keys, columns="protocol", values="cell", aggfunc="first")
    rows = []
    for labels in cells.reindex(columns=["hpobench", "holdout"]).dropna().to_dict("records"):
        leaked, sound = (results.landscapes[labels[name]] for name in ("hpobench", "holdout"))
        rows.append(
            {
                "cell": labels["hpobench"],
                "cost (hpobench)": float(np.nanmean(leaked.cost)),
                "cost (holdout)": float(np.nanmean(sound.cost)),
                "noise / std (hpobench)": leaked.noise_ratio,
                "noise / std (holdout)": sound.noise_ratio,
                "kendall_tau": float(kendalltau(leaked.cost, sound.cost, nan_policy="omit").statistic),
                "regret": float(sound.cost[np.nanargmin(leaked.cost)] - np.nanmin(sound.cost)),
            }
        )
    return pd.DataFrame(rows)


def representatives(records: pd.DataFrame) -> pd.DataFrame:
    """Return, for each cell and method with a formula, the record with the middle nRMSE of its runs."""
    formulas = records[(records["status"] == "ok") & records["method"].isin(SYMBOLIC)].dropna(
        subset="formula"
    )
    ordered = formulas.sort_values(["nrmse", "seed", "regressor_seed"])
    middle = [group.index[(len(group) - 1) // 2] for _, group in ordered.groupby(["cell", "method"])]
    return records.loc[middle]


def _formulas(results: Results, engine: str) -> pd.DataFrame:
    records = results.main_study(results.size)
    records = records[(records["engine"] == engine) & (records["status"] == "ok")]
    return records[records["method"].isin(SYMBOLIC)].dropna(subset=["formula", "nrmse"])


def _values(prediction: pd.DataFrame) -> np.ndarray:
    return prediction.sort_values("point")["prediction"].to_numpy(np.float64)


def _differences(truth: np.ndarray, surrogate: np.ndarray, formula: np.ndarray) -> list[float]:
    pairs = ((formula, truth), (surrogate, truth), (formula, surrogate))
    return [float(np.sqrt(np.nanmean((a - b) ** 2))) for a, b in pairs]


def _spearman(points: pd.DataFrame) -> tuple[float, float, int]:
    from scipy.stats import spearmanr

    x, y = points[np.isfinite(points).all(axis=1)].to_numpy(np.float64).T
    if len(x) < MIN_CORRELATED:
        return np.nan, np.nan, len(x)
    found = spearmanr(x, y)
    return float(found.statistic), float(found.pvalue), len(x)


def _verdict(error: float, noise_ratio: float) -> str:
    if error >= 1.0:
        return "no formula beats a constant"
    if noise_ratio > NOISY:
        return "mostly noise"
    return "structure found"
