"""Selections: known choices on made fronts, properties of all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression.base import Front, Member, Selection, TrainingSet
from symhpo.regression.selection import AtMost, Bic, Elbow, Knee, MostAccurate
from symhpo.space import Hyperparameter, Space

SPACE = Space([Hyperparameter("x", "float", 0, 1, 0.5)])
ALL: list[Selection] = [Bic(), Bic(5), MostAccurate(), AtMost(5), Knee(), Elbow()]


def training(n: int = 50, n_evaluations: int = 50) -> TrainingSet:
    X = SPACE.sample(n, np.random.default_rng(0))
    return TrainingSet(SPACE, X, X[:, 0], n_evaluations)


def front(*errors: float) -> Front:
    """Members of 1, 3, 5, ... nodes: x + 0.1 + 0.2 + ..., with these errors."""
    texts = ["x"]
    for k in range(1, len(errors)):
        texts.append(f"{k}.5*({texts[-1]})")
    return Front(
        tuple(Member(Formula.parse(text, ("x",)), error) for text, error in zip(texts, errors, strict=True))
    )


def test_at_most_takes_the_best_that_is_short_enough() -> None:
    made = front(1.0, 0.5, 0.2)
    nodes = [m.nodes for m in made.members]
    assert AtMost(nodes[1])(made, training()) is made.members[1]
    assert AtMost(nodes[2] + 5)(made, training()) is made.members[2]


def test_at_most_falls_back_on_the_shortest() -> None:
    made = Front(front(1.0, 0.5, 0.2).members[1:])
    assert AtMost(1)(made, training()) is made.members[0]


def test_bic_stops_where_nodes_do_not_pay() -> None:
    made = front(1.0, 0.5, 0.499)
    assert Bic()(made, training()) is made.members[1]


def test_bic_counts_evaluations_not_labels() -> None:
    made = front(1.0, 0.97)
    assert Bic()(made, training(1000, 1000)) is made.members[1]
    assert Bic()(made, training(1000, 20)) is made.members[0]


def test_bic_with_a_limit() -> None:
    made = front(1.0, 0.5, 0.1)
    assert Bic(made.members[1].nodes)(made, training()) is made.members[1]


def test_most_accurate() -> None:
    made = front(1.0, 0.5, 0.499)
    assert MostAccurate()(made, training()) is made.members[2]


def test_knee_is_at_the_bend() -> None:
    made = front(1.0, 0.1, 0.09, 0.08)
    assert Knee()(made, training()) is made.members[1]


def test_elbow_stops_at_the_first_step_that_does_not_pay() -> None:
    texts = ["x", "x*x*x*x*x", "x*x*x*x*x*x*x*x*x"]
    made = Front(
        tuple(Member(Formula.parse(t, ("x",)), e) for t, e in zip(texts, (1.0, 0.5, 0.49), strict=True))
    )
    assert Elbow(coefficients=[1.0, 0.1, 0.0])(made, training()) is made.members[1]
    assert Elbow(coefficients=[1.0, 0.1, 0.0], factor=1.0)(made, training()) is made.members[2]


def test_elbow_needs_coefficients() -> None:
    with pytest.raises(UserError, match="coefficients"):
        Elbow(coefficients=[])(front(1.0), training())


@pytest.mark.parametrize("selection", [AtMost, Bic])
def test_a_limit_leaves_at_least_a_node(selection: type[AtMost | Bic]) -> None:
    with pytest.raises(UserError, match="at least 1 node"):
        selection(0)


@pytest.mark.parametrize("selection", ALL, ids=lambda s: s.name)
def test_empty_front(selection: Selection) -> None:
    with pytest.raises(ValueError, match="no formula"):
        selection(Front(()), training())


@pytest.mark.parametrize("selection", ALL, ids=lambda s: s.name)
@settings(deadline=None)
@given(errors=st.lists(st.floats(0, 10), min_size=1, max_size=6, unique=True))
def test_chooses_a_member(selection: Selection, errors: list[float]) -> None:
    made = front(*sorted(errors, reverse=True))
    assert selection(made, training()) in made.members
