"""Formulas that need no search, on the training sets of a study and scored on its landscapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from symhpo.evaluation import scores
from symhpo.regression.base import TrainingSet
from symhpo.regression.baselines import ConstantRegressor, LinearRegressor, QuadraticRegressor

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.results.reader import Results

__all__ = ["baseline_errors", "beats_baselines"]

BASELINES = (ConstantRegressor(), LinearRegressor(), QuadraticRegressor())


def baseline_errors(results: Results, records: pd.DataFrame) -> pd.DataFrame:
    """Fit the baselines to the training sets of runs at the main size and score them on the landscapes.

    Returns
    -------
    DataFrame
        The nRMSE on the true landscape: a row a run (its id), a column a baseline.

    Raises
    ------
    MissingResultsError
        If the results hold no training sets or no landscapes.
    """
    import pandas as pd

    sets = results.training_sets
    sets = sets[sets["run_id"].isin(records["run_id"]) & np.isfinite(sets["cost"])]
    errors = {}
    for run_id, group in sets.groupby("run_id"):
        cell = str(group["cell"].iloc[0])
        landscape, X = results.landscapes[cell], results.configurations(cell, group)
        training_set = TrainingSet(results.spaces[cell], X, group["cost"].to_numpy(np.float64), len(group))
        errors[str(run_id)] = {
            baseline.name: scores(landscape.cost, formula.evaluate(landscape.X))["nrmse"]
            for baseline in BASELINES
            for formula in [baseline.fit(training_set, seed=0).members[0].formula]
        }
    return pd.DataFrame.from_dict(errors, orient="index", columns=[baseline.name for baseline in BASELINES])


def beats_baselines(results: Results, formulas: pd.DataFrame) -> pd.Series[bool]:
    """Whether the nRMSE of each formula is below that of all baselines on its run's training set."""
    best = baseline_errors(results, formulas).min(axis=1)
    return formulas["nrmse"] < formulas["run_id"].map(best)
