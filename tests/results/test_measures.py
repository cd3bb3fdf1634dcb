"""What results say: planted answers come out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from synthetic_study import SPACES

from symhpo.results import CellLandscape, Results
from symhpo.results.baselines import baseline_errors, beats_baselines
from symhpo.results.beyond import (
    bias_correlation,
    cell_biases,
    error_split,
    formula_stability,
    sampling_bias,
)
from symhpo.results.measures import (
    cell_means,
    collapses,
    confidence_intervals,
    has_choice,
    landscape_quality,
    representatives,
    selections,
    trade_off,
    with_all_engines,
)

SPACE = SPACES["svm"]


@pytest.fixture
def records(results: Results) -> pd.DataFrame:
    records = results.main_study(140)
    return records[records["engine"] == "operon"]


def test_cell_means_are_means_over_runs(records: pd.DataFrame):
    means = cell_means(records, "rmse")
    one = records[(records["cell"] == "rf/car") & (records["method"] == "SR (BO)")]
    assert means.loc["rf/car", "SR (BO)"] == pytest.approx(one["rmse"].mean())
    assert (means["SR (Random)"] < means["SR (BO-GP)"]).all()
    assert (means["SR (BO-GP)"] < means["SR (BO)"]).all()


def test_failed_runs_stay_out_of_means(results: Results):
    small = results.main_study(20)
    assert (small["status"] == "timeout").any()
    assert np.isfinite(cell_means(small)["SR (BO)"]).all()


def test_intervals_hold_their_mean(records: pd.DataFrame):
    table = confidence_intervals(records)
    several = table[table["n"] > 1]
    assert len(several)
    assert ((several["low"] <= several["mean"]) & (several["mean"] <= several["high"])).all()
    overall = table[(table["cell"] == "all cells") & (table["method"] == "SR (Random)")].iloc[0]
    assert overall["n"] == 5
    own = table[(table["cell"] == "rf/car") & (table["method"] == "SR (BO)")]
    assert own["n"].tolist() == [2]  # four runs of two sampling seeds
    assert overall["mean"] == pytest.approx(cell_means(records)["SR (Random)"].mean())


def test_split_of_orthogonal_errors(results: Results):
    split = error_split(results, "operon")
    assert set(split.index) == {"svm/vehicle", "svm/car", "rf/vehicle", "rf/car", "svm/car (holdout)"}
    assert split["surrogate against true cost"].to_numpy() == pytest.approx(0.2)
    assert split["formula against surrogate"].between(0.24, 0.36).all()
    both = np.hypot(split["surrogate against true cost"], split["formula against surrogate"])
    assert split["formula against true cost"].to_numpy() == pytest.approx(both, rel=0.2)
    assert (split["runs"] == 4).all()


def test_stability(results: Results):
    table = formula_stability(results, "operon").set_index(["cell", "method"])
    random = table.xs("SR (Random)", level="method")
    # SR (Random) always has the same structure, and errors of a fifth of the landscape's spread.
    assert (random["same structure"] == 1).all()
    assert (random["structures"] == 1).all()
    assert random["disagreement"].to_numpy() == pytest.approx(0.2, rel=0.3)
    bo = table.xs("SR (BO)", level="method")
    assert (bo["same structure"] < 1).any()
    assert (bo["disagreement"] > random["disagreement"]).all()


def test_one_run_has_no_stability(results: Results):
    only = results.records[(results.records["seed"] == 0) & (results.records["regressor_seed"] == 0)]
    assert formula_stability(replace(results, records=only), "operon").empty


def test_bayesian_optimisation_samples_less_evenly_the_more_it_exploits(results: Results):
    bias = (
        sampling_bias(results, "operon")
        .set_index(["cell", "method", "seed"])["discrepancy"]
        .unstack("method")
    )
    assert (bias["SR (BO)"] > 2 * bias["SR (Random)"]).all()
    seeds = bias["SR (BO)"].unstack("seed")
    assert (seeds[3] > seeds[0]).all()


def test_correlation_over_samples_and_within_and_between_cells():
    samples = [
        # Within a cell the error rises with the discrepancy; the cell with the lower one has larger errors.
        ("a", "SR (BO)", seed, 0.1 + 0.01 * seed, 0.8 + 0.01 * seed)
        for seed in range(4)
    ] + [("b", "SR (BO)", seed, 0.2 + 0.01 * seed, 0.4 + 0.01 * seed) for seed in range(4)]
    samples += [(cell, "SR (Random)", 0, 0.01, 0.2) for cell in "ab"]
    bias = pd.DataFrame(samples, columns=["cell", "method", "seed", "discrepancy", "nrmse"])
    found = bias_correlation(bias)
    assert found.loc["all samples", "rho"] < 0
    assert found.loc["within cells", "rho"] == pytest.approx(1)
    assert found["n"].tolist() == [8, 8, 2]
    assert np.isnan(found.loc["between cells", "rho"])


def front_members() -> pd.DataFrame:
    members = [
        ("a", run, nodes, rmse, rmse)
        for run, front in {"r1": ((1, 1.0), (5, 0.4)), "r2": ((1, 1.0), (3, 0.6), (9, 0.2))}.items()
        for nodes, rmse in front
    ]
    frame = pd.DataFrame(members, columns=["cell", "run_id", "nodes", "rmse_train", "nrmse"])
    return frame.assign(method="SR (BO)", regressor="operon", regressor_seed=0, seed=0)


def test_a_front_of_one_formula_leaves_no_choice():
    fronts = front_members()
    assert has_choice(fronts)
    assert not has_choice(fronts[fronts["nodes"] == 1])


def test_baselines_are_no_choice():
    fronts = front_members().query("nodes == 1")
    baselines = [fronts.assign(method=name, regressor=name, regressor_seed=np.nan) for name in "ab"]
    assert not has_choice(pd.concat([fronts, *baselines]))


def test_trade_off_is_the_mean_over_runs():
    table = trade_off(front_members(), (1, 3, 5, 9)).set_index("nodes")["nrmse"]
    assert table.to_dict() == pytest.approx({1: 1.0, 3: 0.8, 5: 0.5, 9: 0.3})


def test_cells_where_a_front_does_not_reach_the_smallest_size_have_no_trade_off():
    late = front_members().query("run_id == 'r1' or nodes > 1").assign(cell="b")
    late["run_id"] += " of b"
    fronts = pd.concat([front_members(), late], ignore_index=True)
    assert set(trade_off(fronts, (1, 3))["cell"]) == {"a"}
    assert set(trade_off(fronts, (3, 5))["cell"]) == {"a", "b"}


def test_selections_from_the_same_fronts():
    chosen = pd.DataFrame(
        {
            "cell": "a",
            "method": "SR (BO)",
            "selection": "bic",
            "seed": 0,
            "nrmse": [0.4, 0.6],
            "nodes": [5, 3],
        }
    )
    table = selections(front_members(), chosen, (3,)).set_index("rule")
    assert table["nrmse"].to_dict() == pytest.approx(
        {"chosen (bic)": 0.5, "at most 3 nodes": 0.8, "most accurate": 0.3}
    )
    assert table["nodes"].tolist() == [4, 2, 7]
    assert (table["cells"] == 1).all()


def test_runs_of_a_seed_are_averaged_first():
    records = pd.DataFrame({"seed": [0, 0, 0, 3], "nrmse": [0.1, 0.2, 0.3, 0.6]})
    means = cell_means(records.assign(cell="a", method="SR (BO)", status="ok"))
    assert means.loc["a", "SR (BO)"] == pytest.approx(0.4)


def test_engines_are_compared_on_the_seeds_that_they_share():
    seeds = {"operon": [(0, 0), (0, 3), (3, 0)], "gplearn": [(0, 0), (6, 0)]}
    rows = [(engine, *pair) for engine, pairs in seeds.items() for pair in pairs]
    records = pd.DataFrame(rows, columns=["engine", "seed", "regressor_seed"])
    shared = with_all_engines(records.assign(cell="a", method="SR (BO)", n_samples=140))
    assert shared[["engine", "seed", "regressor_seed"]].to_numpy().tolist() == [
        ["operon", 0, 0],
        ["gplearn", 0, 0],
    ]


def test_collapsed_models_are_counted():
    formulas = pd.DataFrame(
        {
            "method": "SR (BO)",
            "seed": [0, 3, 6],
            "nrmse": [1.4, 0.2, 0.5],
            "nodes": [1, 7, 1],
            "formula": ["0.25", "C + gamma", "C"],
        }
    )
    processes = pd.DataFrame({"method": "GP baseline", "seed": [0, 3], "nrmse": [0.9, 0.7]})
    records = pd.concat([formulas, processes], ignore_index=True)
    row = collapses(records.assign(cell="a", status="ok", hyperparameters="C,gamma")).iloc[0]
    assert (row["SR (BO) collapsed"], row["SR (BO) runs"]) == (1, 3)
    assert (row["SR (BO) mean"], row["SR (BO) median"]) == pytest.approx((0.7, 0.5))
    assert (row["GP baseline collapsed"], row["GP baseline runs"]) == (1, 2)


def test_baselines_of_a_plane():
    """Costs on a plane: the line meets them, a constant does not."""
    X = SPACE.grid(4)
    cost = SPACE.to_unit(X) @ [1.0, 2.0]
    columns = {"cell": "a", "run_id": "r", "x1": X[:, 0], "x2": X[:, 1], "cost": cost}
    results = Results(Path(), pd.DataFrame())
    results.__dict__["training_sets"] = pd.DataFrame(columns)
    results.__dict__["landscapes"] = {"a": CellLandscape(X, cost, np.zeros(16), np.full(16, 5))}
    results.__dict__["spaces"] = {"a": SPACE}
    formulas = pd.DataFrame({"run_id": "r", "nrmse": [0.5]})
    errors = baseline_errors(results, formulas).loc["r"]
    assert errors[["constant", "linear"]].tolist() == pytest.approx([1, 0], abs=1e-9)
    assert beats_baselines(results, formulas).tolist() == [False]


def test_means_that_were_taken_off_cost_degrees_of_freedom():
    rng = np.random.default_rng(0)
    samples = pd.DataFrame(
        {"cell": np.repeat(list("abcd"), 5), "method": "SR (BO)", "seed": [0, 1, 2, 3, 4] * 4}
    ).assign(discrepancy=rng.uniform(size=20), nrmse=rng.uniform(size=20))
    found = bias_correlation(samples).loc["within cells"]
    freedom = 20 - 4 - 1
    statistic = abs(found["rho"]) * np.sqrt(freedom / (1 - found["rho"] ** 2))
    assert found["p"] == pytest.approx(2 * student.sf(statistic, freedom))
    assert cell_biases(samples)["nrmse"].tolist() == samples.groupby("cell")["nrmse"].mean().tolist()


def test_representative_is_the_middle_run(records: pd.DataFrame):
    chosen = representatives(records)
    assert chosen.groupby(["cell", "method"]).size().eq(1).all()
    own = records[(records["cell"] == "svm/car") & (records["method"] == "SR (BO)")]["nrmse"].sort_values()
    middle = chosen[(chosen["cell"] == "svm/car") & (chosen["method"] == "SR (BO)")]["nrmse"].iloc[0]
    assert middle == own.iloc[(len(own) - 1) // 2]


def landscape(cost: list[float], std: float) -> CellLandscape:
    m = len(cost)
    return CellLandscape(np.zeros((m, 2)), np.array(cost), np.full(m, std), np.full(m, 5))


@pytest.mark.parametrize(
    ("cost", "std", "nrmse", "verdict"),
    [
        ([0.1, 0.3], 0.01, 0.3, "structure found"),
        ([0.1, 0.3], 0.01, 1.2, "no formula beats a constant"),
        ([0.1, 0.12], 0.03, 0.8, "mostly noise"),
        ([0.1, 0.1], 0.0, np.nan, "flat"),
    ],
)
def test_verdict_on_a_landscape(cost: list[float], std: float, nrmse: float, verdict: str):
    records = pd.DataFrame(
        {"cell": ["a"], "method": ["SR (BO)"], "status": ["ok"], "seed": [0], "nrmse": [nrmse]}
    )
    results = Results(Path(), records)
    results.__dict__["landscapes"] = {"a": landscape(cost, std)}
    quality = landscape_quality(results, records)
    assert quality["verdict"].tolist() == [verdict]


def test_a_landscape_of_another_study_has_no_verdict():
    records = pd.DataFrame(
        {"cell": ["a"], "method": ["SR (BO)"], "status": ["ok"], "seed": [0], "nrmse": [0.3]}
    )
    results = Results(Path(), records)
    flat = landscape([0.1, 0.1], 0.0)
    results.__dict__["landscapes"] = {"a": landscape([0.1, 0.3], 0.01), "a (holdout)": flat}
    assert landscape_quality(results, records)["cell"].tolist() == ["a"]


def test_results_stay_as_they_are(results: Results):
    before = results.records.copy()
    formula_stability(results, "operon")
    sampling_bias(results, "operon")
    pd.testing.assert_frame_equal(replace(results).records, before)
