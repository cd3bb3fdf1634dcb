"""Gradient boosted trees (XGBoost)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["XGBoost"]


@dataclass(frozen=True)
class XGBoost(Model):
    """xgboost's ``XGBClassifier`` with 2000 trees on all rows."""

    name: str = "xgboost"
    tuned: Sequence[str] = ("colsample_bytree", "eta")

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("colsample_bytree", "float", 0.1, 1.0, default=1.0),
            Hyperparameter("eta", "float", 2**-10, 1.0, default=0.3, log=True),
            Hyperparameter("max_depth", "int", 1, 50, default=10, log=True),
            Hyperparameter("reg_lambda", "float", 2**-10, 2**10, default=1.0, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from xgboost import XGBClassifier

        multiclass = {"objective": "multi:softmax", "num_class": n_classes}
        return XGBClassifier(  # type: ignore[no-any-return]
            **hyperparameters,
            **(multiclass if n_classes > 2 else {"objective": "binary:logistic"}),
            booster="gbtree",
            n_estimators=2000,
            subsample=1,
            # One thread: sums of floats depend on how the rows are shared out.
            n_jobs=1,
            # xgboost takes an integer, not a RandomState.
            random_state=seed,
        )
