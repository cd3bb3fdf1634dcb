"""What a study's results say: means, intervals, noise of landscapes, trade-offs, leaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from symhpo.plots.fronts import most_accurate
from symhpo.plots.methods import METHODS, SYMBOLIC
from symhpo.statistics import bootstrap_interval

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = [
    "cell_means",
    "compared_means",
    "confidence_intervals",
    "has_choice",
    "landscape_quality",
    "leaked_landscapes",
    "representatives",
    "selections",
    "trade_off",
    "under_both_protocols",
    "with_all_engines",
]

NOISY = 0.5
"""Share of a landscape's standard deviation above which its noise floor makes it a noisy one."""


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


def _verdict(error: float, noise_ratio: float) -> str:
    if error >= 1.0:
        return "no formula beats a constant"
    if noise_ratio > NOISY:
        return "mostly noise"
    return "structure found"
