"""Formulas from trials that somebody else made: a table of configurations and their cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from symhpo.errors import UserError
from symhpo.regression.base import TrainingSet
from symhpo.space import Hyperparameter, Space

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_trials"]


def from_trials(trials: pd.DataFrame, cost: str = "cost", log: Sequence[str] = ()) -> TrainingSet:
    """Return the training set of a table of trials.

    Parameters
    ----------
    trials : DataFrame
        One row a trial; every column but the cost is a hyperparameter. Numbers are taken as they
        are, whole numbers as integers, text and booleans as categorical.
    cost : str
        The column that is minimised. Rows without a finite cost, failed trials, are left out.
    log : sequence of str
        The hyperparameters that are searched on a logarithmic scale.

    Returns
    -------
    TrainingSet
        Its space spans the trials: bounds are the smallest and the largest value seen.

    Raises
    ------
    UserError
        If a column is missing, a value is, or fewer than two trials have a cost.
    """
    missing = [name for name in (cost, *log) if name not in trials]
    if missing:
        raise UserError(
            f"the trials have no column {', '.join(missing)}; there are {', '.join(map(str, trials))}"
        )
    finished = trials[np.isfinite(trials[cost].astype(float))]
    if len(finished) < 2:
        raise UserError(f"only {len(finished)} trials have a finite {cost}; a formula needs more")
    names = [name for name in finished if name != cost]
    space = Space([_hyperparameter(finished[name], name in log) for name in names])
    X = space.to_array({str(k): v for k, v in row.items()} for row in finished[names].to_dict("records"))
    return TrainingSet(space, X, finished[cost].to_numpy(np.float64), len(finished))


def _hyperparameter(values: pd.Series, log: bool) -> Hyperparameter:
    name = str(values.name)
    if values.isna().any():
        raise UserError(
            f"hyperparameter {name} has no value in {int(values.isna().sum())} trials; fill them in"
        )
    if values.dtype.kind not in "iuf":
        choices = sorted(values.unique().tolist(), key=str)
        return Hyperparameter.categorical(name, choices, choices[0])
    low, high = values.min().item(), values.max().item()
    if log and low <= 0:
        raise UserError(f"hyperparameter {name} has the value {low}, which no logarithmic scale has")
    kind = "int" if values.dtype.kind in "iu" else "float"
    return Hyperparameter(name, kind, low, high, low, log=log)  # type: ignore[arg-type]
