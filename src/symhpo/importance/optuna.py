"""Functional ANOVA by Optuna's evaluator, where the package ``fanova`` cannot be built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.importance.base import Importance, replicated
from symhpo.importance.forest import ForestMethod, tree_shares
from symhpo.space import Space

__all__ = ["OptunaFanova"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OptunaFanova(ForestMethod):
    """Main effects by Optuna's ``FanovaImportanceEvaluator``; it has no pairs and tells no spread.

    Pairs and spread come from the forest that the evaluator fits, which the same seed gives again, by
    `tree_shares`; for numerical hyperparameters its main effects are the evaluator's own to the last
    digits. Optuna gives each choice of a categorical an input of its own, the forest behind the pairs
    has their index. Inactive conditional hyperparameters are imputed by their defaults.

    Parameters
    ----------
    n_points, relabel
        As in `ForestMethod`.
    n_trees : int
        Trees of a forest.
    n_forests : int
        Forests, each with a seed of its own; the spread is that over the trees of all.
    max_depth : int
        Of a tree. The evaluator's time grows with the number of leaves: about four seconds for a tree
        of depth 12.
    """

    name: str = "optuna"
    n_trees: int = 4
    n_forests: int = 3
    max_depth: int = 12

    def _shares(self, space: Space, inputs: Array, y: Array, seed: int) -> Importance:
        seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(self.n_forests)]
        of_forests = [self._forest_shares(space, inputs, y, s) for s in seeds]
        shares = np.concatenate(of_forests)
        # The evaluator raises an error for a forest of constant trees.
        varying = [s for s, of in zip(seeds, of_forests, strict=True) if not np.isnan(of).all()]
        if not varying:
            return replicated(self.name, space, shares)
        main = np.mean([self._main_effects(space, inputs, y, s) for s in varying], axis=0)
        own = np.diagonal(np.nanmean(shares, axis=0))
        # Optuna's main effects, with the spread of the trees' own.
        columns = np.arange(len(space))
        shares[:, columns, columns] += main - own
        return replicated(self.name, space, shares)

    def _main_effects(self, space: Space, inputs: Array, y: Array, seed: int) -> Array:
        from optuna.importance import FanovaImportanceEvaluator

        evaluator = FanovaImportanceEvaluator(n_trees=self.n_trees, max_depth=self.max_depth, seed=seed)
        effects: Mapping[str, float] = evaluator.evaluate(_study(space, inputs, y))
        return np.array([effects[name] for name in space.names])

    def _forest_shares(self, space: Space, inputs: Array, y: Array, seed: int) -> Array:
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(self.n_trees, max_depth=self.max_depth, random_state=seed).fit(
            inputs, y
        )
        return np.stack([tree_shares(tree.tree_, space) for tree in forest.estimators_])


def _study(space: Space, inputs: Array, y: Array) -> Any:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    distributions: dict[str, BaseDistribution] = {
        h.name: CategoricalDistribution(range(len(h.choices))) if h.choices else FloatDistribution(0.0, 1.0)
        for h in space.hyperparameters
    }
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    optuna.logging.set_verbosity(verbosity)
    names = [(h.name, int if h.choices else float) for h in space.hyperparameters]
    study.add_trials(
        [
            optuna.create_trial(
                params={name: convert(x) for (name, convert), x in zip(names, row, strict=True)},
                distributions=distributions,
                value=float(cost),
            )
            for row, cost in zip(inputs, y, strict=True)
        ]
    )
    return study
