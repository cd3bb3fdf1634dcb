"""Least-squares fits of a tree's constants: compiled in single precision, final in double."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from symhpo.regression.search.evaluation import derivatives, evaluate, jacobian, node_values
from symhpo.regression.search.tree import Node, constants, with_constants

__all__ = ["CompiledFit", "polish", "round_constants"]

Array = NDArray[np.float64]

LN10 = math.log(10)
# Steps of the final fit, and the relative gain below which it ends.
MAX_STEPS = 20
SUFFICIENT_GAIN = 1e-9


class CompiledFit:
    """Levenberg–Marquardt on one training set by Operon's compiled interpreter.

    Parameters
    ----------
    columns : array of shape (d, n)
    y : array of shape (n,)
    iterations : int
        Steps at most.
    """

    def __init__(self, columns: Array, y: Array, iterations: int) -> None:
        import pyoperon

        self._operon = pyoperon
        self._d = len(columns)
        with np.errstate(all="ignore"):
            logarithms = np.log(np.where(columns > 0, columns, 1.0))
        table = np.asfortranarray(np.column_stack([columns.T, logarithms.T, logarithms.T / LN10, y]))
        # Operon's objects refer to each other by address: all have to be kept.
        self._dataset = pyoperon.Dataset(table)
        variables = sorted(self._dataset.Variables, key=lambda v: v.Index)
        self._hashes = [v.Hash for v in variables[:-1]]
        self._problem = pyoperon.Problem(self._dataset)
        self._problem.TrainingRange = pyoperon.Range(0, len(y))
        self._problem.TestRange = pyoperon.Range(0, 1)
        self._problem.Target = variables[-1]
        self._problem.InputHashes = self._hashes
        self._dispatch = pyoperon.DispatchTable()
        self._marquardt = pyoperon.LMOptimizer(self._dispatch, self._problem, max_iter=iterations)
        self._optimizer = pyoperon.CoefficientOptimizer(self._marquardt)
        self._random = pyoperon.RandomGenerator(0)  # asked for, but not drawn from
        kinds = pyoperon.NodeType
        # pyoperon 0.6.2 has the two extrema under each other's name.
        self._joins = {"add": kinds.Add, "multiply": kinds.Mul, "max": kinds.Fmin, "min": kinds.Fmax}

    def fit(self, node: Node) -> Node:
        """Return the tree with fitted constants, starting from those that it has."""
        start = constants(node)
        if not start:
            return node
        tree = self._operon.Tree(self._nodes(node))
        tree.UpdateNodes()
        tree.SetCoefficients(np.array(start, dtype=np.float32))
        _, summary = self._optimizer(self._random, tree)
        return with_constants(node, list(summary.FinalParameters))

    def _nodes(self, node: Node) -> list[object]:
        """Return Operon's nodes in postfix order; its coefficients are in the order of `constants`."""
        new = self._operon.Node
        kind, children = node.kind, node.children
        if kind == "constant":
            return [new.Constant(1.0)]
        if kind == "variable":
            return [self._variable(int(node.value))]
        (first, *rest) = children
        if kind == "power":
            if first.kind == "variable":
                return [self._variable(self._d + int(first.value), weighted=True), new.Exp()]
            return [new.Constant(1.0), *self._nodes(first), new.Log(), new.Mul(), new.Exp()]
        if kind == "log10":
            if first.kind == "variable":
                return [self._variable(2 * self._d + int(first.value))]
            return [*self._nodes(first), new.Log(), self._fixed(1 / LN10), new.Mul()]
        if kind == "tanh":
            return [*self._nodes(first), new.Tanh()]
        nodes = self._nodes(first)
        for child in rest:
            nodes += [*self._nodes(child), new(self._joins[kind])]
        return nodes

    def _variable(self, column: int, *, weighted: bool = False) -> object:
        node = self._operon.Node.Variable(1.0)
        node.HashValue = node.CalculatedHashValue = self._hashes[column]
        node.Optimize = weighted
        return node

    def _fixed(self, value: float) -> object:
        node = self._operon.Node.Constant(value)
        node.Optimize = False
        return node


