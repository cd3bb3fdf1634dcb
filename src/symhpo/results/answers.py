"""The study's questions, each answered in numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.plots.methods import SYMBOLIC, method
from symhpo.results.baselines import beats_baselines
from symhpo.results.beyond import bias_correlation, sampling_bias
from symhpo.results.explanations import explanation_errors, explanation_ratios, with_importance_method
from symhpo.results.measures import (
    COLLAPSED,
    cell_means,
    collapses,
    compared_means,
    has_choice,
    landscape_quality,
    leaked_landscapes,
    selections,
    trade_off,
    under_both_protocols,
    with_all_engines,
)
from symhpo.results.parsimony import parsimony_curve
from symhpo.results.reader import MissingResultsError
from symhpo.statistics import paired_tests, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = ["NODES", "QUESTIONS", "answers"]

NODES = (5, 10, 20, 30)
"""Sizes of formulas that the answers are about."""

BO, RANDOM, BO_GP = SYMBOLIC
GP = method("bo_gp", "gp")
DEFAULT_ENGINE = "operon"
LABELS = {"nrmse": "nRMSE", "nodes": "nodes"}
SHARES = {
    "beats": "with a smaller nRMSE than constant, linear and quadratic ones of the same training set",
    "is_finding": "with a better BIC on the training set than every baseline of their size",
}

Row = dict[str, Any]


def answers(results: Results) -> pd.DataFrame:
    """Return the numbers that answer each of the study's questions.

    Returns
    -------
    DataFrame
        Columns ``question`` (of `QUESTIONS`), ``engine``, ``protocol``, ``samples`` (the main size and, for
        ratios, the largest one), ``quantity``, ``value``, ``low`` and ``high`` (95 % interval of a ratio over
        cells, Student's on logarithms), ``p`` (of Wilcoxon's test over cells after Holm, or of a rank
        correlation) and ``n`` (cells, runs or samples). The tests that are corrected together are those of
        all pairs of methods of one engine and protocol, or of the three strategies under two engines or
        protocols. What the results do not hold has no rows.
    """
    import pandas as pd

    rows = [
        {"question": question, "samples": results.size} | row
        for question, answer in QUESTIONS.items()
        for row in answer(results)
    ]
    columns = ["question", "engine", "protocol", "samples", "quantity", "value", "low", "high", "p", "n"]
    return pd.DataFrame(rows, columns=columns)


def _bo_against_random(results: Results) -> Iterator[Row]:
    yield from _between_methods(results, BO, RANDOM)
    for engine, _ in _by(results.main_study(results.size), ["engine"]):
        for where, found in bias_correlation(sampling_bias(results, engine["engine"])).iterrows():
            if np.isfinite(found["rho"]):
                name = f"Spearman's ρ between discrepancy of the sample and error of {BO}, {where}"
                yield engine | _row(name, found["rho"], found["n"]) | {"p": found["p"]}


def _bo_gp_against_gp(results: Results) -> Iterator[Row]:
    yield from _between_methods(results, BO_GP, GP)


def _accuracy_against_complexity(results: Results) -> Iterator[Row]:
    for engine, fronts in _by(results.fronts, ["engine", "protocol"]):
        if not has_choice(fronts):
            continue
        table = trade_off(fronts, NODES)
        for (name, nodes), rows in table.groupby(["method", "nodes"], sort=False):
            quantity = f"nRMSE of {name} with at most {nodes} nodes"
            yield engine | _row(quantity, rows["nrmse"].mean(), len(rows))
    try:
        parsimony = results.parsimony_study()
    except MissingResultsError:
        return
    for cell, study in parsimony[parsimony["method"].isin(SYMBOLIC)].groupby("cell"):
        curve = parsimony_curve(study)
        stop, weakest = curve[curve["is_stop_point"]].iloc[0], curve.iloc[-1]
        where = f"{cell}, stop point {stop['parsimony_coefficient']:g} / weakest parsimony"
        own = {name: study[name].iloc[0] for name in ("engine", "protocol")}
        own["samples"] = int(study["n_samples"].max())
        yield own | _row(f"rmse, {where}", stop["rmse"] / weakest["rmse"], stop["n"])
        yield own | _row(f"operations, {cell}, weakest parsimony", weakest["operations"], weakest["n"])
        if weakest["operations"] > 0:
            yield own | _row(f"operations, {where}", stop["operations"] / weakest["operations"], stop["n"])


def _engine_and_selection(results: Results) -> Iterator[Row]:
    for labels, study in _sized(results, with_all_engines(results.main_study()), ["protocol"]):
        variants = study.assign(variant=study["method"] + ", " + study["engine"])
        means = cell_means(variants, columns="variant")
        for other in sorted(set(study["engine"]) - {DEFAULT_ENGINE}):
            compared = [(f"{name}, {DEFAULT_ENGINE}", f"{name}, {other}") for name in SYMBOLIC]
            yield from _compared(means, compared, labels)
        if labels["samples"] != results.size:
            continue
        for variant, runs in variants.groupby("variant"):
            ok = runs[runs["status"] == "ok"]
            yield labels | _row(f"nodes of {variant}, median over runs", ok["nodes"].median(), len(ok))
            seconds = runs["cpu_fit"].mean()
            yield labels | _row(f"CPU s per fit of {variant}, mean over runs", seconds, len(runs))
            yield labels | _row(f"failed fits of {variant}, of n", len(runs) - len(ok), len(runs))
    for labels, study in _studies(results):
        own = results.fronts[results.fronts["run_id"].isin(study["run_id"])]
        if not has_choice(own):
            continue
        chosen = study[(study["status"] == "ok") & study["method"].isin(SYMBOLIC)]
        for row in selections(own, chosen, ()).to_dict("records"):
            for value in ("nrmse", "nodes"):
                yield labels | _row(
                    f"{LABELS[value]} of {row['method']}, {row['rule']}", row[value], row["cells"]
                )


def _leak(results: Results) -> Iterator[Row]:
    both = under_both_protocols(results.main_study(results.size))
    if both.empty:
        return
    for engine, study in _by(both, ["engine"]):
        # The label of a cell names its protocol.
        study = study.assign(
            cell=study["model"] + "/" + study["dataset"] + "/" + study["hyperparameters"],
            variant=study["method"] + ", " + study["protocol"],
        )
        means = cell_means(study, columns="variant")
        compared = [(f"{name}, holdout", f"{name}, hpobench") for name in (*SYMBOLIC, GP)]
        yield from _compared(means, compared, engine)
        for first, second in ((BO, RANDOM), (BO_GP, BO), (BO_GP, GP)):
            names = [
                f"{name}, {protocol}" for protocol in ("hpobench", "holdout") for name in (first, second)
            ]
            if not set(names) <= set(means):
                continue
            a, b, c, d = (means[name] for name in names)
            complete = means[names].dropna().index
            same = (np.sign(a - b) == np.sign(c - d))[complete].sum()
            yield engine | _row(
                f"cells where the order of {first} and {second} is the same", same, len(complete)
            )
    for labels, study in _by(both, ["engine", "protocol"]):
        table = collapses(study)
        for name in (*SYMBOLIC, GP):
            if f"{name} median" in table:
                medians = table[f"{name} median"].dropna()
                yield labels | _row(f"nRMSE of {name}, medians over seeds", medians.mean(), len(medians))
        for row in _collapsed(study):
            yield labels | row
    landscapes = leaked_landscapes(results)
    for column in landscapes.columns.drop("cell"):
        mean = landscapes[column].mean()
        yield {"protocol": "both"} | _row(f"landscapes: {column}", mean, len(landscapes))


def _no_better_than_a_constant(results: Results) -> Iterator[Row]:
    for labels, study in _studies(results):
        quality = landscape_quality(results, study)
        for verdict, rows in quality.groupby("verdict"):
            yield labels | _row(_listed(f"landscapes, {verdict}", rows["cell"]), len(rows), len(quality))
        formulas = study[study["method"].isin(SYMBOLIC) & (study["status"] == "ok")]
        formulas = formulas.assign(beats=beats_baselines(results, formulas))
        for name, rows in formulas.groupby("method"):
            means = cell_means(rows)[name]
            worse = means.index[means >= 1]
            quantity = _listed(f"cells where {name} is no better than a constant (nRMSE ≥ 1)", worse)
            yield labels | _row(quantity, len(worse), len(means))
            for column, which in SHARES.items():
                share = rows[column].astype(float).mean()
                yield labels | _row(f"share of {name} formulas {which}", share, len(rows))
        for row in _collapsed(study):
            yield labels | row


def _collapsed(study: pd.DataFrame) -> Iterator[Row]:
    table = collapses(study)
    kinds = {name: f"formulas of {name} that are a number" for name in SYMBOLIC}
    kinds[GP] = f"Gaussian processes with nRMSE > {COLLAPSED}"
    for name, kind in kinds.items():
        if f"{name} runs" in table:
            collapsed = table[f"{name} collapsed"]
            quantity = _listed(f"{kind}, of n", table["cell"][collapsed > 0])
            yield _row(quantity, collapsed.sum(), int(table[f"{name} runs"].sum()))


def _many_hyperparameters(results: Results) -> Iterator[Row]:
    """Yield what leaving hyperparameters out costs, where the surrogate is better than a constant."""
    try:
        records = results.many_hyperparameters()
    except MissingResultsError:
        return
    ratios = explanation_ratios(explanation_errors(with_importance_method(records)))
    samples = {"samples": int(records["n_samples"].max())}
    told = ratios[ratios["true dependence, surrogate"] < 1]
    yield samples | _row(
        "cells where the surrogate's partial dependence is no better than a constant (nRMSE ≥ 1)",
        len(ratios) - len(told),
        len(ratios),
    )
    for column in told.columns.drop(["cell", "importance_method"]):
        values = told[column].dropna()
        for name, value in (
            ("smallest", values.min()),
            ("median", values.median()),
            ("largest", values.max()),
        ):
            yield samples | _row(f"nRMSE, {column}, {name} of the others", value, len(values))


QUESTIONS = {
    "Is SR (BO) worse than SR (Random), and by how much?": _bo_against_random,
    "Does SR (BO-GP) come close to the GP baseline?": _bo_gp_against_gp,
    "How do accuracy and complexity trade?": _accuracy_against_complexity,
    "What do the default engine and its selection change?": _engine_and_selection,
    "What does HPOBench's validation leak do to the conclusions?": _leak,
    "Where is no strategy better than a constant?": _no_better_than_a_constant,
    "Many hyperparameters: what does leaving some out cost?": _many_hyperparameters,
}
"""The questions in their order, and what answers them."""


def _studies(results: Results) -> Iterator[tuple[Row, pd.DataFrame]]:
    return _by(results.main_study(results.size), ["engine", "protocol"])


def _sized(results: Results, records: pd.DataFrame, columns: list[str]) -> Iterator[tuple[Row, pd.DataFrame]]:
    """Yield the groups of records at the main size and at the largest."""
    sizes = {results.size, int(results.main_study()["n_samples"].max())}
    for labels, group in _by(records[records["n_samples"].isin(sizes)], [*columns, "n_samples"]):
        yield labels | {"samples": labels.pop("n_samples")}, group


def _by(records: pd.DataFrame, columns: list[str]) -> Iterator[tuple[Row, pd.DataFrame]]:
    for labels, group in records.groupby(columns):
        yield dict(zip(columns, labels, strict=True)), group


def _between_methods(results: Results, first: str, second: str) -> Iterator[Row]:
    for labels, study in _sized(results, results.main_study(), ["engine", "protocol"]):
        means = compared_means(study)
        everything = list(itertools.combinations(map(str, means), 2))
        yield from _compared(means, [(first, second)], labels, tested_with=everything)


def _compared(
    means: pd.DataFrame,
    compared: Sequence[tuple[str, str]],
    labels: Row,
    *,
    tested_with: Sequence[tuple[str, str]] = (),
) -> Iterator[Row]:
    """Yield the errors of pairs of methods over the cells that have both, and how they differ."""
    held = [pair for pair in compared if set(pair) <= set(means)]
    if not held:
        return
    tests = paired_tests(means, tested_with or held).set_index(["first", "second"])
    for first, second in held:
        pair = means[[first, second]].replace([np.inf, -np.inf], np.nan).dropna()
        for name in pair:
            yield labels | _row(f"nRMSE of {name}", pair[name].mean(), len(pair))
        ratios = pair[first] / pair[second]
        low, high = ratio_interval(ratios)
        quantity = f"nRMSE of {first} / {second}, geometric mean"
        ratio = _row(quantity, np.exp(np.log(ratios).mean()), len(pair))
        yield labels | ratio | {"low": low, "high": high, "p": tests.loc[(first, second), "p (Holm)"]}
        yield labels | _row(f"cells where {first} is worse than {second}", (ratios > 1).sum(), len(pair))


def _listed(quantity: str, cells: Iterable[str]) -> str:
    """Name the cells that a quantity counts."""
    names = ", ".join(cells)
    return f"{quantity}: {names}" if names else quantity


def _row(quantity: str, value: float, n: int) -> Row:
    return {"quantity": quantity, "value": float(value), "n": int(n)}
