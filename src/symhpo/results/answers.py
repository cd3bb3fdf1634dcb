"""The study's questions, each answered in numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.plots.methods import SYMBOLIC, method
from symhpo.results.beyond import (
    bias_correlation,
    sampling_bias,
)
from symhpo.results.measures import (
    cell_means,
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
from symhpo.statistics import bootstrap_interval, holm, paired_tests

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

Row = dict[str, Any]


def answers(results: Results) -> pd.DataFrame:
    """Return the numbers that answer each of the study's questions, at its main size.

    Returns
    -------
    DataFrame
        Columns ``question`` (of `QUESTIONS`), ``engine``, ``protocol``, ``quantity``, ``value``, ``low`` and
        ``high`` (95 % bootstrap interval over cells), ``p`` (of Wilcoxon's test over cells after Holm, or of
        a rank correlation) and ``n`` (cells, runs or samples). What the results do not hold has no rows.
    """
    import pandas as pd

    rows = [{"question": question} | row for question, answer in QUESTIONS.items() for row in answer(results)]
    columns = ["question", "engine", "protocol", "quantity", "value", "low", "high", "p", "n"]
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
            yield engine | _mean(f"nRMSE of {name} with at most {nodes} nodes", rows["nrmse"])
    try:
        parsimony = results.parsimony_study()
    except MissingResultsError:
        return
    for cell, study in parsimony[parsimony["method"].isin(SYMBOLIC)].groupby("cell"):
        curve = parsimony_curve(study)
        stop, weakest = curve[curve["is_stop_point"]].iloc[0], curve.iloc[-1]
        where = f"{cell}, stop point {stop['parsimony_coefficient']:g} / weakest parsimony"
        own = {name: study[name].iloc[0] for name in ("engine", "protocol")} | {"n": 1}
        for value in ("rmse", "operations"):
            yield own | {"quantity": f"{value}, {where}", "value": stop[value] / weakest[value]}


def _engine_and_selection(results: Results) -> Iterator[Row]:
    for protocol, study in _by(with_all_engines(results.main_study(results.size)), ["protocol"]):
        variants = study.assign(variant=study["method"] + ", " + study["engine"])
        means = cell_means(variants, columns="variant")
        for other in sorted(set(study["engine"]) - {DEFAULT_ENGINE}):
            compared = [(f"{name}, {DEFAULT_ENGINE}", f"{name}, {other}") for name in SYMBOLIC]
            yield from _compared(means, compared, protocol)
        for variant, runs in variants.groupby("variant"):
            ok = runs[runs["status"] == "ok"]
            yield protocol | _row(f"nodes of {variant}, median over runs", ok["nodes"].median(), len(ok))
            seconds = runs["cpu_fit"].mean()
            yield protocol | _row(f"CPU s per fit of {variant}, mean over runs", seconds, len(runs))
            yield protocol | _row(f"failed fits of {variant}, of n", len(runs) - len(ok), len(runs))
    for labels, study in _studies(results):
        own = results.fronts[results.fronts["run_id"].isin(study["run_id"])]
        if not has_choice(own):
            continue
        chosen = study[(study["status"] == "ok") & study["method"].isin(SYMBOLIC)]
        table = selections(own, chosen, ())
        for row in table.to_dict("records"):
            for value in ("nrmse", "nodes"):
                quantity = f"{LABELS[value]} of {row['method']}, {row['rule']}"
                yield labels | _row(quantity, row[value], chosen["cell"].nunique())


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
    table = leaked_landscapes(results)
    for column in table.columns.drop("cell"):
        yield {"protocol": "both"} | _mean(f"landscapes: {column}", table[column])


def _no_better_than_a_constant(results: Results) -> Iterator[Row]:
    for labels, study in _studies(results):
        quality = landscape_quality(results, study)
        for verdict, rows in quality.groupby("verdict"):
            cells = ", ".join(rows["cell"])
            yield labels | _row(f"landscapes, {verdict}: {cells}", len(rows), len(quality))
        formulas = study[study["method"].isin(SYMBOLIC) & (study["status"] == "ok")]
        for name, rows in formulas.groupby("method"):
            means = rows.groupby("cell")["nrmse"].mean()
            yield labels | _row(
                f"cells where {name} is no better than a constant", (means >= 1).sum(), len(means)
            )
            share = rows["is_finding"].astype(float).mean()
            yield labels | _row(
                f"share of {name} formulas that beat the best baseline of their size", share, len(rows)
            )


QUESTIONS = {
    "Is SR (BO) worse than SR (Random), and by how much?": _bo_against_random,
    "Does SR (BO-GP) come close to the GP baseline?": _bo_gp_against_gp,
    "How do accuracy and complexity trade?": _accuracy_against_complexity,
    "What do the default engine and its selection change?": _engine_and_selection,
    "What does HPOBench's validation leak do to the conclusions?": _leak,
    "Where is no strategy better than a constant?": _no_better_than_a_constant,
}
"""The questions in their order, and what answers them."""


def _studies(results: Results) -> Iterator[tuple[Row, pd.DataFrame]]:
    return _by(results.main_study(results.size), ["engine", "protocol"])


def _by(records: pd.DataFrame, columns: list[str]) -> Iterator[tuple[Row, pd.DataFrame]]:
    for labels, group in records.groupby(columns):
        yield dict(zip(columns, labels, strict=True)), group


def _between_methods(results: Results, first: str, second: str) -> Iterator[Row]:
    for labels, study in _studies(results):
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
    p_values = _p_values(means, tested_with or held)
    for first, second in held:
        pair = means[[first, second]].replace([np.inf, -np.inf], np.nan).dropna()
        for name in pair:
            yield labels | _mean(f"nRMSE of {name}", pair[name])
        ratios = np.log(pair[first] / pair[second])
        low, high = np.exp(bootstrap_interval(ratios))
        ratio = _row(f"nRMSE of {first} / {second}, geometric mean", np.exp(ratios.mean()), len(pair))
        yield labels | ratio | {"low": low, "high": high, "p": p_values[frozenset((first, second))]}
        yield labels | _row(f"cells where {first} is worse than {second}", (ratios > 0).sum(), len(pair))


def _p_values(means: pd.DataFrame, tested: Sequence[tuple[str, str]]) -> dict[frozenset[str], float]:
    """Return the p-value of each pair of methods, corrected after Holm over all of them."""
    raw = [paired_tests(means[[*pair]])["p"].iloc[0] for pair in tested]
    return dict(zip(map(frozenset, tested), holm(raw), strict=True))


def _mean(quantity: str, values: pd.Series[float]) -> Row:
    low, high = bootstrap_interval(values)
    return _row(quantity, values.mean(), len(values)) | {"low": low, "high": high}


def _row(quantity: str, value: float, n: int) -> Row:
    return {"quantity": quantity, "value": float(value), "n": int(n)}