def polish(node: Node, columns: Array, y: Array, free: NDArray[np.bool_] | None = None) -> Node:
    """Return the tree with constants fitted in double precision (Levenberg–Marquardt), from a good start.

    Parameters
    ----------
    node : Node
    columns : array of shape (d, n)
    y : array of shape (n,)
    free : array of bool, shape (p,), optional
        Which constants may change; all, without it.
    """
    values = np.array(constants(node))
    if free is None:
        free = np.ones(len(values), dtype=bool)
    error = _squared_error(node, columns, y)
    damping = 1e-4
    with np.errstate(all="ignore"):
        for _ in range(MAX_STEPS if free.any() else 0):
            nodes = node_values(node, columns)
            J = jacobian(nodes, derivatives(nodes))[free]
            if not np.isfinite(J).all():
                break
            scale = np.linalg.norm(J, axis=1) + np.finfo(np.float64).tiny
            J /= scale[:, None]
            hessian, gradient = J @ J.T, J @ (y - nodes[()][1])
            improved = False
            while not improved and damping < 1e6:
                step = _damped_step(hessian, gradient, damping) / scale
                trial = values.copy()
                trial[free] += step
                candidate = with_constants(node, trial.tolist())
                candidate_error = _squared_error(candidate, columns, y)
                improved = candidate_error < error
                damping *= 0.1 if improved else 10.0
            if not improved:
                break
            gain = (error - candidate_error) / error
            node, values, error = candidate, trial, candidate_error
            damping = max(damping, 1e-12)
            if gain < SUFFICIENT_GAIN:
                break
    return node


def _damped_step(hessian: Array, gradient: Array, damping: float) -> Array:
    """Return the step of a damped system, the shortest where rounding has made that singular."""
    system = hessian + damping * np.eye(len(hessian))
    if not (np.isfinite(system).all() and np.isfinite(gradient).all()):
        return np.zeros_like(gradient)
    try:
        return np.asarray(np.linalg.solve(system, gradient))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(system, gradient, rcond=None)[0])


def round_constants(node: Node, columns: Array, y: Array, digits: int) -> Node:
    """Return the tree with every constant rounded, the ones still free refitted after each rounding.

    The constants that matter most are rounded first, while others can still make up for it.
    """
    with np.errstate(all="ignore"):
        nodes = node_values(node, columns)
        J = np.nan_to_num(jacobian(nodes, derivatives(nodes)))
    influence = np.linalg.norm(J, axis=1) * np.abs(constants(node))
    free = np.ones(len(influence), dtype=bool)
    for k in np.argsort(-influence, kind="stable"):
        values = constants(node)
        values[k] = float(f"{values[k]:.{digits}g}")
        free[k] = False
        node = _step(with_constants(node, values), columns, y, free)
    return node


def _step(node: Node, columns: Array, y: Array, free: NDArray[np.bool_]) -> Node:
    """Return the tree after one Gauss–Newton step, if that is better."""
    if not free.any():
        return node
    with np.errstate(all="ignore"):
        nodes = node_values(node, columns)
        J = jacobian(nodes, derivatives(nodes))[free]
        if not np.isfinite(J).all():
            return node
        step, *_ = np.linalg.lstsq(J.T, y - nodes[()][1], rcond=1e-10)
    values = np.array(constants(node))
    values[free] += step
    candidate = with_constants(node, values.tolist())
    return min(node, candidate, key=lambda tree: _squared_error(tree, columns, y))


def _squared_error(node: Node, columns: Array, y: Array) -> float:
    with np.errstate(all="ignore"):
        error = float(np.sum((evaluate(node, columns) - y) ** 2))
    return error if math.isfinite(error) else math.inf
