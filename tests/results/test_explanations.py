"""What explanations lose, over cells: planted errors come out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from symhpo.importance.analytic import ishigami
from symhpo.results.explanations import explanation_errors, explanation_ratios, with_importance_method


@pytest.fixture
def records() -> pd.DataFrame:
    rows = [
        ("a", 0, "partial dependence", 0.5, 0.2),
        ("a", 0, "formula", 0.6, 0.3),
        ("a", 1, "formula", 0.8, 0.5),
        ("a", 0, "whole formula, same size", 0.5, np.nan),
        ("b", 0, "partial dependence", 0.9, 2.0),
        ("b", 0, "formula", 0.9, 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["cell", "seed", "predictor", "nrmse", "nrmse_true_dependence"])
    return frame.assign(importance=json.dumps(ishigami().importance.to_json()))


def test_errors_are_means_over_seeds(records: pd.DataFrame) -> None:
    errors = explanation_errors(with_importance_method(records)).set_index(["cell", "predictor"])
    assert errors.loc[("a", "formula"), "nrmse"] == pytest.approx(0.7)
    assert errors.loc[("a", "formula"), "runs"] == 2
    assert (errors["importance_method"] == ishigami().importance.method).all()


def test_ratios_of_errors(records: pd.DataFrame) -> None:
    ratios = explanation_ratios(explanation_errors(with_importance_method(records))).set_index("cell")
    assert ratios.loc["a", "true dependence, formula"] == pytest.approx(0.4)
    assert ratios.loc["a", "formula / surrogate"] == pytest.approx(2.0)
    assert ratios.loc["a", "formula / whole formula"] == pytest.approx(1.4)
    assert ratios.loc["b", "formula / surrogate"] == pytest.approx(0.5)
    assert np.isnan(ratios.loc["b", "formula / whole formula"])
