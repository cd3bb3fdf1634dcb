"""scikit-learn's random forest, the same bit for bit, several times as fast.

A forest of small trees costs scikit-learn more for cloning and checking each tree, and for two random
generators a tree, than for growing it. Here one generator is seeded anew for each tree, and the trees
are grown by `symhpo.objectives.classifiers.cart`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_X_y

from symhpo.objectives.classifiers.cart import Limits, Tree, add_probabilities, grow_tree, rank_columns

__all__ = ["FastForestClassifier"]


class FastForestClassifier:
    """`sklearn.ensemble.RandomForestClassifier` for dense features without missing values.

    Trees split by the Gini impurity and are grown from bootstraps of the rows.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    max_depth : int
    max_features : int
        Number of columns that a split looks at.
    min_samples_leaf, min_samples_split : int
    random_state : RandomState
        Draws the trees' seeds.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The labels seen, sorted.
    """

    def __init__(
        self,
        *,
        n_estimators: int,
        max_depth: int,
        max_features: int,
        min_samples_leaf: int,
        min_samples_split: int,
        random_state: np.random.RandomState,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.min_samples_split = min_samples_split
        self.random_state = random_state
        self.classes_: NDArray[Any] = np.empty(0)
        self._trees: list[Tree] = []
        self._n_columns = 0

    def fit(self, X: ArrayLike, y: ArrayLike) -> FastForestClassifier:
        """Learn from rows (n, d) and their labels (n,).

        Raises
        ------
        ValueError
            If there are no rows, values that are not finite in single precision, or not as many labels.
        """
        # The compiled code trusts what it is given: of NaN it would grow trees without an end.
        features, labels = check_X_y(X, y, dtype=np.float32)
        self._n_columns = features.shape[1]
        columns = rank_columns(features)
        self.classes_, labels = np.unique(labels, return_inverse=True)
        limits = Limits(self.max_depth, self.max_features, self.min_samples_leaf, self.min_samples_split)
        self._trees = [
            grow_tree(columns, labels, weights, len(self.classes_), seed, limits)
            for weights, seed in self._bootstraps(len(labels))
        ]
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes, shape (n, k).

        Raises
        ------
        ValueError
            If there are no rows, values that are not finite in single precision, or not as many columns
            as in the rows learned from.
        """
        features = check_array(X, dtype=np.float32, order="C")
        if features.shape[1] != self._n_columns:
            raise ValueError(f"rows have {features.shape[1]} columns, not {self._n_columns} as in training")
        total = np.zeros((len(features), len(self.classes_)))
        for tree in self._trees:
            add_probabilities(tree, features, total)
        return total / self.n_estimators

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the labels of rows, shape (n,)."""
        labels: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return labels

    def _bootstraps(self, n: int) -> Iterator[tuple[NDArray[np.float64], int]]:
        """Yield how often each row is drawn, and the seed of the tree's own draws."""
        # scikit-learn draws both from generators with the tree's seed. To seed a generator takes two
        # microseconds, to make one a hundred.
        largest = np.iinfo(np.int32).max
        generator = np.random.RandomState(0)
        for seed in self.random_state.randint(largest, size=self.n_estimators):
            generator.seed(seed)
            weights = np.bincount(generator.randint(0, n, n), minlength=n).astype(np.float64)
            generator.seed(seed)
            yield weights, generator.randint(0, largest)
