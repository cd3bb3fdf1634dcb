"""Formulas from trials that somebody else made: a table of configurations and their cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.regression.base import TrainingSet
from symhpo.space import Condition, Hyperparameter, Space

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_trials"]

# A formula has a piece for each choice, fitted to the trials that have it.
MOST_CHOICES = 20
# So many choices are no matter of the number of trials.
FEW_CHOICES = 4


def from_trials(
    trials: pd.DataFrame, cost: str = "cost", log: Sequence[str] = (), ignore: Sequence[str] = ()
) -> TrainingSet:
    """Return the training set of a table of trials.

    Parameters
    ----------
    trials : DataFrame
        One row a trial; every column but the cost is a hyperparameter. Numbers are taken as they
        are, whole numbers as integers, text and booleans as categorical. A hyperparameter without a
        value in some trials is conditional on a categorical whose choices tell those trials apart;
        that may be conditional itself.
    cost : str
        The column that is minimised. Rows without a finite cost, failed trials, are left out.
    log : sequence of str
        The hyperparameters that are searched on a logarithmic scale.
    ignore : sequence of str
        Columns that are no hyperparameters, such as dates and the trials' numbers.

    Returns
    -------
    TrainingSet
        Its space spans the trials: bounds are the smallest and the largest value seen.

    Raises
    ------
    UserError
        If a column is missing or there twice, a value is missing that no condition explains, a logarithm
        is asked for what has none, a column of text has too many values for a categorical, fewer than two
        trials have a cost, or costs are all the same or so far apart that they have no variance.
    """
    missing = [name for name in (cost, *log, *ignore) if name not in trials]
    if missing:
        raise UserError(
            f"the trials have no column {', '.join(missing)}; there are {', '.join(map(str, trials))}"
        )
    if cost in log or cost in ignore:
        raise UserError(f"{cost} is the cost, no hyperparameter; name another column, or another cost")
    trials = trials.rename(columns=str)
    if not trials.columns.is_unique:
        twice = ", ".join(trials.columns[trials.columns.duplicated()])
        raise UserError(f"the trials have two columns {twice}; rename or remove one")
    finished = trials[np.isfinite(_costs(trials[cost]))]
    _check_costs(finished[cost])
    columns = finished.drop(columns=[cost, *ignore])
    _check_columns(columns, log)
    space = Space([_hyperparameter(columns, str(name), name in log) for name in columns])
    X = space.to_array({str(k): v for k, v in row.items()} for row in columns.to_dict("records"))
    return TrainingSet(space, X, _costs(finished[cost]), len(finished))


def _check_columns(columns: pd.DataFrame, log: Sequence[str]) -> None:
    """Raise UserError for columns that cannot be hyperparameters, all of them at once."""
    if columns.empty:
        raise UserError("the trials have no column beside the cost; add one for each hyperparameter")
    texts = [str(name) for name in columns if _is_categorical(columns[name].dropna())]
    on_log = [name for name in texts if name in log]
    if on_log:
        raise UserError(f"{', '.join(on_log)} cannot be on log scale: there are values that are no numbers")
    most = min(MOST_CHOICES, max(FEW_CHOICES, len(columns) // 2))
    many = {name: columns[name].nunique() for name in texts if columns[name].nunique() > most}
    if many:
        counts = ", ".join(f"{name} ({count})" for name, count in many.items())
        raise UserError(
            f"text with too many different values for a categorical hyperparameter in {len(columns)} "
            f"trials: {counts}; leave these columns out, --ignore {','.join(many)}"
        )


def _costs(values: pd.Series) -> NDArray[np.float64]:
    try:
        return values.to_numpy(np.float64)
    except ValueError:
        text = next(v for v in values if not _is_number(v))
        raise UserError(
            f"the cost {values.name} of a trial is {text!r}; leave the cells of failed trials empty"
        ) from None


def _check_costs(costs: pd.Series) -> None:
    if len(costs) < 2:
        raise UserError(f"only {len(costs)} trials have a finite {costs.name}; a formula needs more")
    if costs.nunique() == 1:
        raise UserError(
            f"all {len(costs)} trials have the same {costs.name}, {costs.iloc[0]}; "
            "there is nothing to explain"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.std(_costs(costs))
    if not np.isfinite(spread):
        raise UserError(
            f"{costs.name} from {costs.min():g} to {costs.max():g} is too far apart to have a variance; "
            "leave the cells of failed trials empty"
        )


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _hyperparameter(columns: pd.DataFrame, name: str, log: bool) -> Hyperparameter:
    condition, values = _condition(columns, name), columns[name].dropna()
    if _is_categorical(values):
        choices = sorted(values.unique().tolist(), key=str)
        return Hyperparameter.categorical(name, choices, choices[0], condition)
    low, high = values.min().item(), values.max().item()
    if not np.isfinite([low, high]).all():
        raise UserError(f"hyperparameter {name} is infinite in a trial; leave the trial out")
    if log and low <= 0:
        raise UserError(f"hyperparameter {name} has the value {low}, which no logarithmic scale has")
    # Missing values make pandas read whole numbers as floats.
    whole = values.dtype.kind in "iu" or (condition is not None and bool((values % 1 == 0).all()))
    kind: Literal["int", "float"] = "int" if whole else "float"
    return Hyperparameter(name, kind, low, high, low, log=log, condition=condition)


def _condition(columns: pd.DataFrame, name: str) -> Condition | None:
    """Return when a hyperparameter has a value; None if always."""
    missing = columns[name].isna()
    if not missing.any():
        return None
    # Those that are always active first.
    for parent in columns.isna().sum().sort_values(kind="stable").index:
        values = columns[parent]
        if parent != name and _is_categorical(values) and not values[~missing].isna().any():
            active, inactive = set(values[~missing]), set(values[missing].dropna())
            # A parent that is active in no other trials could as well be the child.
            if active and inactive and active.isdisjoint(inactive):
                return Condition(str(parent), tuple(sorted(active, key=str)))
    raise UserError(
        f"hyperparameter {name} has no value in {int(missing.sum())} trials, and no column of text tells "
        "which ones; fill them in (cells with None, null or NA count as empty, too)"
    )


def _is_categorical(values: pd.Series) -> bool:
    return values.dtype.kind not in "iuf"
