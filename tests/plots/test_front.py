"""The figure of one front: points, the chosen formula, lines of what it is compared to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from symhpo.errors import UserError
from symhpo.plots.front import front
from symhpo.plots.style import save

MEMBERS = pd.DataFrame(
    {
        "nodes": [12, 1, 6, 40],
        "nrmse": [0.4, 1.0, 0.6, np.inf],
        "rmse": [0.04, 0.1, 0.06, np.inf],
        "rmse_train": [0.03, 0.1, 0.05, 0.01],
    }
)
REFERENCES = {"GP baseline": 0.41, "Linear (BO-GP)": 0.42, "Constant": 1.0, "unknown": np.nan}


def test_points_are_in_the_order_of_their_size() -> None:
    (axes,) = front(MEMBERS).axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 1.0], [6, 0.6], [12, 0.4]])
    assert axes.get_ylabel() == "RMSE / std of the landscape"


@pytest.mark.parametrize(("error", "expected"), [("rmse", 0.06), ("rmse_train", 0.05)])
def test_other_errors(error: str, expected: float) -> None:
    (axes,) = front(MEMBERS, error=error).axes
    assert [6, expected] in axes.lines[0].get_xydata().tolist()
    assert axes.get_ylabel().startswith("RMSE on the ")


def test_the_chosen_formula_is_marked() -> None:
    (axes,) = front(MEMBERS, chosen=6).axes
    (ring,) = (c for c in axes.collections if isinstance(c, PathCollection))
    np.testing.assert_array_equal(ring.get_offsets(), [[6, 0.6]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["front", "chosen: 6 nodes, 0.6"]


def test_references_are_lines_with_labels_that_do_not_overlap() -> None:
    figure = front(MEMBERS, references=REFERENCES)
    (axes,) = figure.axes
    heights = sorted(line.get_ydata()[0] for line in axes.lines[1:])
    assert heights == [0.41, 0.42, 1.0]
    assert [t.get_text() for t in axes.texts] == ["GP baseline  0.41", "Linear (BO-GP)  0.42", "Constant  1"]
    figure.draw_without_rendering()
    boxes = sorted((Text.get_window_extent(text) for text in axes.texts), key=lambda box: box.y0)
    # The text alone, without the line that leads to it.
    for lower, upper in pairwise(boxes):
        assert lower.y1 <= upper.y0 + 1
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


def test_everything_is_inside_the_axes() -> None:
    (axes,) = front(MEMBERS, references={"Constant": 3.0}).axes
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 3.0


def test_is_saved(tmp_path: Path) -> None:
    for path in save(
        front(MEMBERS, chosen=12, references=REFERENCES, title="svm, vehicle"), tmp_path / "front"
    ):
        assert path.stat().st_size > 1000


def test_nothing_to_draw() -> None:
    with pytest.raises(UserError, match="no formula with a finite error"):
        front(MEMBERS.iloc[[3]])


def test_chosen_is_not_there() -> None:
    with pytest.raises(UserError, match=r"no formula of the front has 7 nodes; there are \[1, 6, 12\]"):
        front(MEMBERS, chosen=7)
