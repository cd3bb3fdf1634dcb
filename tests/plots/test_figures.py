"""Figures from frames: what is drawn is what the frame says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from symhpo.plots import (
    complexity,
    critical_difference,
    error_split,
    fronts_overview,
    learning_curves,
    pairs,
    quality,
    ratio_over_size,
    sampling_bias,
    stability,
    trade_off_curves,
)
from symhpo.plots.fronts import most_accurate
from symhpo.plots.labels import keep_apart, wrap
from symhpo.plots.methods import COLOURS
from symhpo.statistics import average_ranks

METHODS = ("SR (BO)", "SR (Random)")


def texts(figure: Figure) -> list[str]:
    """Return the visible texts outside of axes' own ticks."""
    return [t.get_text() for axes in figure.axes for t in axes.texts]


def assert_nothing_overlaps(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    titles = [axes.title for axes in figure.axes if axes.get_title()]
    labels = [t for axes in figure.axes for t in (axes.xaxis.label, axes.yaxis.label) if t.get_text()]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in (*titles, *labels)]
    for legend in figure.legends:
        assert figure.bbox.contains(*legend.get_window_extent(renderer).min), "the legend is cut"
        assert figure.bbox.contains(*legend.get_window_extent(renderer).max), "the legend is cut"
    for i, (first, a) in enumerate(boxes):
        for second, b in boxes[:i]:
            assert not a.overlaps(b), f"{first!r} overlaps {second!r}"


def offsets(axes: Axes) -> list[np.ndarray]:
    return [np.asarray(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection)]


def curve_records() -> pd.DataFrame:
    rows = [
        {"n_samples": n, "method": method, "rmse": level / n + 0.01 * k, "status": "ok"}
        for n in (20, 40, 80)
        for method, level in zip(METHODS, (4.0, 2.0), strict=True)
        for k in range(7)
    ]
    failed = {"n_samples": 20, "method": "SR (BO)", "rmse": np.nan, "status": "timeout"}
    return pd.DataFrame([*rows, failed])


def test_learning_curves_have_a_box_for_each_size_and_method():
    figure = learning_curves(curve_records(), spread=0.3, noise=0.02, title="svm/car")
    axes = figure.axes[0]
    medians = {
        round(float(np.mean(line.get_ydata())), 6) for line in axes.lines if len(line.get_ydata()) == 2
    }
    assert {round(level / n + 0.03, 6) for n in (20, 40, 80) for level in (4.0, 2.0)} <= medians
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert labels == [*METHODS, "std of the landscape", "standard error of\na landscape point"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["20", "40", "80"]
    assert {0.3, 0.02} <= {y for line in axes.lines for y in line.get_ydata()}
    assert_nothing_overlaps(figure)


def test_learning_curves_have_one_scale_unless_an_error_is_zero():
    records = curve_records()
    assert learning_curves(records).axes[0].get_yscale() == "log"
    perfect = records.assign(rmse=records["rmse"].where(records["n_samples"] < 80, 0.0))
    assert learning_curves(perfect).axes[0].get_yscale() == "linear"


def test_learning_curves_draw_few_values_as_points():
    few = curve_records().groupby(["n_samples", "method"]).head(5)
    (axes,) = learning_curves(few).axes
    assert not axes.lines
    shown = sorted(round(float(y), 6) for points in offsets(axes) for y in points[:, 1])
    assert shown == sorted(round(y, 6) for y in few["rmse"].dropna())


def test_a_landscape_without_noise_has_no_line_for_it():
    (axes,) = learning_curves(curve_records(), spread=0.3, noise=3e-18).axes
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [*METHODS, "std of the landscape"]


def test_ratio_over_size_shows_every_cell_and_the_mean():
    ratios = pd.DataFrame(
        {"cell": ["a", "b"] * 2, "n_samples": [20, 20, 140, 140], "ratio": [0.5, 2.0, 1.5, 1.5]}
    )
    means = pd.DataFrame({"n_samples": [20, 140], "mean": [1.0, 1.5], "low": [0.4, 1.4], "high": [2.5, 1.6]})
    figure = ratio_over_size(ratios, means, label="a / b")
    (axes,) = figure.axes
    lines = [list(line.get_ydata()) for line in axes.lines]
    assert lines[:3] == [[0.5, 1.5], [2.0, 1.5], [1.0, 1.5]]
    assert axes.get_yscale() == "log"
    assert axes.get_ylim()[0] < 0.4
    assert axes.get_ylim()[1] > 2.5
    assert texts(figure) == ["a", "b"]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert all(t.get_window_extent(canvas.get_renderer()).x1 <= figure.bbox.x1 for t in axes.texts)
    assert_nothing_overlaps(figure)


def test_positions_keep_apart():
    np.testing.assert_allclose(keep_apart(np.array([0.9, 0.1, 0.12]), 0.1), [0.9, 0.06, 0.16])


def test_long_names_of_cells_are_wrapped():
    assert wrap("svm/blood_transfusion (holdout)") == "svm/blood_transfusion\n(holdout)"
    assert wrap("svm/car (holdout)") == "svm/car (holdout)"


def parsimony_curve(operations: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parsimony_coefficient": [0.1, 0.01, 0.001],
            "rmse": [0.4, 0.2, 0.1],
            "rmse_std": [0.01, 0.0, np.nan],
            "operations": operations,
            "operations_std": [0.0, 9.0, np.nan],
            "is_stop_point": [False, False, True],
        }
    )


