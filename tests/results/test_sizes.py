"""Ratios over the size of the sample: known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from symhpo.results.sizes import mean_ratios, ratio_over_sizes

BO, RANDOM = "SR (BO)", "SR (Random)"


def records(cells: dict[str, dict[int, float]]) -> pd.DataFrame:
    """Return two runs of each method with a mean of 0.2 for random samples and the planted ratio to it."""
    rows = [
        {
            "cell": cell,
            "n_samples": n,
            "method": method,
            "seed": seed,
            "nrmse": mean + deviation,
            "status": "ok",
        }
        for cell, ratios in cells.items()
        for n, ratio in ratios.items()
        for method, mean in ((BO, 0.2 * ratio), (RANDOM, 0.2))
        for seed, deviation in enumerate((-0.05, 0.05))
    ]
    failed = {"cell": "a", "n_samples": 20, "method": BO, "seed": 2, "nrmse": np.nan, "status": "timeout"}
    other = {"cell": "b", "n_samples": 20, "method": "GP baseline", "seed": 0, "nrmse": 9.0, "status": "ok"}
    return pd.DataFrame([*rows, failed, other])


def test_the_planted_ratio_of_every_cell_and_size():
    ratios = ratio_over_sizes(records({"a": {20: 1.0, 140: 2.0}, "b": {20: 1.0, 140: 0.5}}), BO, RANDOM)
    assert list(ratios) == ["cell", "n_samples", "ratio"]
    found = {(cell, n): ratio for cell, n, ratio in ratios.itertuples(index=False)}
    expected = {("a", 20): 1.0, ("a", 140): 2.0, ("b", 20): 1.0, ("b", 140): 0.5}
    assert found == pytest.approx(expected)


def test_every_size_is_about_the_same_cells():
    ratios = ratio_over_sizes(records({"a": {20: 1.0, 140: 2.0}, "b": {20: 1.0}}), BO, RANDOM)
    assert set(ratios["cell"]) == {"a"}
    lacking = records({"a": {20: 1.0}}).query("method != @BO")
    assert ratio_over_sizes(lacking, BO, RANDOM).empty


def test_means_over_cells_are_geometric_with_an_interval_on_the_logarithms():
    ratios = pd.DataFrame(
        {"cell": ["a", "b", "a", "b"], "n_samples": [20, 20, 140, 140], "ratio": [0.5, 2.0, 1.5, 1.5]}
    )
    table = mean_ratios(ratios).set_index("n_samples")
    assert table["mean"].to_numpy() == pytest.approx([1.0, 1.5])
    # Student's t with one degree of freedom: 12.706 standard errors, here of log 2.
    assert table.loc[20, "high"] == pytest.approx(2.0**12.706, rel=1e-3)
    assert table.loc[20, "low"] == pytest.approx(0.5**12.706, rel=1e-3)
    assert table.loc[140, ["low", "high"]].to_list() == pytest.approx([1.5, 1.5])
    assert table["cells"].tolist() == [2, 2]


def test_a_single_cell_has_no_interval():
    table = mean_ratios(pd.DataFrame({"cell": ["a"], "n_samples": [20], "ratio": [2.0]}))
    assert table["mean"].item() == pytest.approx(2.0)
    assert table[["low", "high"]].isna().all(axis=None)
