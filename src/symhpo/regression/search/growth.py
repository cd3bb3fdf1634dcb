"""Level-wise search: trees of each size grow from the best smaller ones."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.search.alternatives import Alternatives, regressions
from symhpo.regression.search.constants import CompiledFit
from symhpo.regression.search.evaluation import (
    context,
    derivatives,
    evaluate,
    jacobian,
    node_values,
)
from symhpo.regression.search.terms import Hyperparameters, TermLibrary
from symhpo.regression.search.tree import (
    Node,
    constant,
    constants,
    normal_form,
    replace,
    size,
    skeleton,
)

__all__ = ["Found", "Search", "SearchSettings"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Path = tuple[int, ...]

# Share of the error along the tangents of a tree's own constants that refitting them removes.
TANGENT_SHARE = 0.9
# Constants beyond this multiple of any size that the data has are the mark of a degenerate fit.
MAX_CONSTANT = 1e6
# Up to this size twice as many trees grow, however inaccurate: there are few, and growing them is cheap.
SMALL = 7
# Trees whose values differ by less than this share of their squared error count as the same.
DIVERSITY = 0.05


@dataclass(frozen=True)
class SearchSettings:
    """How much a search tries.

    Attributes
    ----------
    max_nodes : int
        Size of the largest trees.
    parents : int
        Trees of each size that larger ones grow from (twice as many of the smallest).
    fits : int
        Candidates of each size whose constants are fitted.
    per_node : int
        Candidates of one size that change the same node of the same tree.
    regions : int
        Random regions of the data that new pieces of a minimum or maximum are fitted to.
    iterations : int
        Steps of a fit of constants.
    tolerance : float
        Trees grow further unless their squared error is this many times that of a smaller one.
    """

    max_nodes: int = 20
    parents: int = 3
    fits: int = 30
    per_node: int = 6
    regions: int = 2
    iterations: int = 10
    tolerance: float = 1.3


class Found(NamedTuple):
    """A tree with its squared error on the data of the search."""

    error: float
    node: Node


class _Change(NamedTuple):
    """A change of one node of a tree, with the squared error that it promises."""

    error: float
    order: int
    root: Node
    path: Path
    alternatives: Alternatives
    choice: int

    def build(self, target: Node) -> Node:
        """Return what stands in the place of the node at the path; few changes come that far."""
        return self.alternatives.builder(self.choice)(target)


class Search:
    """A beam search over trees, in order of their size.

    From every tree that is kept, each node is replaced, joined with a small term (added,
    multiplied, as minimum or maximum), wrapped in a function or pruned. All these candidates are
    screened at once: terms are fitted by weighted regression to what the node would have to be for
    the tree to be exact, the candidate's values are pushed through the rest of the tree, and the
    error is reduced by what refitting the tree's other constants would explain to first order. Only
    the most promising candidates of each size have their constants fitted.

    Parameters
    ----------
    columns : array of shape (d, n)
        Configurations in true units, one row a hyperparameter.
    y : array of shape (n,)
    hyperparameters : Hyperparameters
    accept : callable
        Whether a fitted tree may be kept (finite and in range on the search space).
    settings : SearchSettings
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        columns: Array,
        y: Array,
        hyperparameters: Hyperparameters,
        accept: Callable[[Node], bool],
        settings: SearchSettings,
        rng: np.random.Generator,
    ) -> None:
        self.columns, self.y, self.accept, self.settings, self.rng = columns, y, accept, settings, rng
        self.library = TermLibrary(columns, hyperparameters)
        self.compiled = CompiledFit(columns, y, settings.iterations)
        own_scale = np.array(
            [
                np.log(columns[j]) if j in hyperparameters.logarithmic else columns[j]
                for j in hyperparameters.columns
            ]
        ).reshape(len(hyperparameters.columns), len(y))
        deviations = own_scale.std(axis=1, keepdims=True)
        self._scaled = own_scale / np.where(deviations > 0, deviations, 1.0)
        self._changes: dict[int, list[_Change]] = defaultdict(list)
        self._found: dict[int, dict[str, Found]] = defaultdict(dict)
        self._grown: set[Node] = set()

    def run(self) -> dict[int, list[Found]]:
        """Return, for each size, the trees found, the most accurate first."""
        mean = constant(float(self.y.mean()))
        self._found[1][skeleton(mean)] = Found(float(np.sum((self.y - mean.value) ** 2)), mean)
        best = math.inf
        for nodes in range(1, self.settings.max_nodes + 1):
            self._fit_changes(nodes)
            for found in self._distinct(nodes):
                if nodes <= SMALL or found.error <= self.settings.tolerance * best:
                    self._grow(found)
                    best = min(best, found.error)
        return {
            nodes: sorted(found.values(), key=lambda f: f.error)
            for nodes, found in sorted(self._found.items())
        }

    @np.errstate(all="ignore")
    def _distinct(self, nodes: int) -> list[Found]:
        """Return the best trees of a size that differ in their values, not in their form alone."""
        distinct: list[Found] = []
        predictions: list[Array] = []
        for found in sorted(self._found[nodes].values(), key=lambda f: f.error):
            prediction = evaluate(found.node, self.columns)
            if all(np.sum((prediction - p) ** 2) > DIVERSITY * found.error for p in predictions):
                distinct.append(found)
                predictions.append(prediction)
            if len(distinct) == self.settings.parents * (2 if nodes <= SMALL else 1):
                break
        return distinct

    def _fit_changes(self, nodes: int) -> None:
        """Fit the most promising candidates of a size."""
        fitted = 0
        tries: Counter[str] = Counter()
        for change in sorted(self._changes.pop(nodes, []), key=lambda c: (c.error, c.order)):
            if fitted == self.settings.fits:
                break
            target = change.root
            for i in change.path:
                target = target.children[i]
            candidate = normal_form(replace(change.root, change.path, change.build(target)))
            key = skeleton(candidate)
            if tries[key] < 2 and size(candidate) <= self.settings.max_nodes:
                tries[key] += 1
                fitted += self._fit(candidate)

    def _fit(self, candidate: Node) -> bool:
        """Fit a candidate's constants and keep it if it is the best of its structure."""
        if not _are_moderate(candidate):
            return False
        with np.errstate(all="ignore"):
            node = self._without_idle(self.compiled.fit(candidate))
            if _are_moderate(node):
                error = float(np.sum((evaluate(node, self.columns) - self.y) ** 2))
                key = skeleton(node)
                found = self._found[size(node)]
                if error < (found[key].error if key in found else math.inf) and self.accept(node):
                    found[key] = Found(error, node)
        return True

    def _without_idle(self, node: Node) -> Node:
        """Return the tree without arguments of minima and maxima that decide nowhere in the data."""
        if not any(kind in skeleton(node) for kind in ("max", "min")):
            return node
        nodes = node_values(node, self.columns)
        for path, (inner, values) in reversed(nodes.items()):
            if inner.kind in ("max", "min"):
                decides = [bool(np.any(nodes[(*path, i)][1] == values)) for i in range(len(inner.children))]
                if any(decides) and not all(decides):  # none does where a value is undefined
                    kept = tuple(c for c, needed in zip(inner.children, decides, strict=True) if needed)
                    smaller = kept[0] if len(kept) == 1 else Node(inner.kind, kept)
                    return self._without_idle(normal_form(replace(node, path, smaller)))
        return node

    @np.errstate(all="ignore")
    def _grow(self, found: Found) -> None:
        """List the promising changes of a tree."""
        if found.node in self._grown:
            return
        self._grown.add(found.node)
        nodes = node_values(found.node, self.columns)
        slopes = derivatives(nodes)
        tangents = _orthonormal(jacobian(nodes, slopes))
        residuals = self.y - nodes[()][1]
        regions = self._regions()
        sites: list[_Site] = []
        for path, (node, values) in nodes.items():
            slope = slopes[path]
            weights = slope**2
            largest = float(weights.max())
            if not largest > 0 or np.count_nonzero(weights > 1e-4 * largest) < 3:
                continue
            limit = 3 * (np.ptp(values) + np.abs(values).max())
            step = slope * residuals / (weights + 1e-6 * largest)
            target = values + np.clip(step, -limit, limit)
            sites.append(_Site(path, node, values, *regressions(node, values, target, weights, regions)))
        if not sites:
            return
        terms, fitted = self.library.fit(
            np.concatenate([site.targets for site in sites]), np.concatenate([site.weights for site in sites])
        )
        start = 0
        for site in sites:
            rows = slice(start, start + len(site.targets))
            start = rows.stop
            parent = nodes[site.path[:-1]][0].kind if site.path else ""
            alternatives = Alternatives(self.library, site.node, site.values, parent)
            alternatives.add_terms(terms[rows], fitted[rows])
            if site.node.kind != "constant":
                alternatives.add_shapes([nodes[(*site.path, i)][1] for i in range(len(site.node.children))])
            self._screen(found, site.path, context(site.path, nodes), tangents, alternatives)

    def _screen(
        self,
        found: Found,
        path: Path,
        through: Callable[[Single], Single],
        tangents: Single,
        alternatives: Alternatives,
    ) -> None:
        """Keep the best alternatives of one node, by the size of the tree that they give."""
        values, growth = alternatives.stacked()
        differences = through(values) - self.y.astype(np.float32)
        errors = np.einsum("ij,ij->i", differences, differences)
        along = differences @ tangents.T
        errors -= np.float32(TANGENT_SHARE) * np.einsum("ij,ij->i", along, along)
        sizes = size(found.node) + growth
        errors[~(np.isfinite(errors) & (sizes >= 1) & (sizes <= self.settings.max_nodes))] = np.inf
        counts: Counter[int] = Counter()
        for k in np.argsort(errors, kind="stable")[: 10 * self.settings.per_node]:
            if not errors[k] < 3 * found.error:
                break
            nodes = int(sizes[k])
            if counts[nodes] < self.settings.per_node:
                counts[nodes] += 1
                changes = self._changes[nodes]
                change = _Change(float(errors[k]), len(changes), found.node, path, alternatives, int(k))
                changes.append(change)

    def _regions(self) -> list[Array]:
        """Return weights of random regions: the neighbours of a random point, along random axes."""
        n = len(self.y)
        regions = []
        for _ in range(self.settings.regions):
            centre = self._scaled[:, self.rng.integers(n), None]
            stretch = np.exp(2 * self.rng.normal(size=(len(self._scaled), 1)))
            distance = np.sum(stretch * (self._scaled - centre) ** 2, axis=0)
            weights = np.full(n, 1e-6)
            weights[np.argsort(distance, kind="stable")[: max(6, int(n * self.rng.uniform(0.1, 0.5)))]] = 1.0
            regions.append(weights)
        return regions


class _Site(NamedTuple):
    """A node that may change, with the regressions that terms are fitted by."""

    path: Path
    node: Node
    values: Array
    targets: Array
    weights: Array


def _are_moderate(node: Node) -> bool:
    return all(abs(value) <= MAX_CONSTANT for value in constants(node))  # False for NaN


def _orthonormal(J: Array) -> Single:
    """Return an orthonormal basis of the space that the rows span."""
    J = J[np.isfinite(J).all(axis=1)]
    norms = np.linalg.norm(J, axis=1, keepdims=True)
    J = (J / np.where(norms > 0, norms, 1.0))[norms[:, 0] > 0]
    if len(J) == 0:
        return np.empty((0, J.shape[1]), dtype=np.float32)
    _, singular, basis = np.linalg.svd(J, full_matrices=False)
    return np.asarray(basis[singular > 1e-6 * singular[0]], dtype=np.float32)
