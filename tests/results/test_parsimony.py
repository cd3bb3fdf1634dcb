"""The parsimony curve and its stop point."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from symhpo.results.parsimony import parsimony_curve


def test_parsimony_curve_stops_at_the_planted_elbow():
    planted = {0.1: (0.4, 2), 0.01: (0.2, 6), 0.001: (0.1, 12), 0.0001: (0.095, 30)}
    rows = [
        {"parsimony_coefficient": c, "rmse": rmse + d, "operations": operations, "status": "ok"}
        for c, (rmse, operations) in planted.items()
        for d in (-0.01, 0.01)
    ]
    failed = {"parsimony_coefficient": 0.0001, "rmse": np.nan, "operations": np.nan, "status": "timeout"}
    curve = parsimony_curve(pd.DataFrame([*rows, failed]))
    assert curve["parsimony_coefficient"].tolist() == [0.1, 0.01, 0.001, 0.0001]
    assert curve["rmse"].to_numpy() == pytest.approx([0.4, 0.2, 0.1, 0.095])
    assert curve["rmse_std"].to_numpy() == pytest.approx([0.02 / np.sqrt(2)] * 4)
    assert curve["n"].tolist() == [2, 2, 2, 2]
    assert curve["failed"].tolist() == [0, 0, 0, 1]
    assert curve.loc[curve["is_stop_point"], "parsimony_coefficient"].tolist() == [0.001]
