"""What could stand in the place of a node of a tree: terms, cut-offs, functions, parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.search.evaluation import JOIN
from symhpo.regression.search.terms import TermLibrary
from symhpo.regression.search.tree import Node, constant, size

__all__ = ["Alternatives", "regressions"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

# Quantiles of a node's values at which it is cut off by a minimum or maximum.
QUANTILES = (0.1, 0.25, 0.4, 0.6, 0.75, 0.9)


def regressions(
    node: Node, values: Array, target: Array, weights: Array, regions: list[Array]
) -> tuple[Array, Array]:
    """Return targets and weights of terms in a node's place, added, multiplied, as extremum in a region."""
    if node.kind == "constant":
        return target[None], weights[None]
    away = np.abs(values) > 1e-9
    ratio = np.clip(np.where(away, target / np.where(away, values, 1.0), 1.0), -5, 5)
    targets = [target, target - values, ratio, *(target for _ in regions)]
    every_weight = [weights, weights, weights * values**2, *(weights * region for region in regions)]
    return np.stack(targets), np.stack(every_weight)


class Alternatives:
    """What could stand in the place of a node, as values and, when one is chosen, as a tree."""

    def __init__(self, library: TermLibrary, node: Node, values: Array, parent: str) -> None:
        self.library, self.node, self.parent = library, node, parent
        self.values = values
        self._single = values.astype(np.float32)
        self._values: list[Any] = []
        self._growth: list[Any] = []
        self._builders: list[tuple[int, Callable[[int], Callable[[Node], Node]]]] = []

    def add_terms(self, terms: Single, fitted: Array) -> None:
        """Add the library's terms, fitted to `regressions`, in the node's place and joined with it."""
        self._add_block(terms[0], self.library.sizes - size(self.node), lambda i: self._term(fitted[0, i], i))
        for k in range(1, len(terms)):
            kinds = [("add",), ("multiply",)][k - 1] if k < 3 else ("max", "min")
            for kind in kinds:
                self._add_joined(kind, terms[k], fitted[k])

    def add_shapes(self, children: list[Array]) -> None:
        """Add cut-offs, functions of the node, and the node with a part taken away."""
        quantiles = np.sort(self.values)[(np.array(QUANTILES) * len(self.values)).astype(np.intp)]
        for kind in ("max", "min"):
            self._add_block(
                JOIN[kind](self._single, quantiles.astype(np.float32)[:, None]),
                np.full(len(QUANTILES), 1 + self._is_new(kind)),
                lambda i, kind=kind: self._join(kind, lambda: constant(float(quantiles[i]))),  # type: ignore[misc]
            )
        self._add_functions()
        for i, child in enumerate(children):
            part = self.node.children[i]
            if part.kind != "constant":
                self._add_one(child, size(part) - size(self.node), lambda node, i=i: node.children[i])  # type: ignore[misc]
            if len(children) > 2:
                rest = [other for k, other in enumerate(children) if k != i]
                values = rest[0]
                for other in rest[1:]:
                    values = JOIN[self.node.kind](values, other)
                self._add_one(values, -size(part), lambda node, i=i: _without(node, i))  # type: ignore[misc]

    def _add_functions(self) -> None:
        kind, values = self.node.kind, self.values
        if "tanh" not in (kind, self.parent):
            self._add_one(np.tanh(values), 1, lambda node: Node("tanh", (node,)))
            slope = 1.5 / max(float(np.abs(values).max()), 1e-12)
            self._add_one(np.tanh(slope * values) / slope, 5, lambda node: _saturated(node, slope))
        if values.min() > 0:
            if "power" not in (kind, self.parent):
                self._add_one(values, 2, lambda node: Node("power", (node,), 1.0))
            if kind not in ("log10", "tanh", "power") and self.parent != "log10":
                self._add_one(np.log10(values), 1, lambda node: Node("log10", (node,)))

    def stacked(self) -> tuple[Single, NDArray[np.int64]]:
        """Return the values of all alternatives, shape (m, n), and the nodes that each adds."""
        values, growth = np.concatenate(self._values), np.concatenate(self._growth)
        self._values.clear()  # the changes that are kept need the constants alone
        return values, growth

    def builder(self, index: int) -> Callable[[Node], Node]:
        """Return the function from the node to an alternative of it."""
        for count, build in self._builders:
            if index < count:
                return build(index)
            index -= count
        raise IndexError(index)

    def _is_new(self, kind: str) -> bool:
        """Whether joining needs an operator of its own."""
        return kind not in (self.node.kind, self.parent)

    def _term(self, fitted: Array, index: int) -> Callable[[Node], Node]:
        return lambda _: self.library.term(index, fitted.tolist())

    def _join(self, kind: str, term: Callable[[], Node]) -> Callable[[Node], Node]:
        return lambda node: Node(kind, (node, term()))

    def _add_joined(self, kind: str, terms: Single, fitted: Array) -> None:
        growth = self.library.sizes + self._is_new(kind) - (self.library.kinds == kind)
        self._add_block(
            JOIN[kind](self._single, terms),
            growth,
            lambda i: self._join(kind, lambda: self.library.term(i, fitted[i])),
        )

    def _add_one(self, values: Array, growth: int, build: Callable[[Node], Node]) -> None:
        self._add_block(values.astype(np.float32)[None], np.array([growth]), lambda _: build)

    def _add_block(
        self,
        values: Single,
        growth: NDArray[np.int64],
        build: Callable[[int], Callable[[Node], Node]],
    ) -> None:
        self._values.append(values)
        self._growth.append(growth)
        self._builders.append((len(values), build))


def _without(node: Node, i: int) -> Node:
    return Node(node.kind, node.children[:i] + node.children[i + 1 :])


def _saturated(node: Node, slope: float) -> Node:
    inner = Node("multiply", (constant(slope), node))
    return Node("multiply", (constant(1 / slope), Node("tanh", (inner,))))
