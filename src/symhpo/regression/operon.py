"""The default engine: a search over short formulas whose constants Operon's compiled fits find.

See `symhpo.regression.search.growth` for the search itself. Log-scaled hyperparameters enter as
they are, as log10 and as powers; sums, products, minima, maxima, tanh, log10 and powers join them.
Every formula of the front has at most `OperonRegressor.max_nodes` nodes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.formula.formula import max_relative_difference
from symhpo.regression.base import Dropped, Front, Member, TrainingSet
from symhpo.regression.domain import Domain, spread
from symhpo.regression.evidence import evaluations
from symhpo.regression.search.constants import polish, round_constants
from symhpo.regression.search.evaluation import evaluate
from symhpo.regression.search.growth import Found, Search, SearchSettings
from symhpo.regression.search.terms import Hyperparameters
from symhpo.regression.search.tree import Node, constant, normal_form, size, to_formula
from symhpo.regression.search.units import Units
from symhpo.regression.smoothing import smooth
from symhpo.seeds import generator
from symhpo.space import Space

__all__ = ["OperonRegressor"]

Array = NDArray[np.float64]

# Formulas of one size that are finished, until one of them holds on the whole space.
MAX_FINISHED = 3
# The rounding of constants may raise the training error by this part of it.
ROUNDING_LOSS = 0.002
MAX_DIGITS = 8
# Errors below this part of the costs' spread are rounding: nothing longer is better.
ROUNDING = 1e-9
# How much higher the error on the training set may be with labels beside it than without.
MAX_COST_OF_LABELS = 1.5
# Variance of a label, relative to that of the costs, up to which it is used; the surest third always is.
MAX_VARIANCE = 0.15
SUREST = 3
# Share of the labels that is taken from a training set that a surrogate labelled: none is sifted out there.
UNSIFTED = 2 / 3


@dataclass(frozen=True)
class OperonRegressor:
    """Short formulas over a landscape, a whole front of them.

    Attributes
    ----------
    max_nodes : int
        Nodes of the longest formula.
    searches : int
        Independent searches, with seeds of their own, whose results are merged.
    labels : int
        Configurations, at most, whose cost joins the evaluations in the search as Gaussian processes
        of the engine's own predict it; they keep formulas from following the noise and from going
        astray where there is no data. They are points spread over the space, without those that the
        processes know too little of. Where a surrogate has labelled the training set, two thirds as
        many of its first rows, and the mean of both predictions. 0 leaves them out.
    max_rows : int
        Rows of a larger training set that the search uses.
    parents, fits : int
        Breadth of the search (`search.growth.SearchSettings`).
    digits : int
        Significant digits of the constants, more only where these would cost accuracy.
    """

    max_nodes: int = 20
    searches: int = 1
    labels: int = 120
    max_rows: int = 200
    parents: int = 3
    fits: int = 24
    digits: int = 3
    name: str = "operon"

    def __post_init__(self) -> None:
        for field in ("max_nodes", "searches", "max_rows", "parents", "fits", "digits"):
            if getattr(self, field) < 1:
                raise UserError(f"regressor.{field} is {getattr(self, field)}; it has to be at least 1")

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        """Return the front of the formulas found; those that misbehave on the space are listed as dropped.

        Raises
        ------
        UserError
            If there is no cost, or one that is not finite.
        """
        X, y = training_set.X, training_set.y
        if len(y) == 0 or not np.isfinite(y).all():
            raise UserError("the regression needs at least one cost, all finite; leave failed trials out")
        units = Units.of(y)
        searched = units.training_set(training_set)
        domain = Domain(training_set.space, searched.y)
        hyperparameters = _usable(training_set.space, X)
        if np.ptp(y) == 0 or not hyperparameters.columns:
            finish = _Finish(training_set, Units(), X.T, y, self)
            return Front.of([finish.member(constant(float(np.mean(y)) if np.ptp(y) else float(y[0])))])
        columns, targets = self._search_data(searched, hyperparameters, seed)
        finish = _Finish(training_set, units, columns, targets, self)
        found: dict[int, list[Found]] = defaultdict(list)
        points = np.ascontiguousarray(domain.X[:: max(1, len(domain.X) // 256)].T)
        for k in range(self.searches):
            search = Search(
                columns,
                targets,
                hyperparameters,
                lambda node: domain.holds(evaluate(node, points)),
                SearchSettings(max_nodes=self.max_nodes, parents=self.parents, fits=self.fits),
                generator(seed, self.name, k),
            )
            for nodes, trees in search.run().items():
                found[nodes] += trees[: 2 * MAX_FINISHED]
        return finish.front(found)

    def _search_data(
        self, training_set: TrainingSet, hyperparameters: Hyperparameters, seed: int
    ) -> tuple[Array, Array]:
        """Return what the search fits: columns of shape (d, n) and costs, of evaluations and of labels."""
        evaluated = evaluations(training_set)
        X, y = self._some_rows(*(evaluated or (training_set.X, training_set.y)), seed)
        if evaluated is None or not self.labels or len(y) < 2 * (len(hyperparameters.columns) + 2):
            return np.ascontiguousarray(X.T), y
        between, labels = self._labels(training_set, X, y, list(hyperparameters.columns))
        return np.ascontiguousarray(np.vstack([X, between]).T), np.r_[y, labels]

    def _some_rows(self, X: Array, y: Array, seed: int) -> tuple[Array, Array]:
        if len(y) <= self.max_rows:
            return X, y
        chosen = generator(seed, self.name, "rows").permutation(len(y))[: self.max_rows]
        return X[chosen], y[chosen]

    def _labels(self, training_set: TrainingSet, X: Array, y: Array, used: list[int]) -> tuple[Array, Array]:
        """Return configurations and their costs as predicted from the evaluations `X`, `y`."""
        space, U = training_set.space, training_set.space.to_unit(X)[:, used]
        if training_set.surrogate is not None:
            count = math.ceil(UNSIFTED * self.labels)
            between = training_set.X[:count]
            mean, _ = smooth(U, y, space.to_unit(between)[:, used])
            return between, (mean + training_set.y[:count]) / 2
        between = space.quantile(spread(self.labels, len(space)))
        mean, variance = smooth(U, y, space.to_unit(between)[:, used])
        count = max(int(np.count_nonzero(variance < MAX_VARIANCE * y.var())), math.ceil(self.labels / SUREST))
        surest = np.sort(np.argsort(variance, kind="stable")[:count])
        return between[surest], mean[surest]


class _Finish:
    """Turns trees of a search into members of a front.

    Parameters
    ----------
    training_set : TrainingSet
        What errors are measured on.
    units : Units
        Of the trees.
    columns, targets : arrays of shape (d, n) and (n,)
        What constants are fitted to, in these units.
    engine : OperonRegressor
        Its `digits` and `max_nodes`.
    """

    def __init__(
        self, training_set: TrainingSet, units: Units, columns: Array, targets: Array, engine: OperonRegressor
    ) -> None:
        self.training_set, self.units, self.engine = training_set, units, engine
        self.domain = Domain(training_set.space, training_set.y)
        self.costs = units.to_search(training_set.y)
        self.columns, self.targets = columns, targets
        self.check_points = np.vstack([training_set.X, self.domain.X])

    def front(self, found: dict[int, list[Found]]) -> Front:
        """Return the front of the best tree of each size that holds on the space."""
        members: list[Member] = []
        dropped: list[Dropped] = []
        best = math.inf
        exact = ROUNDING * float(np.std(self.training_set.y))
        for _, trees in sorted(found.items()):
            if members and members[-1].rmse <= exact:
                break
            for tree in sorted(trees, key=lambda f: f.error)[:MAX_FINISHED]:
                if tree.error >= best:
                    break
                node = self.constants(tree.node)
                if size(node) > self.engine.max_nodes:
                    continue
                member = self.member(node)
                reason = self.domain.reason_against(member.formula)
                if reason is None:
                    members.append(member)
                    best = tree.error
                    break
                dropped.append(Dropped(member.formula.text, reason))
        spread = float(np.std(self.training_set.y))
        if not members or members[0].nodes > 1 or members[0].rmse > (1 + ROUNDING_LOSS) * spread:
            members.append(self.mean())
        return Front.of(members, dropped)

    def mean(self) -> Member:
        """Return the mean cost, with as many digits as it needs to be as good as the exact one."""
        y = self.training_set.y
        exact = self.units.offset + self.units.scale * float(np.mean(self.costs))
        rounded = (float(f"{exact:.{digits}g}") for digits in range(self.engine.digits, 17))
        allowed = ROUNDING_LOSS * float(np.std(self.costs)) * self.units.scale
        best = next((value for value in rounded if abs(value - exact) <= allowed), exact)
        return self.member(constant(min(max(best, float(y.min())), float(y.max()))))

    def constants(self, node: Node) -> Node:
        """Return the tree with constants fitted in double precision and rounded, in units of the costs.

        They are fitted to the training set alone where the labels beside it would cost accuracy that
        no overfitting explains, as on costs without noise.
        """
        X, y = self.training_set.X.T, self.costs
        exact, columns, targets = polish(node, self.columns, self.targets), self.columns, self.targets
        without_labels = polish(node, X, y)
        if _rmse(exact, X, y) > MAX_COST_OF_LABELS * _rmse(without_labels, X, y):
            exact, columns, targets = without_labels, X, y
        bound = (1 + ROUNDING_LOSS) * _rmse(exact, columns, targets)
        for digits in range(self.engine.digits, MAX_DIGITS + 1):
            rounded = round_constants(exact, columns, targets, digits)
            if _rmse(rounded, columns, targets) <= bound:
                break
        return self.units.in_costs(normal_form(rounded))

    def member(self, node: Node) -> Member:
        """Return a tree as a formula in true units, with its error and its difference from the tree."""
        formula = to_formula(node, self.training_set.space.names)
        with np.errstate(all="ignore"):
            values = evaluate(node, np.ascontiguousarray(self.check_points.T))
        difference = max_relative_difference(formula.evaluate(self.check_points), values)
        return Member(formula, _rmse(node, self.training_set.X.T, self.training_set.y), difference)


def _rmse(node: Node, columns: Array, y: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean((evaluate(node, columns) - y) ** 2)))


def _usable(space: Space, X: Array) -> Hyperparameters:
    """Return the columns that have a value everywhere and more than one."""
    columns = tuple(
        j for j, h in enumerate(space.hyperparameters) if h.condition is None and np.ptp(X[:, j]) > 0
    )
    logarithmic = tuple(j for j in columns if space.hyperparameters[j].log)
    positive = tuple(j for j in columns if space.hyperparameters[j].lower > 0)
    return Hyperparameters(columns, logarithmic, positive)
