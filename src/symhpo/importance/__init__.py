"""Importance of hyperparameters, partial dependence, and formulas on the important ones.

Importing this package is cheap: forests and SciPy are imported where they are used.
"""

from symhpo.importance.base import (
    Importance,
    ImportanceMethod,
    Predictor,
    from_surrogate,
    from_trials,
    pooled,
)
from symhpo.importance.fanova import Fanova
from symhpo.importance.learning import learn_surrogate
from symhpo.importance.optuna import OptunaFanova
from symhpo.importance.selection import Choice, top_hyperparameters
from symhpo.importance.sobol import Sobol

__all__ = [
    "Choice",
    "Fanova",
    "Importance",
    "ImportanceMethod",
    "OptunaFanova",
    "Predictor",
    "Sobol",
    "from_surrogate",
    "from_trials",
    "learn_surrogate",
    "pooled",
    "top_hyperparameters",
]
