"""Classification trees, compiled: scikit-learn's own trees bit for bit, in less time.

scikit-learn sorts the rows of a node anew for each column it looks at. Here a column's values are replaced
by their ranks once a forest, and a node only counts how much weight each rank has, in each class; where
few rows are spread over many ranks, they are sorted. The sums are of whole numbers and so exact, and
impurities, thresholds and the draws of columns follow scikit-learn's order of operations, so every
tree is equal bit for bit (tested against scikit-learn).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symhpo.objectives.classifiers.compiling import compiled, xorshift

__all__ = ["Columns", "Limits", "Tree", "add_probabilities", "grow_tree", "rank_columns"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SAME = np.float32(1e-7)
"""Values no further apart than this are not separated (scikit-learn's FEATURE_THRESHOLD)."""
_EPSILON = float(np.finfo(np.float64).eps)
_RANKS_A_ROW = 16
"""Up to so many ranks a row, counting is faster than sorting."""


class Columns(NamedTuple):
    """Features of single precision by rank."""

    ranks: NDArray[np.int32]  # (d, n): among the distinct values of the column
    values: NDArray[np.float32]  # (d, u): a column's distinct values, sorted, then padding


class Limits(NamedTuple):
    """What a tree may do; see `sklearn.tree.DecisionTreeClassifier`."""

    max_depth: int
    max_features: int
    min_samples_leaf: int
    min_samples_split: int


class Tree(NamedTuple):
    """Nodes in depth-first order, the root first."""

    feature: Integers  # (nodes,): −1 in a leaf
    threshold: Floats  # (nodes,): rows up to it go to the left
    children: Integers  # (nodes, 2)
    probability: Floats  # (nodes, k)


class _Groups(NamedTuple):
    """A node's rows by their rank in one column."""

    rank: Integers
    size: Integers  # number of rows
    weight: Floats  # (groups, k): by class
    keys: Integers  # scratch, as `left`
    left: Floats  # (k,)


class _Cut(NamedTuple):
    """Where a node is split, and what it gains."""

    feature: int
    threshold: float
    gain: float  # up to a constant of the node
    impurity_left: float
    impurity_right: float
    weight_left: float


class _Draw(NamedTuple):
    """The random order in which columns are looked at, and the columns known to be constant."""

    state: Integers  # (1,): of the generator
    order: Integers  # (d,)
    constant: Integers  # (d,)


def rank_columns(X: NDArray[np.float32]) -> Columns:
    """Return features (n, d) by rank."""
    columns = [np.unique(column, return_inverse=True) for column in X.T]
    values = np.zeros((len(columns), max(len(distinct) for distinct, _ in columns)), dtype=np.float32)
    for row, (distinct, _) in zip(values, columns, strict=True):
        row[: len(distinct)] = distinct
    return Columns(np.array([ranks for _, ranks in columns], dtype=np.int32), values)


@compiled
def grow_tree(
    columns: Columns, labels: Integers, weights: Floats, n_classes: int, seed: int, limits: Limits
) -> Tree:
    """Grow a tree by the Gini impurity, depth first.

    Parameters
    ----------
    columns : Columns
        d features of n rows.
    labels : array of shape (n,)
        Classes, from 0.
    weights : array of shape (n,)
        Whole numbers; rows without weight take no part.
    n_classes : int
    seed : int
        In [0, 2**31): of the draws of columns.
    limits : Limits
    """
    rows = np.flatnonzero(weights)
    n_columns, n_rows = len(columns.ranks), len(rows)
    groups = _scratch(n_rows, n_classes)
    draw = _Draw(np.array([seed]), np.arange(n_columns), np.empty(n_columns, np.int64))
    tree = _empty_tree(2 * n_rows, n_classes)
    # Start, end, depth, parent, side, number of columns known to be constant; and the impurity.
    stack, impurities = np.empty((n_rows + 1, 6), np.int64), np.empty(n_rows + 1)
    total = _class_weights(labels, weights, rows, n_classes)
    all_weight = total.sum()
    stack[0], impurities[0] = (0, n_rows, 0, -1, 0, 0), _gini((total * total).sum(), all_weight)
    waiting, node = 1, -1
    while waiting:
        waiting -= 1
        start, end, depth, parent, side, n_constant = stack[waiting]
        impurity = impurities[waiting]
        own = rows[start:end]
        total = _class_weights(labels, weights, own, n_classes)
        weight = total.sum()
        node += 1
        tree.probability[node] = total / weight
        if parent >= 0:
            tree.children[parent, side] = node
        if _is_leaf(len(own), depth, impurity, limits):
            continue
        cut, n_constant = _best_cut(columns, labels, weights, own, total, n_constant, draw, limits, groups)
        if cut.feature < 0 or _improvement(cut, impurity, weight, all_weight) + _EPSILON < 0:
            continue
        tree.feature[node], tree.threshold[node] = cut.feature, cut.threshold
        middle = start + _partition(own, columns, cut, groups.keys)
        # The left child is grown first.
        stack[waiting] = (middle, end, depth + 1, node, 1, n_constant)
        stack[waiting + 1] = (start, middle, depth + 1, node, 0, n_constant)
        impurities[waiting], impurities[waiting + 1] = cut.impurity_right, cut.impurity_left
        waiting += 2
    n = node + 1
    return Tree(
        tree.feature[:n].copy(),
        tree.threshold[:n].copy(),
        tree.children[:n].copy(),
        tree.probability[:n].copy(),
    )


@compiled
def add_probabilities(tree: Tree, X: NDArray[np.float32], total: Floats) -> None:
    """Add a tree's probabilities of the classes at rows (n, d) to a total (n, k)."""
    for i in range(len(X)):
        node = 0
        while tree.feature[node] >= 0:
            goes_right = X[i, tree.feature[node]] > tree.threshold[node]
            node = tree.children[node, 1 if goes_right else 0]
        for k in range(total.shape[1]):
            total[i, k] += tree.probability[node, k]


@compiled
def _scratch(n_rows: int, n_classes: int) -> _Groups:
    n = _RANKS_A_ROW * n_rows + 1
    return _Groups(
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty((n, n_classes)),
        np.empty(n_rows, np.int64),
        np.empty(n_classes),
    )


@compiled
def _empty_tree(n: int, n_classes: int) -> Tree:
    return Tree(np.full(n, -1), np.empty(n), np.zeros((n, 2), np.int64), np.empty((n, n_classes)))


@compiled
def _class_weights(labels: Integers, weights: Floats, rows: Integers, n_classes: int) -> Floats:
    total = np.zeros(n_classes)
    for row in rows:
        total[labels[row]] += weights[row]
    return total


@compiled
def _gini(squares: float, weight: float) -> float:
    return 1.0 - squares / (weight * weight)


@compiled
def _is_leaf(n_rows: int, depth: int, impurity: float, limits: Limits) -> bool:
    smallest = max(limits.min_samples_split, 2 * limits.min_samples_leaf)
    return depth >= limits.max_depth or n_rows < smallest or impurity <= _EPSILON


@compiled
def _improvement(cut: _Cut, impurity: float, weight: float, all_weight: float) -> float:
    right = (weight - cut.weight_left) / weight * cut.impurity_right
    left = cut.weight_left / weight * cut.impurity_left
    return weight / all_weight * (impurity - right - left)


@compiled
def _best_cut(
    columns: Columns,
    labels: Integers,
    weights: Floats,
    rows: Integers,
    total: Floats,
    n_known: int,
    draw: _Draw,
    limits: Limits,
    groups: _Groups,
) -> tuple[_Cut, int]:
    """Return the best cut of a node, and how many columns are now known to be constant in it.

    Columns are drawn without replacement. The order is, from the left: known constants drawn, known
    constants, constants found, columns not drawn (up to `end`), columns drawn.
    """
    order, constant = draw.order, draw.constant
    best = _Cut(-1, 0.0, -np.inf, 0.0, 0.0, 0.0)
    end = len(order)
    n_looked = n_found = n_drawn = 0
    while end > n_known + n_found and (n_looked < limits.max_features or n_looked <= n_found + n_drawn):
        n_looked += 1
        draw.state[0] = xorshift(draw.state[0])
        i = n_drawn + (draw.state[0] & 0x7FFFFFFF) % (end - n_found - n_drawn)
        if i < n_known:
            order[n_drawn], order[i] = order[i], order[n_drawn]
            n_drawn += 1
            continue
        i += n_found
        feature = order[i]
        n_groups = _group(columns.ranks[feature], labels, weights, rows, groups)
        values = columns.values[feature]
        if values[groups.rank[n_groups - 1]] <= values[groups.rank[0]] + _SAME:
            order[i], order[n_known + n_found] = order[n_known + n_found], order[i]
            n_found += 1
            continue
        end -= 1
        order[end], order[i] = order[i], order[end]
        best = _better_cut(best, feature, values, groups, n_groups, len(rows), total, limits)
    # The node's relatives are to find the constants in the order they were known in.
    order[:n_known] = constant[:n_known]
    constant[n_known : n_known + n_found] = order[n_known : n_known + n_found]
    return best, n_known + n_found


@compiled
def _group(
    ranks: NDArray[np.int32], labels: Integers, weights: Floats, rows: Integers, groups: _Groups
) -> int:
    """Fill the groups of rows with the same rank, sorted, and return their number."""
    lowest = highest = int(ranks[rows[0]])
    for row in rows:
        lowest, highest = min(lowest, int(ranks[row])), max(highest, int(ranks[row]))
    if lowest == highest:
        groups.rank[0] = lowest
        return 1
    if highest - lowest < _RANKS_A_ROW * len(rows):
        return _count(ranks, labels, weights, rows, lowest, highest - lowest + 1, groups)
    return _sort(ranks, labels, weights, rows, groups)


@compiled
def _count(
    ranks: NDArray[np.int32],
    labels: Integers,
    weights: Floats,
    rows: Integers,
    lowest: int,
    n_ranks: int,
    groups: _Groups,
) -> int:
    size, weight = groups.size, groups.weight
    size[:n_ranks] = 0
    weight[:n_ranks] = 0
    for row in rows:
        size[ranks[row] - lowest] += 1
        weight[ranks[row] - lowest, labels[row]] += weights[row]
    n = 0
    for rank in range(n_ranks):
        if size[rank]:
            groups.rank[n], size[n] = lowest + rank, size[rank]
            for k in range(weight.shape[1]):
                weight[n, k] = weight[rank, k]
            n += 1
    return n


@compiled
def _sort(
    ranks: NDArray[np.int32], labels: Integers, weights: Floats, rows: Integers, groups: _Groups
) -> int:
    keys = groups.keys[: len(rows)]
    for i in range(len(rows)):
        keys[i] = (np.int64(ranks[rows[i]]) << 32) | rows[i]
    keys.sort()
    n = 0
    for key in keys:
        rank, row = key >> 32, key & 0xFFFFFFFF
        if n == 0 or groups.rank[n - 1] != rank:
            groups.rank[n], groups.size[n], groups.weight[n] = rank, 0, 0.0
            n += 1
        groups.size[n - 1] += 1
        groups.weight[n - 1, labels[row]] += weights[row]
    return n


@compiled
def _better_cut(
    best: _Cut,
    feature: int,
    values: NDArray[np.float32],
    groups: _Groups,
    n_groups: int,
    n_rows: int,
    total: Floats,
    limits: Limits,
) -> _Cut:
    """Return the best cut between two groups, or the one that is best so far."""
    weight, left = total.sum(), groups.left
    left[:] = 0
    n_left, weight_left = 0, 0.0
    for i in range(1, n_groups):
        n_left += groups.size[i - 1]
        for k in range(len(total)):
            left[k] += groups.weight[i - 1, k]
            weight_left += groups.weight[i - 1, k]
        if n_left < limits.min_samples_leaf or n_rows - n_left < limits.min_samples_leaf:
            continue
        below, above = values[groups.rank[i - 1]], values[groups.rank[i]]
        if above <= below + _SAME:
            continue
        squares_left = squares_right = 0.0
        for k in range(len(total)):
            squares_left += left[k] * left[k]
            squares_right += (total[k] - left[k]) * (total[k] - left[k])
        weight_right = weight - weight_left
        impurity_left, impurity_right = _gini(squares_left, weight_left), _gini(squares_right, weight_right)
        gain = -weight_right * impurity_right - weight_left * impurity_left
        if gain > best.gain:
            threshold = below / 2.0 + above / 2.0
            best = _Cut(feature, threshold, gain, impurity_left, impurity_right, weight_left)
    return best


@compiled
def _partition(rows: Integers, columns: Columns, cut: _Cut, scratch: Integers) -> int:
    """Put the rows that go to the left first, and return their number."""
    ranks, values = columns.ranks[cut.feature], columns.values[cut.feature]
    n_left = n_right = 0
    for row in rows:
        if values[ranks[row]] <= cut.threshold:
            rows[n_left] = row
            n_left += 1
        else:
            scratch[n_right] = row
            n_right += 1
    rows[n_left:] = scratch[:n_right]
    return n_left


def _compile() -> None:
    """Compile, or load what this machine has compiled, before an evaluation is timed."""
    columns = rank_columns(np.array([[0.0], [1.0]], dtype=np.float32))
    tree = grow_tree(columns, np.array([0, 1]), np.ones(2), 2, 1, Limits(1, 1, 1, 2))
    add_probabilities(tree, np.zeros((1, 1), dtype=np.float32), np.zeros((1, 2)))


_compile()
