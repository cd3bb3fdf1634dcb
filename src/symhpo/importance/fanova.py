"""Functional ANOVA by the package ``fanova`` (Hutter, Hoos, Leyton-Brown, ICML 2014)."""

from __future__ import annotations

import itertools
import logging
import types
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.importance.base import Importance, replicated
from symhpo.importance.forest import ForestMethod
from symhpo.space import Space

__all__ = ["Fanova"]

Array = NDArray[np.float64]

# In a leaf, at least: the package's own default.
FEWEST_POINTS = 3


@dataclass(frozen=True)
class Fanova(ForestMethod):
    """Shares of the variance of random forests, tree by tree, as the paper's authors compute them.

    Each tree's own variance counts, so what a tree invents between the points is variance too, mostly
    of interactions, and main effects come out too small where the cost is wavy: on the Ishigami
    function by 0.11 from 1000 points alone (``relabel=False``), less from many labels. The package's
    time for a pair grows with the cube of the number of leaves, that for a main effect does not; so
    main effects come from large trees, pairs from a second forest of small ones.

    Parameters
    ----------
    n_points, relabel
        As in `ForestMethod`.
    n_trees : int
        Trees of a forest.
    n_forests : int
        Forests, each with a seed of its own; the spread is that over the trees of all.
    leaves, leaves_of_pairs : int
        Leaves that a tree has at most, where main effects and where pairs are taken from it; none has
        fewer than 3 points.
    """

    name: str = "fanova"
    n_trees: int = 8
    n_forests: int = 2
    leaves: int = 1000
    leaves_of_pairs: int = 64

    def _shares(self, space: Space, inputs: Array, y: Array, seed: int) -> Importance:
        seeds = np.random.SeedSequence(seed).generate_state(self.n_forests)
        shares = [self._forest_shares(space, inputs, y, int(s) >> 1) for s in seeds]
        return replicated(self.name, space, np.concatenate(shares))

    def _forest_shares(self, space: Space, inputs: Array, y: Array, seed: int) -> Array:
        large = self._forest(space, inputs, y, seed, self.leaves)
        small = self._forest(space, inputs, y, seed, self.leaves_of_pairs)
        shares = np.empty((self.n_trees, len(space), len(space)))
        for i, j in itertools.combinations_with_replacement(range(len(space)), 2):
            share = _explained(large, (i,)) if i == j else _explained(small, (i, j))
            shares[:, i, j] = shares[:, j, i] = share
        return shares

    def _forest(self, space: Space, inputs: Array, y: Array, seed: int, leaves: int) -> Any:
        return _package().fANOVA(
            inputs,
            y,
            config_space=_unit_cube(space),
            n_trees=self.n_trees,
            seed=seed,
            bootstrapping=False,
            max_features=max(1, round(0.7 * len(space))),
            min_samples_leaf=max(FEWEST_POINTS, len(y) // leaves),
        )


def _explained(analysis: Any, columns: tuple[int, ...]) -> Array:
    """Return the share that some columns explain among themselves, tree by tree; NaN for constant trees."""
    total = np.array(analysis.trees_total_variance)
    if not total.any():
        # The package raises an error.
        return np.full(len(total), np.nan)
    analysis.quantify_importance(columns)
    explained = np.array(analysis.V_U_individual[columns])
    return np.asarray(np.divide(explained, total, out=np.full(len(total), np.nan), where=total > 0))


@cache
def _package() -> Any:
    """Import the package, with what NumPy has removed restored in its own namespace."""
    try:
        from fanova import fanova
    except ImportError:
        raise UserError(
            "importance=fanova needs the package fanova, which is built from source; install a C++ "
            "compiler and run make install again, or set importance=optuna"
        ) from None
    numpy_with_float = types.ModuleType("numpy")
    numpy_with_float.__dict__.update(np.__dict__, float=float)
    fanova.np = numpy_with_float
    # It configures the root logger and warns about the order of columns, which is right here.
    fanova.logging = types.SimpleNamespace(
        basicConfig=lambda **_: None, INFO=logging.INFO, getLogger=_silent_logger
    )
    return fanova


def _silent_logger(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.setLevel(logging.ERROR)
    return logger


def _unit_cube(space: Space) -> Any:
    """Return the space of `to_inputs`, without conditions, in the same order."""
    import ConfigSpace

    hyperparameters = [
        ConfigSpace.CategoricalHyperparameter(h.name, range(len(h.choices)))
        if h.type == "categorical"
        else ConfigSpace.UniformFloatHyperparameter(h.name, 0.0, 1.0)
        for h in space.hyperparameters
    ]
    # The package asks for a method that ConfigSpace no longer has.
    return types.SimpleNamespace(get_hyperparameters=lambda: hyperparameters)
