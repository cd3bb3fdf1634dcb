"""xgboost's classifier trained by its native interface: the same trees bit for bit, in less time.

`xgboost.train` looks after callbacks and evaluations in every round, which costs a fifth to two fifths of the
time where a tree takes a tenth of a millisecond; here the booster alone is updated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from xgboost import Booster, DMatrix, QuantileDMatrix, XGBClassifier

__all__ = ["FastXGBClassifier"]


class FastXGBClassifier(XGBClassifier):  # type: ignore[misc]
    """`xgboost.XGBClassifier` whose objective and, for more than two classes, ``num_class`` are given.

    For labels 0..K-1 that all occur; others are left to xgboost's own `fit`. See its class for parameters.
    """

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> FastXGBClassifier:
        """Learn from rows and their labels."""
        parameters: dict[str, Any] = self.get_xgb_params()
        n_classes = parameters.get("num_class", 2)
        if not np.array_equal(np.unique(y), np.arange(n_classes)):
            super().fit(X, y)
            return self
        quantized = self.tree_method in (None, "hist")
        rows = (QuantileDMatrix if quantized else DMatrix)(X, y, nthread=self.n_jobs)
        booster = Booster(parameters, [rows])
        for i in range(self.get_num_boosting_rounds()):
            booster.update(rows, i)
        self._Booster = booster
        self.n_classes_ = n_classes
        return self
