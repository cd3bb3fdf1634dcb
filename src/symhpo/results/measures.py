"""What a study's results say: means, intervals, noise of landscapes, trade-offs, leaks.

Everywhere the runs of a sampling seed, which differ in their regression seed, are averaged first, then the
sampling seeds of a cell, then the cells.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.plots.fronts import most_accurate
from symhpo.plots.methods import METHODS, SYMBOLIC, method
from symhpo.statistics import bootstrap_interval

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = [
    "COLLAPSED",
    "cell_means",
    "collapses",
    "compared_means",
    "confidence_intervals",
    "has_choice",
    "landscape_quality",
    "leaked_landscapes",
    "representatives",
    "seed_means",
    "selections",
    "trade_off",
    "under_both_protocols",
    "with_all_engines",
]

NOISY = 0.5
"""Standard error of a landscape's points, as a share of its standard deviation, above which it is noisy."""

COLLAPSED = 0.8
"""A Gaussian process with a larger nRMSE than this has learned next to nothing of the landscape."""

GP = method("bo_gp", "gp")


def seed_means(records: pd.DataFrame, value: str = "nrmse", *, columns: str = "method") -> pd.Series[float]:
    """Return the mean of a score over the runs of each cell, method and sampling seed that ended well."""
    ok = records[records["status"] == "ok"].dropna(subset=value)
    means: pd.Series[float] = ok.groupby(["cell", columns, "seed"], observed=True)[value].mean()
    return means


def cell_means(records: pd.DataFrame, value: str = "nrmse", *, columns: str = "method") -> pd.DataFrame:
    """Return the mean of a score over the seeds: a row a cell, a column a method."""
    means: pd.DataFrame = (
        seed_means(records, value, columns=columns).groupby(["cell", columns]).mean().unstack(columns)
    )
    return means


def compared_means(records: pd.DataFrame) -> pd.DataFrame:
    """Return the mean nRMSE of the methods that tests compare, in the paper's order: all but a constant."""
    means = cell_means(records)
    names = [name for name in METHODS if name in means and name != "Constant"]
    compared: pd.DataFrame = means[names].dropna(axis=1, how="all")
    return compared