def test_complexity_rings_the_stop_point_from_strong_to_weak():
    curve = parsimony_curve([2.0, 6.0, 300.0])
    figure = complexity({"svm/car": curve, "svm/blood_transfusion (holdout)": curve})
    upper, _, lower, _ = figure.axes
    assert upper.get_xscale() == "log"
    assert upper.get_xlim()[0] > upper.get_xlim()[1]
    [ring] = offsets(upper)
    assert ring.tolist() == [[0.001, pytest.approx(0.1)]]
    assert lower.get_yscale() == "symlog"
    assert lower.get_ylim()[0] == 0
    assert lower.get_ylim()[1] > 300
    assert_nothing_overlaps(figure)


def test_complexity_says_where_there_are_only_constants():
    constants = parsimony_curve([0.0] * 3).assign(operations_std=0.0)
    figure = complexity({"svm/car": parsimony_curve([2.0, 6.0, 30.0]), "svm/vehicle": constants})
    _, _, left, right = figure.axes
    assert texts(figure) == ["constants only"]
    assert left.get_ylim() == right.get_ylim()


def test_critical_difference_names_every_method_with_its_rank():
    scores = pd.DataFrame(
        [[1.0, 2, 3, 4]] * 6, columns=["SR (Random)", "GP baseline", "SR (BO-GP)", "SR (BO)"]
    )
    comparison = average_ranks(scores)
    figure = critical_difference(comparison)
    shown = " ".join(texts(figure))
    for name, rank in comparison.ranks.items():
        assert str(name) in shown
        assert f"{rank:.2f}" in shown
    assert f"critical difference {comparison.critical_difference:.2f}" in shown
    bars = [line for line in figure.axes[0].lines if line.get_linewidth() == 3]
    assert len(bars) == len(comparison.groups) == 3
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [t.get_window_extent(canvas.get_renderer()) for t in figure.axes[0].texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_sampling_bias_shows_both_samples_and_the_correlation():
    points = pd.DataFrame(
        {"method": METHODS * 2, "discrepancy": [0.3, 0.01, 0.2, 0.02], "nrmse": [0.6, 0.2, 0.5, 0.3]}
    )
    figure = sampling_bias(points, correlation=0.42, p=0.001)
    assert "0.42" in figure.axes[0].get_title()
    bo, random = offsets(figure.axes[0])
    assert bo.tolist() == [[0.3, 0.6], [0.2, 0.5]]
    assert random.tolist() == [[0.01, 0.2], [0.02, 0.3]]
    assert_nothing_overlaps(figure)


def test_error_split_orders_the_cells_by_their_error():
    split = pd.DataFrame(
        {
            "formula against true cost": [0.3, 0.5],
            "surrogate against true cost": [0.2, 0.1],
            "formula against surrogate": [0.25, 0.4],
        },
        index=["svm/car", "lr/car"],
    )
    figure = error_split(split)
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["lr/car", "svm/car"]
    assert [points[:, 0].tolist() for points in offsets(axes)] == [[0.5, 0.3], [0.1, 0.2], [0.4, 0.25]]
    assert_nothing_overlaps(figure)


def test_stability_shows_a_dot_for_each_cell():
    table = pd.DataFrame(
        {
            "method": list(METHODS) * 3,
            "disagreement": [0.5, 0.2, 0.4, 0.1, 0.6, 0.3],
            "same structure": [0.5, 1.0] * 3,
            "nodes": [10.0, 6.0] * 3,
        }
    )
    figure = stability(table)
    assert sorted(x for points in offsets(figure.axes[0]) for x in points[:, 0].tolist()) == sorted(
        table["disagreement"]
    )
    assert_nothing_overlaps(figure)


def fronts() -> pd.DataFrame:
    rows = [
        {
            "cell": cell,
            "method": method,
            "run_id": f"{cell}{method}{seed}",
            "regressor": "operon",
            "regressor_seed": 0,
        }
        | {"nodes": nodes, "rmse_train": 1 / nodes, "nrmse": level / nodes}
        for cell in ("svm/car", "lr/car", "rf/car", "nn/car", "xgboost/car")
        for method, level in zip(METHODS, (1.0, 0.5), strict=True)
        for seed, nodes in ((0, 2), (0, 4), (1, 2), (1, 8))
    ]
    return pd.DataFrame(rows)


def test_legend_of_a_single_cell_fits():
    one = fronts().query("cell == 'svm/car'")
    figure = fronts_overview(one, one, {"svm/car": {"GP baseline": 0.2}})
    assert_nothing_overlaps(figure)


def test_the_most_accurate_member_of_every_front():
    own = fronts().query("cell == 'svm/car' and method == 'SR (BO)'")
    assert most_accurate(own[own["nodes"] <= 1]).empty
    assert sorted(most_accurate(own[own["nodes"] <= 4])["nrmse"]) == [0.25, 0.5]
    assert sorted(most_accurate(own)["nrmse"]) == [0.125, 0.25]


def test_fronts_overview_draws_medians_choices_and_baselines():
    chosen = pd.DataFrame({"cell": ["svm/car"], "method": ["SR (BO)"], "nodes": [4], "nrmse": [0.25]})
    figure = fronts_overview(fronts(), chosen, {"svm/car": {"GP baseline": 0.2}})
    shown = {axes.get_title(): axes for axes in figure.axes if axes.get_visible()}
    assert sorted(shown) == sorted(set(fronts()["cell"]))
    axes = shown["svm/car"]
    step = next(line for line in axes.lines if to_hex(line.get_color()).upper() == COLOURS["SR (BO)"])
    assert step.get_xdata().tolist() == [2, 4, 8]
    assert list(step.get_ydata()) == pytest.approx([0.5, 0.375, 0.1875])
    assert [0.2, 0.2] in [list(line.get_ydata()) for line in axes.lines]
    assert [[4, 0.25]] in [points.tolist() for points in offsets(axes)]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [*METHODS, "GP baseline"]
    assert_nothing_overlaps(figure)


def test_fronts_overview_marks_what_is_beyond_its_limit():
    chosen = pd.DataFrame(
        {
            "cell": "svm/car",
            "method": [*METHODS, "Constant (BO)"],
            "nodes": [2, 8, 1],
            "nrmse": [7.0, 0.2, 9.0],
        }
    )
    figure = fronts_overview(fronts(), chosen, {"lr/car": {"GP baseline": 1.5}})
    assert [text.strip() for text in texts(figure)] == ["7.00"]
    assert all(axes.get_ylim() == (0, pytest.approx(1.05 * 1.5)) for axes in figure.axes)


def test_trade_off_shows_the_whole_bands():
    nrmse = [1.0, 1.4, 1.8]
    table = pd.DataFrame({"cell": ["a", "b", "c"], "method": "SR (BO)", "nodes": 1, "nrmse": nrmse})
    (axes,) = trade_off_curves(table).axes
    assert axes.get_ylim()[1] > 1.6


def test_trade_off_draws_the_median_over_cells():
    table = pd.DataFrame(
        {
            "cell": ["a", "b", "c"] * 2,
            "method": "SR (BO)",
            "nodes": [1] * 3 + [5] * 3,
            "nrmse": [1.0, 0.9, 0.8, 0.2, 0.3, 0.7],
        }
    )
    (axes,) = trade_off_curves(table).axes
    line = axes.lines[0]
    assert line.get_xdata().tolist() == [1, 5]
    assert line.get_ydata().tolist() == pytest.approx([0.9, 0.3])
    assert line.get_label() == "SR (BO)"


def paired_scores(worst: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"SR (Random)": [0.2, 0.3, 0.4], "SR (BO)": [0.4, 0.5, worst]},
        index=["svm/car", "lr/car", "custom/car"],
    )


