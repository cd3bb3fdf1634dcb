"""The names and colours of what is compared: strategies with their regression, and baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLOURS", "METHODS", "SYMBOLIC", "is_baseline", "method", "methods"]

STRATEGIES = {"bo": "BO", "random": "Random", "bo_gp": "BO-GP"}
BASELINES = {
    "gp": "GP baseline",
    "linear": "Linear (BO-GP)",
    "quadratic": "Quadratic (BO-GP)",
    "reduced_quadratic": "Reduced quadratic (BO-GP)",
    "constant": "Constant",
}

SYMBOLIC = ("SR (BO)", "SR (Random)", "SR (BO-GP)")
"""The methods that give a formula, in the paper's order."""

METHODS = (*SYMBOLIC, *BASELINES.values())
"""All methods of the paper, in the order of its tables; the baselines are those of ``bo_gp``."""

COLOURS = dict(
    zip(
        METHODS,
        ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#7F7F7F"),
        strict=True,
    )
)
"""The colour of each method, after Okabe and Ito."""


def is_baseline(regressor: str) -> bool:
    """Whether a regressor is something that symbolic regression is compared with."""
    return regressor in BASELINES


def method(strategy: str, regressor: str) -> str:
    """Return the label of a strategy and a regressor, such as ``SR (BO-GP)`` or ``GP baseline``."""
    source = STRATEGIES.get(strategy, strategy)
    if regressor not in BASELINES:
        return f"SR ({source})"
    if strategy == "bo_gp":
        return BASELINES[regressor]
    return f"{BASELINES[regressor].removesuffix(' (BO-GP)').removesuffix(' baseline')} ({source})"


def methods(records: pd.DataFrame) -> pd.Series:
    """Return the label of every record, with the records' index."""
    import pandas as pd

    pairs = zip(records["strategy"], records["regressor"], strict=True)
    return pd.Series([method(*pair) for pair in pairs], index=records.index, name="method", dtype="string")
