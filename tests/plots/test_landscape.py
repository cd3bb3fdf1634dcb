"""Heat maps: what is drawn where, in which units, under one colour scale."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure

from symhpo.errors import UserError
from symhpo.plots import landscapes
from symhpo.plots.axes import cell_edges
from symhpo.space import Hyperparameter, Space

C = Hyperparameter("C", "float", 2.0**-10, 2.0**10, 1.0, log=True)
DEPTH = Hyperparameter("max_depth", "int", 1, 50, 10, log=True)
FEATURES = Hyperparameter("max_features", "float", 0, 1, 0.5)
LEAF = Hyperparameter("min_samples_leaf", "int", 1, 20, 1)
KERNEL = Hyperparameter.categorical("kernel", ["rbf", "poly"], "rbf")


def landscape(space: Space, function=lambda X: X[:, 0] + 100 * X[:, 1]) -> SimpleNamespace:
    X = space.grid(10)
    return SimpleNamespace(X=X, cost=function(X))


def meshes(figure: Figure) -> list[QuadMesh]:
    return [
        c for axes in figure.axes for c in axes.collections if isinstance(c, QuadMesh) and axes.get_title()
    ]


def test_maps_side_by_side_share_the_true_costs_scale():
    space = Space([C, DEPTH])
    true = landscape(space)
    figure = landscapes(space, true, {"GP baseline": true.cost + 5, "SR (BO)": 0 * true.cost})
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert [title.splitlines()[0] for title in titles] == ["True cost", "GP baseline", "SR (BO)"]
    assert titles[1].endswith("RMSE 5.000")
    assert {mesh.get_clim() for mesh in meshes(figure)} == {(true.cost.min(), true.cost.max())}
    assert figure.axes[-1].get_ylabel() == "cost (1 − accuracy)"


def test_each_value_is_drawn_at_its_point():
    space = Space([C, DEPTH])
    true = landscape(space)
    [mesh] = meshes(landscapes(space, true, {}))
    x, y = np.unique(true.X[:, 0]), np.unique(true.X[:, 1])
    drawn = mesh.get_array()
    assert drawn.shape == (len(y), len(x))
    corners = mesh.get_coordinates()
    for i, row in enumerate(y):
        for j, column in enumerate(x):
            assert corners[i, j, 0] < column < corners[i, j + 1, 0]
            assert corners[i, j, 1] < row < corners[i + 1, j, 1]
            assert drawn[i, j] == pytest.approx(column + 100 * row)


def test_order_of_the_points_does_not_matter():
    space = Space([C, FEATURES])
    true = landscape(space)
    order = np.random.default_rng(0).permutation(len(true.X))
    shuffled = SimpleNamespace(X=true.X[order], cost=true.cost[order])
    [first], [second] = meshes(landscapes(space, true, {})), meshes(landscapes(space, shuffled, {}))
    assert np.array_equal(first.get_array(), second.get_array())


def test_training_points_lie_on_their_own_map_in_true_units():
    space = Space([C, DEPTH])
    true, points = landscape(space), np.array([[0.01, 3.0], [512.0, 50.0]])
    figure = landscapes(space, true, {"a": true.cost, "b": true.cost}, {"b": points})
    with_points = {
        axes.get_title().splitlines()[0]: [c for c in axes.collections if isinstance(c, PathCollection)]
        for axes in figure.axes
        if axes.get_title()
    }
    assert [len(drawn) for drawn in with_points.values()] == [0, 0, 1]
    assert np.array_equal(with_points["b"][0].get_offsets(), points)


def test_axes_have_scales_and_ticks_of_their_hyperparameter():
    space = Space([C, DEPTH])
    axes = landscapes(space, landscape(space), {}).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("C", "max_depth")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert list(axes.get_yticks()) == [1, 2, 5, 10, 20, 50]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2", "5", "10", "20", "50"]

    linear = Space([FEATURES, LEAF])
    axes = landscapes(linear, landscape(linear), {}).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")
    assert all(tick == round(tick) for tick in axes.get_yticks())


def test_categorical_axes_show_the_choices():
    space = Space([C, KERNEL])
    axes = landscapes(space, landscape(space), {}).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rbf", "poly"]


def test_cells_of_a_float_axis_fill_its_bounds():
    edges = cell_edges(C, C.grid(10))
    assert edges[[0, -1]] == pytest.approx([C.lower, C.upper])


def test_titles_and_labels_do_not_overlap():
    space = Space([C, DEPTH])
    true = landscape(space)
    labels = ["GP baseline", "SR (BO)", "SR (Random)", "SR (BO-GP)"]
    figure = landscapes(space, true, dict.fromkeys(labels, true.cost))
    FigureCanvasAgg(figure).draw()
    boxes = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert len(boxes) == 5
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_more_maps_than_fit_in_a_row_go_to_the_next():
    space = Space([C, DEPTH])
    true = landscape(space)
    figure = landscapes(space, true, {f"model {i}": true.cost for i in range(6)})
    assert len(meshes(figure)) == 7


@pytest.mark.parametrize("failed", [0, 17])
def test_a_point_without_cost_is_left_blank(failed: int):
    space = Space([C, DEPTH])
    true = landscape(space)
    true.cost[failed] = np.nan
    [mesh] = meshes(landscapes(space, true, {}))
    assert np.ma.getmaskarray(mesh.get_array()).sum() == 1


def test_a_prediction_that_is_not_finite_is_drawn_blank():
    space = Space([C, DEPTH])
    true = landscape(space)
    figure = landscapes(
        space, true, {"a": np.full_like(true.cost, np.inf), "b": np.full_like(true.cost, np.nan)}
    )
    assert np.ma.getmaskarray(meshes(figure)[1].get_array()).all()
    FigureCanvasAgg(figure).draw()


@pytest.mark.parametrize("space", [Space([C]), Space([C, DEPTH, LEAF])], ids=["one", "three"])
def test_other_than_two_hyperparameters(space: Space):
    with pytest.raises(UserError, match="a heat map needs two hyperparameters"):
        landscapes(space, SimpleNamespace(X=space.grid(3), cost=np.zeros(len(space.grid(3)))), {})


def test_points_that_are_no_grid():
    space = Space([C, DEPTH])
    X = space.sample(20, np.random.default_rng(0))
    with pytest.raises(UserError, match="grid"):
        landscapes(space, SimpleNamespace(X=X, cost=X[:, 0]), {})


def test_a_landscape_without_any_cost():
    space = Space([C, DEPTH])
    with pytest.raises(UserError, match="no finite cost"):
        landscapes(space, landscape(space, lambda X: np.full(len(X), np.nan)), {})
