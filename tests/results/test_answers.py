"""Answers in numbers: what the synthetic study has planted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from symhpo.results import Results
from symhpo.results.answers import QUESTIONS, answers
from symhpo.results.measures import cell_means

BO, GP, TRADE, ENGINE, LEAK, CONSTANT, MANY = QUESTIONS


@pytest.fixture(scope="module")
def table(results: Results) -> pd.DataFrame:
    return answers(results)


def value(table: pd.DataFrame, question: str, quantity: str, **labels: str) -> pd.Series:
    """Return the row of a quantity, by default at the main size."""
    own = table[(table["question"] == question) & (table["quantity"] == quantity)]
    own = own[(own["samples"] == 140) | ("parsimony" in quantity)]
    for name, label in labels.items():
        own = own[own[name] == label]
    assert len(own) == 1
    return own.iloc[0]


def test_every_question_is_answered(table: pd.DataFrame):
    assert set(table["question"]) == set(QUESTIONS) - {MANY}
    assert table["value"].notna().all()


def test_by_how_much_bo_is_worse_than_random(results: Results, table: pd.DataFrame):
    where = {"engine": "operon", "protocol": "hpobench"}
    study = results.main_study(results.size)
    own = study[(study["engine"] == "operon") & (study["protocol"] == "hpobench")]
    means = cell_means(own)
    ratio = value(table, BO, "nRMSE of SR (BO) / SR (Random), geometric mean", **where)
    product = (means["SR (BO)"] / means["SR (Random)"]).prod()
    assert ratio["value"] == pytest.approx(product ** (1 / 4))
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert ratio["n"] == 4
    assert value(table, BO, "cells where SR (BO) is worse than SR (Random)", **where)["value"] == 4
    assert value(table, BO, "nRMSE of SR (BO)", **where)["value"] == pytest.approx(means["SR (BO)"].mean())


def test_bo_gp_against_the_surrogate(table: pd.DataFrame):
    where = {"engine": "operon", "protocol": "hpobench"}
    assert value(table, GP, "nRMSE of GP baseline", **where)["value"] == pytest.approx(0.2)
    assert value(table, GP, "cells where SR (BO-GP) is worse than GP baseline", **where)["value"] == 4


def test_errors_fall_with_the_nodes_and_the_parsimony_study_is_told(table: pd.DataFrame):
    where = {"engine": "operon", "protocol": "hpobench"}
    errors = [
        value(table, TRADE, f"nRMSE of SR (Random) with at most {n} nodes", **where)["value"]
        for n in (5, 10, 20)
    ]
    assert errors == sorted(errors, reverse=True)
    stop = value(table, TRADE, "rmse, svm/car, stop point 0.001 / weakest parsimony")
    assert stop["value"] == pytest.approx(1.0)


def test_engines_on_the_cell_that_both_have(table: pd.DataFrame):
    ratio = value(table, ENGINE, "nRMSE of SR (BO), operon / SR (BO), gplearn, geometric mean")
    assert ratio["value"] < 1
    assert ratio["n"] == 1
    assert value(table, ENGINE, "failed fits of SR (BO), operon, of n")["value"] == 0


def test_the_planted_leak_lowers_the_cost_and_nothing_else(table: pd.DataFrame):
    leaked = value(table, LEAK, "landscapes: cost (hpobench)")["value"]
    assert value(table, LEAK, "landscapes: cost (holdout)")["value"] == pytest.approx(leaked + 0.02)
    assert value(table, LEAK, "landscapes: regret")["value"] == pytest.approx(0)
    assert value(table, LEAK, "cells where the order of SR (BO) and SR (Random) is the same")["value"] == 1


def test_structure_is_found_everywhere(table: pd.DataFrame):
    where = {"engine": "operon", "protocol": "hpobench"}
    for name in ("SR (BO)", "SR (Random)", "SR (BO-GP)"):
        assert (
            value(table, CONSTANT, f"cells where {name} is no better than a constant (nRMSE ≥ 1)", **where)[
                "value"
            ]
            == 0
        )


def test_what_the_results_lack_has_no_rows(results: Results):
    records = results.main_study()
    only = replace(results, records=records[(records["engine"] == "operon") & (records["cell"] == "rf/car")])
    told = answers(only)
    assert set(told["question"]) == set(QUESTIONS) - {LEAK, MANY}
    assert not told["quantity"].str.contains("gplearn|parsimony").any()
