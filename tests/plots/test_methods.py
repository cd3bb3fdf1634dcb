"""Labels of what is compared."""

from __future__ import annotations

import pandas as pd
import pytest

from symhpo.plots import method, methods
from symhpo.plots.methods import COLOURS, METHODS


@pytest.mark.parametrize(
    ("strategy", "regressor", "label"),
    [
        ("bo", "operon", "SR (BO)"),
        ("random", "gplearn", "SR (Random)"),
        ("bo_gp", "operon", "SR (BO-GP)"),
        ("bo_gp", "gp", "GP baseline"),
        ("bo_gp", "linear", "Linear (BO-GP)"),
        ("random", "linear", "Linear (Random)"),
        ("bo_gp", "constant", "Constant"),
        ("bo", "constant", "Constant (BO)"),
        ("bo", "reduced_quadratic", "Reduced quadratic (BO)"),
        ("sobol", "pysr", "SR (sobol)"),
    ],
)
def test_label(strategy: str, regressor: str, label: str):
    assert method(strategy, regressor) == label


def test_labels_keep_the_index_of_the_records():
    records = pd.DataFrame({"strategy": ["bo", "bo_gp"], "regressor": ["operon", "gp"]}, index=[7, 3])
    labels = methods(records)
    assert labels.to_dict() == {7: "SR (BO)", 3: "GP baseline"}


def test_every_method_has_a_colour_of_its_own():
    assert len({COLOURS[name] for name in METHODS}) == len(METHODS)
