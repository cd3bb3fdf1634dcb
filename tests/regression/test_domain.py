"""The domain check: values on the space and its corners, proofs by interval arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.formula import Formula
from symhpo.regression.domain import MAX_CORNERS, Domain, corners, spread
from symhpo.space import Hyperparameter, Space

SPACE = Space([Hyperparameter("a", "float", 1e-3, 1.0, 0.1, log=True), Hyperparameter("b", "int", 0, 8, 2)])
DOMAIN = Domain(SPACE, np.array([0.0, 1.0]))


def reason(text: str) -> str | None:
    return DOMAIN.reason_against(Formula.parse(text, SPACE.names))


@pytest.mark.parametrize(
    "text",
    [
        "0.5",
        "a",
        "-0.3*log10(a)",
        "Max(0.2, a**0.3)",
        "tanh(b)",
        "0.1*b",
        "exp(-b)",
        "sqrt(a)",
        "Abs(a - 0.5)",
    ],
)
def test_accepts_what_is_finite_and_in_range(text: str) -> None:
    assert reason(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1/b", "not finite at a="),
        ("log10(b)", "not finite at a="),
        ("(b - 4.5)**0.5", "not finite at a="),
        ("log10(a)", "-3 at a=0.001"),
        ("0.2*b", "1.6 at"),
        ("-0.6 + 0*a", "-0.6 at"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, why: str) -> None:
    found = reason(text)
    assert found is not None
    assert why in found


def test_proof_sees_a_pole_between_all_points() -> None:
    pole = Formula.parse("0.5 + 1e-12/(a - 0.123456789)", SPACE.names)
    assert DOMAIN.holds(pole.evaluate(DOMAIN.X))
    assert DOMAIN.reason_against(pole) == "not proven finite everywhere on the search space"


@pytest.mark.parametrize(
    "text", ["1/(0.001 + b)", "log10(a + b)", "(a*b)**0.5", "(b - 4)**2.0", "1/(a**0.5)"]
)
def test_proves_what_is_finite(text: str) -> None:
    assert DOMAIN.is_proven_finite(Formula.parse(text, SPACE.names))


@pytest.mark.parametrize("text", ["1/(b - 4)", "(b - 4)**-2.0", "log10(b - 1)", "a**0.5/b", "(b - 1)**0.5"])
def test_proves_nothing_that_is_not(text: str) -> None:
    assert not DOMAIN.is_proven_finite(Formula.parse(text, SPACE.names))


def test_costs_without_spread_leave_room_for_rounding_only() -> None:
    domain = Domain(SPACE, np.full(5, 0.3))
    assert domain.holds(np.array([0.3, 0.1 + 0.2]))
    assert not domain.holds(np.array([0.31]))


def test_points_have_the_corners() -> None:
    own = {(a, b) for a in (1e-3, 1.0) for b in (0.0, 8.0)}
    assert {tuple(row) for row in corners(SPACE)} == own
    assert own <= {tuple(row) for row in DOMAIN.X}


@pytest.mark.parametrize("d", [13, 30, 100])
def test_many_hyperparameters_have_some_of_their_corners(d: int) -> None:
    space = Space(Hyperparameter(f"h{j:02}", "float", 1.0, 2.0, 1.0) for j in range(d))
    at = corners(space)
    assert at.shape == (MAX_CORNERS, d)
    assert set(np.unique(at)) == {1.0, 2.0}
    assert (at == 1).all(axis=1).any()
    assert (at == 2).all(axis=1).any()
    # Every two hyperparameters are at all four combinations of their bounds.
    for pair in (at[:, [0, 1]], at[:, [2, d - 1]]):
        assert len(np.unique(pair, axis=0)) == 4
    domain = Domain(space, np.array([0.0, 2.0]))
    assert domain.reason_against(Formula.parse("h00*h12/2", space.names)) is None
    assert domain.reason_against(Formula.parse("h00*h12", space.names)) is not None
    assert domain.reason_against(Formula.parse("1/(h00 - 1.23456789)", space.names)) is not None


@given(st.integers(1, 300), st.integers(1, 6))
def test_spread_covers_the_cube(n: int, d: int) -> None:
    points = spread(n, d)
    assert points.shape == (n, d)
    assert ((points >= 0) & (points < 1)).all()
    assert np.array_equal(spread(n + 10, d)[:n], points)
    assert np.abs(points.mean(axis=0) - 0.5).max() < 1.5 / np.sqrt(n)


def test_an_exponent_that_varies_is_followed_over_its_whole_range() -> None:
    space = Space([Hyperparameter("x", "float", 0.1, 0.9, 0.5), Hyperparameter("y", "float", 0.1, 3.0, 1.0)])
    domain = Domain(space, np.array([0.0, 1.0]))
    assert not domain.is_proven_finite(Formula.parse("1/(x**y - 0.5)", space.names))
    assert domain.is_proven_finite(Formula.parse("1/(x**y + 0.5)", space.names))
