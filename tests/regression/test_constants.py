"""Constants as parameters of a formula."""

from __future__ import annotations

import numpy as np
import pytest

from symhpo.formula import Formula
from symhpo.regression.constants import Parametrised
from symhpo.space import Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("C", "float", 1e-3, 1e3, 1.0, log=True),
        Hyperparameter("eta", "float", 0.1, 1.0, 0.5),
    ]
)
X = SPACE.sample(60, np.random.default_rng(0))


def parametrised(text: str) -> Parametrised:
    return Parametrised(Formula.parse(text, SPACE.names))


@pytest.mark.parametrize(
    ("text", "constants", "template"),
    [
        ("0.5 + 2*log10(C)", [0.5, 2], "c0 + c1*log10(C)"),
        ("-Max(0, eta - 0.5)**2", [-0.5], "-Max(0, eta + c0)**2"),
        ("0.25*eta + 0.25*eta", [0.25, 0.25], "c0*eta + c1*eta"),
        ("sqrt(eta)/3 + eta**1.5", [1 / 3, 1.5], None),
        ("Piecewise((0.1, eta < 0.5), (eta, True))", [0.1, 0.5], "Piecewise((c0, eta < c1), (eta, True))"),
        ("eta", [], "eta"),
        ("0.0", [0.0], "c0"),
    ],
)
def test_constants_are_found(text: str, constants: list[float], template: str | None) -> None:
    found = parametrised(text)
    assert sorted(found.constants) == sorted(constants)
    if template is not None:
        assert found.template.text == template
        assert found.constants.tolist() == constants
    own = Formula.parse(text, SPACE.names).evaluate(X)
    np.testing.assert_array_equal(found.evaluate(X, found.constants), own)


def test_names_avoid_those_of_hyperparameters() -> None:
    found = Parametrised(Formula.parse("0.5*c0 + 0.1", ("c0", "eta")))
    assert found.names == ("c_0", "c_1")
    assert found.template.text == "c_0*c0 + c_1"


@pytest.mark.parametrize("text", ["0.4 - 0.3*log10(C)", "0.4 + 0.3*Max(0.1, log10(C) - 0.7) - 2*eta"])
def test_least_squares_finds_the_constants_behind_a_cost(text: str) -> None:
    cost = Formula.parse(text, SPACE.names).evaluate(X)
    shifted = parametrised(text.replace("0.3", "0.35").replace("0.4", "0.3"))
    assert shifted.evaluate(X, shifted.constants) != pytest.approx(cost, abs=1e-2)
    assert shifted.evaluate(X, shifted.fit(X, cost)) == pytest.approx(cost, abs=1e-6)


def test_without_a_finite_value_constants_stay() -> None:
    found = parametrised("0.5 + 2*log10(eta - 0.5)")
    np.testing.assert_array_equal(found.fit(X, np.ones(60)), found.constants)


def test_a_step_out_of_the_domain_is_survived() -> None:
    # Least squares would like to move the constant beyond the smallest value of eta.
    found = parametrised("log10(eta - 0.05)")
    fitted = found.fit(X, np.full(60, -3.0))
    assert np.isfinite(found.evaluate(X, fitted)).all()


@pytest.mark.parametrize(("text", "expected"), [("eta", []), ("0.0", [0.25])])
def test_few_constants(text: str, expected: list[float]) -> None:
    assert parametrised(text).fit(X, np.full(60, 0.25)) == pytest.approx(expected)