def test_pairs_draw_each_cell_once_on_equal_axes():
    figure = pairs(paired_scores(0.8), [("SR (Random)", "SR (BO)")], label="RMSE / std")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("SR (Random)", "SR (BO)")
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xscale() == "linear"
    assert sorted(tuple(p) for points in offsets(axes) for p in points) == [
        (0.2, 0.4),
        (0.3, 0.5),
        (0.4, 0.8),
    ]
    assert axes.get_xticks().tolist() == axes.get_yticks().tolist()
    key = [t.get_text() for t in figure.legends[0].get_texts()]
    assert key == ["1  lr/car", "2  svm/car", "3  custom/car"]
    numbers = {tuple(t.xy): t.get_text() for t in axes.texts}
    assert numbers == {(0.2, 0.4): "2", (0.3, 0.5): "1", (0.4, 0.8): "3"}
    assert_nothing_overlaps(figure)


def test_numbers_of_close_cells_do_not_overlap():
    close = pd.DataFrame({"x": [0.30, 0.31, 0.32, 0.9], "y": [0.30, 0.31, 0.30, 0.9]}, index=list("abcd"))
    figure = pairs(close, [("x", "y")], label="RMSE / std")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [Text.get_window_extent(t, canvas.get_renderer()) for t in figure.axes[0].texts]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(("worst", "cells", "scale"), [(np.inf, 2, "linear"), (80.0, 3, "log")])
def test_pairs_with_runaway_errors(worst: float, cells: int, scale: str):
    figure = pairs(paired_scores(worst), [("SR (Random)", "SR (BO)")] * 4, label="RMSE / std")
    assert len(figure.axes) == 4
    assert all(sum(map(len, offsets(axes))) == cells for axes in figure.axes)
    assert figure.axes[0].get_yscale() == scale
    assert_nothing_overlaps(figure)


def test_quality_marks_what_no_formula_explains():
    table = pd.DataFrame(
        {
            "cell": ["svm/car", "lr/car", "rf/flat"],
            "nRMSE": [0.3, 1.4, np.nan],
            "noise / std": [0.1, 0.9, np.nan],
            "verdict": ["structure found", "no formula beats a constant", "flat"],
        }
    )
    (axes,) = quality(table).axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["lr/car", "svm/car"]
    labels = axes.get_legend_handles_labels()[1]
    assert labels == [
        "standard error of\na landscape point",
        "structure found",
        "no formula beats a constant",
        "a constant",
    ]
    assert [points.tolist() for points in offsets(axes)] == [[[0.3, 1.0]], [[1.4, 0.0]]]
