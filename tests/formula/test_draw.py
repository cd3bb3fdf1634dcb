"""Drawings of expression trees: nothing overlaps, nothing is lost, the same bytes each time."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

from symhpo.formula import Formula
from symhpo.formula.draw import FILLS, draw_tree, save_tree

NAMES = ("C", "gamma", "min_samples_split", "learning_rate_init")
TEXTS = {
    "one": "C",
    "five": "0.1 + 0.2*C",
    "fifteen": "0.25 + Max(0.1*log10(C), -0.3*log10(gamma) - 0.123456)",
    "forty": (
        "0.1234 + Max(-0.30123*log10(gamma) - 0.123456, 0.1*log10(C) + Min(0.01*min_samples_split, "
        "0.5 - log10(learning_rate_init))) - Min(0.25, 2.5e-05*log10(gamma)*log10(C)) + log10(C)**2"
    ),
    "branches": "Piecewise((log(Abs(C - gamma))/sqrt(C), Abs(C - gamma) > 0.001), (pi, True))/gamma**3",
}


def patches(figure: Figure) -> list[Patch]:
    return list(figure.axes[0].patches)


def labels(figure: Figure) -> list[Text]:
    return list(figure.axes[0].texts)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
class TestLayout:
    """What makes a drawing readable."""

    def test_no_two_boxes_overlap(self, text: str) -> None:
        figure = draw_tree(Formula.parse(text, NAMES))
        figure.canvas.draw()
        boxes = [patch.get_window_extent() for patch in patches(figure)]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))

    def test_labels_stay_in_their_boxes_and_boxes_in_the_figure(self, text: str) -> None:
        figure = draw_tree(Formula.parse(text, NAMES))
        figure.canvas.draw()
        for patch, label in zip(patches(figure), labels(figure), strict=True):
            outer, inner = patch.get_window_extent(), label.get_window_extent()
            assert outer.x0 <= inner.x0
            assert inner.x1 <= outer.x1
            assert figure.bbox.x0 <= outer.x0
            assert outer.x1 <= figure.bbox.x1
            assert figure.bbox.y0 <= outer.y0
            assert outer.y1 <= figure.bbox.y1

    def test_a_parent_stands_above_the_middle_of_its_children(self, text: str) -> None:
        figure = draw_tree(Formula.parse(text, NAMES))
        lines = [line.get_xydata() for line in figure.axes[0].lines]
        assert len(lines) == len(patches(figure)) - 1
        by_parent: dict[tuple[float, float], list[float]] = {}
        for (x, y), (child_x, _) in lines:
            by_parent.setdefault((x, y), []).append(child_x)
        for (x, _), children in by_parent.items():
            np.testing.assert_allclose(x, (min(children) + max(children)) / 2)


def test_kinds_differ_in_colour_and_shape() -> None:
    figure = draw_tree(Formula.parse("0.5*C", NAMES))
    drawn = {label.get_text(): patch for patch, label in zip(patches(figure), labels(figure), strict=True)}
    assert to_hex(drawn["C"].get_facecolor(), keep_alpha=False).upper() == FILLS["hyperparameter"]
    assert len({to_hex(patch.get_facecolor()) for patch in drawn.values()}) == 3
    shapes = {(type(p).__name__, type(getattr(p, "get_boxstyle", str)()).__name__) for p in drawn.values()}
    assert len(shapes) == 3


def test_labels() -> None:
    text = "Piecewise((log10(C)**2, C > 0.5), (-1/sqrt(gamma), True)) - 2.5e-05"
    texts = {label.get_text() for label in labels(draw_tree(Formula.parse(text, NAMES)))}
    assert texts == {"+", "if", "·²", "log₁₀", "C", ">", "0.5", "−", "1/√", "gamma", "−2.5e−05"}


def test_files_are_vector_and_raster_and_repeat(tmp_path: Path) -> None:
    formula = Formula.parse(TEXTS["fifteen"], NAMES)
    first = save_tree(formula, tmp_path / "a.tree")
    again = save_tree(formula, tmp_path / "b.tree")
    assert [file.name for file in first] == ["a.tree.pdf", "a.tree.svg", "a.tree.png"]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]
    assert first[0].read_bytes().startswith(b"%PDF")
    assert b"<svg" in first[1].read_bytes()