def with_all_engines(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records of formulas in cells, sizes and seeds that all engines have; none for one engine."""
    formulas = records[records["method"].isin(SYMBOLIC)]
    fits = formulas.groupby(["cell", "method", "n_samples", "seed", "regressor_seed"])
    engines = fits["engine"].transform("nunique")
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
        Columns ``cell`` (``all cells`` for the interval over the cells' means), ``method``, ``n`` (sampling
        seeds, whose runs are averaged, or cells), ``mean``, ``low``, ``high``.
    """
    import pandas as pd

    groups = [(labels, means) for labels, means in seed_means(records, value).groupby(["cell", "method"])]
    groups += [(("all cells", name), means.dropna()) for name, means in cell_means(records, value).items()]
    rows = []
    for (cell, name), values in groups:
        low, high = bootstrap_interval(values)
        rows.append((cell, name, len(values), float(values.mean()), low, high))
    return pd.DataFrame(rows, columns=["cell", "method", "n", "mean", "low", "high"])


def collapses(records: pd.DataFrame) -> pd.DataFrame:
    """Count models that have learned nothing, beside means and medians, which they touch less.

    Returns
    -------
    DataFrame
        A row a cell; for each kind of formula and the Gaussian process ``mean`` and ``median`` of the nRMSE
        over the sampling seeds, how many runs ``collapsed`` (formulas without a hyperparameter, Gaussian
        processes above `COLLAPSED`) and the number of ``runs``.
    """
    import pandas as pd

    columns: dict[str, pd.Series[Any]] = {}
    for name in (*SYMBOLIC, GP):
        own = records[(records["method"] == name) & (records["status"] == "ok")]
        if own.empty:
            continue
        by_cell = seed_means(own).groupby("cell")
        collapsed = own["nrmse"] > COLLAPSED if name == GP else _is_number(own)
        columns[f"{name} mean"] = by_cell.mean()
        columns[f"{name} median"] = by_cell.median()
        columns[f"{name} collapsed"] = collapsed.groupby(own["cell"]).sum().astype("Int64")
        columns[f"{name} runs"] = own.groupby("cell").size().astype("Int64")
    return pd.DataFrame(columns).rename_axis("cell").reset_index()


def landscape_quality(results: Results, records: pd.DataFrame) -> pd.DataFrame:
    """Return how flat and noisy each landscape is, and whether any formula beats a constant there.

    Returns
    -------
    DataFrame
        A row a cell: ``std`` of the landscape, ``standard error`` of its points, their ratio ``noise / std``,
        the ``best method`` with a formula and its mean ``nRMSE``, and a ``verdict``. A constant is beaten by
        an nRMSE below 1, that of the landscape's own mean.
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
    columns = ["cell", "std", "standard error", "noise / std", "best method", "nRMSE", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def has_choice(fronts: pd.DataFrame) -> bool:
    """Whether any front of formulas holds more than one; gplearn's, for one, does not."""
    formulas = fronts[fronts["method"].isin(SYMBOLIC)]
    return bool(formulas.duplicated(["run_id", "regressor_seed"]).any())


def trade_off(fronts: pd.DataFrame, sizes: Collection[int]) -> pd.DataFrame:
    """Return what formulas of at most so many nodes reach.

    Parameters
    ----------
    fronts : DataFrame
        Of one engine, as `Results.fronts` has them.
    sizes : collection of int
        Numbers of nodes.

    Returns
    -------
    DataFrame
        A row for each cell, method and size: ``nodes`` and ``nrmse``, mean over the seeds of the most
        accurate member (on the training set) with at most so many nodes; cells where a front reaches none
        of the smallest size are left out.
    """
    import pandas as pd

    fronts = _reaching(fronts, min(sizes))
    frames = [
        _means(most_accurate(fronts[fronts["nodes"] <= nodes])).reset_index().assign(nodes=nodes)
        for nodes in sizes
    ]
    return pd.concat(frames, ignore_index=True)[["cell", "method", "nodes", "nrmse"]]


def selections(fronts: pd.DataFrame, chosen: pd.DataFrame, sizes: Collection[int]) -> pd.DataFrame:
    """Compare what was chosen from fronts with what other rules would have chosen from the same ones.

    Parameters
    ----------
    fronts : DataFrame
        Of one engine, as `Results.fronts` has them.
    chosen : DataFrame
        The records of the formulas that were chosen from them.
    sizes : collection of int
        For the rules "at most so many nodes".

    Returns
    -------
    DataFrame
        A row for each method and rule: ``nrmse`` and ``nodes``, means over the seeds and then over the
        ``cells``, of which those are left out where a front reaches none of the smallest size.
    """
    import pandas as pd

    fronts = _reaching(fronts, min(sizes)) if sizes else fronts[fronts["method"].isin(SYMBOLIC)]
    chosen = chosen[chosen["cell"].isin(fronts["cell"])]
    rules = {f"chosen ({' or '.join(sorted(set(chosen['selection'].dropna())))})": chosen}
    rules |= {f"at most {n} nodes": most_accurate(fronts[fronts["nodes"] <= n]) for n in sizes}
    rules |= {"most accurate": most_accurate(fronts)}
    frames = [
        _means(rows)
        .groupby("method")
        .agg(nrmse=("nrmse", "mean"), nodes=("nodes", "mean"), cells=("nrmse", "size"))
        .reset_index()
        .assign(rule=name)
        for name, rows in rules.items()
    ]
    table = pd.concat(frames, ignore_index=True)
    return table[["method", "rule", "nrmse", "nodes", "cells"]].sort_values("method", kind="stable")


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


def _is_number(formulas: pd.DataFrame) -> pd.Series[bool]:
    """Whether formulas are a number: one node that is no hyperparameter."""
    names = {name for names in formulas["hyperparameters"].unique() for name in names.split(",")}
    return formulas["nodes"].eq(1) & ~formulas["formula"].isin(names)


def _reaching(fronts: pd.DataFrame, nodes: int) -> pd.DataFrame:
    """Return the fronts of formulas in cells where all of them, of all methods, have one of so few nodes."""
    fronts = fronts[fronts["method"].isin(SYMBOLIC)]
    front = ["cell", "method", "run_id", "regressor_seed"]
    smallest = fronts.groupby(front, dropna=False)["nodes"].min().reset_index()
    cells = smallest.groupby("cell").agg(nodes=("nodes", "max"), methods=("method", "nunique"))
    complete = cells.index[(cells["nodes"] <= nodes) & (cells["methods"] == fronts["method"].nunique())]
    return fronts[fronts["cell"].isin(complete)]


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return nRMSE and nodes of each method and cell, means over the runs of a seed and then over seeds."""
    values = rows.astype({"nodes": float}).groupby(["method", "cell", "seed"])[["nrmse", "nodes"]]
    return values.mean().groupby(["method", "cell"]).mean()


def _verdict(error: float, noise_ratio: float) -> str:
    if error >= 1.0:
        return "no formula beats a constant"
    if noise_ratio > NOISY:
        return "mostly noise"
    return "structure found"
