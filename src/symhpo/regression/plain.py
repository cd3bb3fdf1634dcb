"""The default engine on the training set alone, as the paper defines the strategies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symhpo.regression.base import Front, TrainingSet
from symhpo.regression.operon import OperonRegressor

__all__ = ["PlainOperonRegressor"]


@dataclass(frozen=True)
class PlainOperonRegressor(OperonRegressor):
    """`OperonRegressor` without its knowledge of where costs come from.

    It sees neither the evaluations behind a surrogate's labels nor labels of Gaussian processes of its
    own beside evaluations, so that what sets strategies apart is their training sets and nothing else.
    """

    labels: int = 0
    name: str = "operon_plain"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return the front of the formulas found; see `OperonRegressor.fit`."""
        alone = replace(training_set, surrogate=None, n_evaluations=len(training_set.y))
        return super().fit(alone, seed=seed)
