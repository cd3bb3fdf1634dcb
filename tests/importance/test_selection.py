"""The choice of the hyperparameters that matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.importance import Importance, pooled, top_hyperparameters
from symhpo.importance.analytic import additive, g_function, ishigami
from symhpo.space import Condition, Hyperparameter, Space


def importance(main: list[float], pairs: dict[tuple[int, int], float] | None = None) -> Importance:
    d = len(main)
    matrix = np.zeros((d, d))
    for (i, j), share in (pairs or {}).items():
        matrix[i, j] = matrix[j, i] = share
    space = Space(Hyperparameter(f"h{j}", "float", 0.0, 1.0, 0.5) for j in range(d))
    return Importance("test", space, np.array(main), np.zeros(d), matrix, np.zeros((d, d)), 1)


def test_smallest_set_that_reaches_the_share() -> None:
    choice = top_hyperparameters(importance([0.5, 0.1, 0.4]))
    assert choice.names == ("h0", "h2")
    assert choice.share == pytest.approx(0.9)
    assert choice.statement == (
        "h0, h2 explain 90.0% of the variance of main effects and pairs (test), as wanted"
    )


def test_pairs_count_where_both_are_chosen() -> None:
    choice = top_hyperparameters(importance([0.3, 0.25, 0.05], {(0, 2): 0.4}), at_most=2)
    assert choice.names == ("h0", "h2")
    assert choice.share == pytest.approx(0.75)
    assert choice.statement.endswith("less than the 90% wanted")


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (ishigami(), ("x0", "x1", "x2")),
        (g_function(), ("x0", "x1")),
        (additive(), ("x0", "x1", "x2")),
    ],
)
def test_known_functions(function: object, names: tuple[str, ...]) -> None:
    assert top_hyperparameters(function.importance).names == names  # type: ignore[attr-defined]


def test_more_than_there_are() -> None:
    choice = top_hyperparameters(importance([0.6, 0.4]), share=1.0, at_most=9)
    assert choice.names == ("h0", "h1")
    assert choice.share == pytest.approx(1)


def test_interactions_of_three_do_not_keep_a_share_from_being_reached() -> None:
    assert top_hyperparameters(importance([0.4, 0.01])).share == pytest.approx(0.4 / 0.41)


def test_conditional_comes_with_what_it_depends_on() -> None:
    space = Space(
        [
            Hyperparameter.categorical("kernel", ("rbf", "poly"), "rbf"),
            Hyperparameter("degree", "int", 2, 5, 3, condition=Condition("kernel", ("poly",))),
            Hyperparameter("C", "float", 0.1, 1.0, 0.5),
        ]
    )
    main = np.array([{"C": 0.05, "kernel": 0.05, "degree": 0.9}[name] for name in space.names])
    zeros = np.zeros((3, 3))
    choice = top_hyperparameters(Importance("test", space, main, np.zeros(3), zeros, zeros, 1))
    assert set(choice.names) == {"kernel", "degree"}


def test_next_to_nothing_explained() -> None:
    with pytest.raises(UserError, match=r"explain only 0\.4%"):
        top_hyperparameters(importance([0.001, 0.003]))


def test_all_zero() -> None:
    with pytest.raises(UserError, match="no hyperparameter explains any"):
        top_hyperparameters(importance([0.0, 0.0]))


@pytest.mark.parametrize(("arguments", "message"), [({"share": 0}, "share"), ({"at_most": 0}, "at most 0")])
def test_bad_settings(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        top_hyperparameters(importance([1.0]), **arguments)  # type: ignore[arg-type]


def test_unknown_hyperparameter() -> None:
    with pytest.raises(UserError, match="unknown hyperparameter 'h9'"):
        importance([1.0]).share(["h9"])


def test_seeds_are_pooled() -> None:
    first, second = importance([0.2, 0.6], {(0, 1): 0.2}), importance([0.4, 0.6])
    both = pooled([first, second])
    np.testing.assert_allclose(both.main, [0.3, 0.6])
    np.testing.assert_allclose(both.main_std, [0.1, 0.0], atol=1e-12)
    np.testing.assert_allclose(both.pairs, [[0, 0.1], [0.1, 0]])
    np.testing.assert_allclose(both.pairs_std, [[0, 0.1], [0.1, 0]])
    assert both.n_replicates == 2
    # The spread of each seed's own replicates counts as well.
    spread = replace(first, main_std=np.array([0.3, 0.0]))
    np.testing.assert_allclose(pooled([spread, spread]).main_std, [0.3, 0.0])


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda main: sum(main) > 0.05),
    st.floats(0.01, 1),
    st.integers(1, 6),
)
def test_no_smaller_set_would_do(main: list[float], share: float, at_most: int) -> None:
    of = importance(main)
    choice = top_hyperparameters(of, share=share, at_most=at_most)
    assert 1 <= len(choice.names) <= at_most
    one_less = sorted(main, reverse=True)[: len(choice.names) - 1]
    assert sum(one_less) / sum(main) < share
    if choice.share < share:
        assert len(choice.names) == min(at_most, len(main))
