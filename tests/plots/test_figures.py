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

from symhpo.plots import (
    complexity,
    critical_difference,
    error_split,
    fronts_overview,
    learning_curves,
    pairs,
    parsimony_curve,
    quality,
    sampling_bias,
    stability,
    trade_off_curves,
)
from symhpo.plots.fronts import most_accurate
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
        for k in range(5)
    ]
    failed = {"n_samples": 20, "method": "SR (BO)", "rmse": np.nan, "status": "timeout"}
    return pd.DataFrame([*rows, failed])


def test_learning_curves_have_a_box_for_each_size_and_method():
    figure = learning_curves(curve_records(), spread=0.3, noise=0.02, title="svm/car")
    axes = figure.axes[0]
    medians = {
        round(float(np.mean(line.get_ydata())), 6) for line in axes.lines if len(line.get_ydata()) == 2
    }
    assert {round(level / n + 0.02, 6) for n in (20, 40, 80) for level in (4.0, 2.0)} <= medians
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert labels == [*METHODS, "std of the landscape", "noise floor"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["20", "40", "80"]
    assert {0.3, 0.02} <= {y for line in axes.lines for y in line.get_ydata()}
    assert_nothing_overlaps(figure)


def test_learning_curves_turn_to_a_log_scale_where_errors_span_much():
    records = curve_records()
    assert learning_curves(records).axes[0].get_yscale() == "linear"
    wide = records.assign(rmse=records["rmse"].where(records["n_samples"] < 80, 1e-4))
    assert learning_curves(wide).axes[0].get_yscale() == "log"


def parsimony_records() -> pd.DataFrame:
    planted = {0.1: (0.4, 2), 0.01: (0.2, 6), 0.001: (0.1, 12), 0.0001: (0.095, 30)}
    rows = [
        {"parsimony_coefficient": c, "rmse": rmse + d, "operations": operations, "status": "ok"}
        for c, (rmse, operations) in planted.items()
        for d in (-0.01, 0.01)
    ]
    failed = {"parsimony_coefficient": 0.0001, "rmse": np.nan, "operations": np.nan, "status": "timeout"}
    return pd.DataFrame([*rows, failed])


def test_parsimony_curve_stops_at_the_planted_elbow():
    curve = parsimony_curve(parsimony_records())
    assert curve["parsimony_coefficient"].tolist() == [0.1, 0.01, 0.001, 0.0001]
    assert curve["rmse"].to_numpy() == pytest.approx([0.4, 0.2, 0.1, 0.095])
    assert curve["n"].tolist() == [2, 2, 2, 2]
    assert curve["failed"].tolist() == [0, 0, 0, 1]
    assert curve.loc[curve["is_stop_point"], "parsimony_coefficient"].tolist() == [0.001]


def test_complexity_rings_the_stop_point_from_strong_to_weak():
    curve = parsimony_curve(parsimony_records())
    figure = complexity({"svm/car": curve, "svm/vehicle": curve})
    upper = figure.axes[0]
    assert upper.get_xscale() == "log"
    assert upper.get_xlim()[0] > upper.get_xlim()[1]
    [ring] = offsets(upper)
    assert ring.tolist() == [[0.001, pytest.approx(0.1)]]
    assert_nothing_overlaps(figure)


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
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["lr", "svm", "custom"]
    assert_nothing_overlaps(figure)


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
    assert labels == ["noise floor", "structure found", "no formula beats a constant", "a constant"]
    assert [points.tolist() for points in offsets(axes)] == [[[0.3, 1.0]], [[1.4, 0.0]]]
