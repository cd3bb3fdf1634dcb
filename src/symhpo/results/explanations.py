"""What explanations of many hyperparameters lose at each step, over cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from symhpo.importance import Importance

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["explanation_errors", "explanation_ratios", "with_importance_method"]

ERRORS = ["nodes", "nrmse", "nrmse_dependence", "nrmse_true_dependence", "coverage"]


def with_importance_method(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the column ``importance_method``: what chose the hyperparameters."""
    methods = [Importance.from_json(json.loads(text)).method for text in records["importance"]]
    return records.assign(importance_method=methods)


def explanation_errors(records: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each predictor in each cell, means over seeds.

    Parameters
    ----------
    records : DataFrame
        As `with_importance_method` returns them.
    """
    groups = records.groupby(["cell", "importance_method", "predictor"], sort=False)
    held = [name for name in ERRORS if name in records]
    errors: pd.DataFrame = groups[held].mean().assign(runs=groups.size()).reset_index()
    return errors


def explanation_ratios(errors: pd.DataFrame) -> pd.DataFrame:
    """Return what leaving hyperparameters out costs in each cell.

    Parameters
    ----------
    errors : DataFrame
        As `explanation_errors` returns them.

    Returns
    -------
    DataFrame
        A row a cell. ``true dependence, surrogate`` and ``true dependence, formula`` are the RMSE against
        the true partial dependence, relative to its standard deviation: a constant has at least 1.
        ``formula / surrogate`` is their ratio, and ``formula / whole formula`` that of the errors on the
        whole space of the formula of the partial dependence and of one of the surrogate itself with no
        more nodes.
    """
    import pandas as pd

    def wide(value: str, columns: list[str]) -> pd.DataFrame:
        keys = ["cell", "importance_method"]
        table = errors.pivot_table(index=keys, columns="predictor", values=value, sort=False)
        return table.reindex(columns=columns)

    true = wide("nrmse_true_dependence", ["partial dependence", "formula"])
    whole = wide("nrmse", ["formula", "whole formula, same size"])
    return pd.DataFrame(
        {
            "true dependence, surrogate": true["partial dependence"],
            "true dependence, formula": true["formula"],
            "formula / surrogate": true["formula"] / true["partial dependence"],
            "formula / whole formula": whole["formula"] / whole["whole formula, same size"],
        }
    ).reset_index()
