"""Figures of importance and partial dependence."""

from __future__ import annotations

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.importance.analytic import ishigami
from symhpo.importance.partial_dependence import PartialDependence
from symhpo.importance.views import TruthView
from symhpo.plots.importance import (
    importance_bars,
    partial_dependence_curves,
    partial_dependence_maps,
    partial_dependence_truth,
)
from symhpo.space import Hyperparameter, Space

ALPHA = Hyperparameter("alpha", "float", 1e-4, 1.0, 1e-2, log=True)
KERNEL = Hyperparameter.categorical("kernel", ("rbf", "poly"), "rbf")


def dependence(hyperparameter: Hyperparameter) -> PartialDependence:
    space = Space([hyperparameter])
    X = space.grid(20)
    return PartialDependence(space, X, np.linspace(0, 1, len(X)), np.full(len(X), 0.1))


def test_bars_show_main_effects_then_the_largest_pairs() -> None:
    importance = ishigami(4).importance
    figure = importance_bars({"true": importance, "again": importance}, n_pairs=2)
    assert len(figure.axes) == 2
    panel = figure.axes[0]
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert labels[:2] == ["x1", "x0"]
    assert labels[4] == "x0 × x2"
    assert len(labels) == 6
    widths = [bar.get_width() for bar in panel.patches]
    np.testing.assert_allclose(widths[:2], importance.main[[1, 0]])


def test_curves_show_mean_band_and_formula() -> None:
    of = dependence(ALPHA)
    figure = partial_dependence_curves([of], [np.log10(of.X[:, 0])])
    panel = figure.axes[0]
    assert panel.get_xscale() == "log"
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert set(labels) == {"surrogate", "formula"}
    formula = next(line for line in panel.lines if line.get_label() == "formula")
    np.testing.assert_allclose(formula.get_ydata(), np.log10(of.X[:, 0]))


def test_curves_of_a_categorical_have_its_choices() -> None:
    figure = partial_dependence_curves([dependence(KERNEL), dependence(ALPHA)])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["rbf", "poly"]


def test_maps_share_a_scale() -> None:
    space = Space([ALPHA, KERNEL])
    cost = np.arange(len(space.grid(5)), dtype=float)
    figure = partial_dependence_maps(space, {"surrogate": cost, "formula": 2 * cost}, 5)
    meshes = [panel.collections[0] for panel in figure.axes[:2]]
    assert meshes[0].get_clim() == meshes[1].get_clim() == (0, 18)


def test_predictions_stand_over_the_truth() -> None:
    space = Space([ALPHA])
    true = np.array([0.1, 0.2, 0.4])
    view = TruthView(space, space.grid(3), true, true + 0.1, 2 * true)
    figure = partial_dependence_truth({"svm/wine": view, "rf/wine": view})
    panel = figure.axes[0]
    assert panel.get_title() == "svm/wine"
    drawn = {line.get_label(): line for line in panel.lines}
    np.testing.assert_allclose(drawn["surrogate"].get_xydata(), np.column_stack([true, true + 0.1]))
    np.testing.assert_allclose(drawn["formula"].get_xydata(), np.column_stack([true, 2 * true]))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["surrogate", "formula"]


def test_wrong_numbers_of_hyperparameters() -> None:
    both = Space([ALPHA, KERNEL])
    of = PartialDependence(both, both.grid(3), np.zeros(6), np.zeros(6))
    with pytest.raises(UserError, match="one hyperparameter"):
        partial_dependence_curves([of])
    with pytest.raises(UserError, match="two hyperparameters"):
        partial_dependence_maps(Space([ALPHA]), {"surrogate": np.zeros(3)}, 3)
