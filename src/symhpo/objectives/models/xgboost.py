"""Gradient boosted trees (XGBoost)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from symhpo.errors import UserError
from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["XGBoost"]


@dataclass(frozen=True)
class XGBoost(Model):
    """xgboost's ``XGBClassifier`` with 2000 trees on all rows.

    Parameters
    ----------
    tree_method : str, optional
        How splits are found: ``exact``, ``approx`` or ``hist``; None is the installed version's own choice.
        HPOBench pinned xgboost 1.3.1 in the paper's time, whose choice is ``exact`` for small data;
        since 2.0 it is ``hist``.
    """

    name: str = "xgboost"
    tuned: Sequence[str] = ("colsample_bytree", "eta")
    tree_method: str | None = None

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("colsample_bytree", "float", 0.1, 1.0, default=1.0),
            Hyperparameter("eta", "float", 2**-10, 1.0, default=0.3, log=True),
            Hyperparameter("max_depth", "int", 1, 50, default=10, log=True),
            Hyperparameter("reg_lambda", "float", 2**-10, 2**10, default=1.0, log=True),
        ]
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tree_method not in (None, "exact", "approx", "hist"):
            raise UserError(
                f"model.tree_method is {self.tree_method!r}; set it to exact, approx, hist or null"
            )

    @property
    def identity(self) -> dict[str, Any]:
        """All that can change a cost; the tree method where it is set."""
        method = {} if self.tree_method is None else {"tree_method": self.tree_method}
        return super().identity | method

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from symhpo.objectives.classifiers.boosting import FastXGBClassifier

        multiclass = {"objective": "multi:softmax", "num_class": n_classes}
        return FastXGBClassifier(
            **hyperparameters,
            **(multiclass if n_classes > 2 else {"objective": "binary:logistic"}),
            booster="gbtree",
            tree_method=self.tree_method,
            n_estimators=2000,
            subsample=1,
            # One thread: sums of floats depend on how the rows are shared out.
            n_jobs=1,
            # xgboost takes an integer, not a RandomState.
            random_state=seed,
        )
