"""Whether an engine finds planted formulas, and what it owes any costs whatever."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.evaluation import scores
from symhpo.formula import Formula
from symhpo.formula.simplify import simplify
from symhpo.regression.base import Front, Member, Regressor, Selection
from symhpo.regression.domain import Domain
from symhpo.regression.fuzz.cases import KINDS, MANY, Case, draw
from symhpo.regression.fuzz.shape import shape
from symhpo.regression.mixed import MixedRegressor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GOALS", "Outcome", "Task", "failed", "measure", "summary"]

# nRMSE on fresh configurations below which a formula is found.
RECOVERED = 0.01
# Share of a kind's cases that has to be found, by kind; other kinds: DEFAULT_GOAL.
GOALS = {"tanh": 0.8}
DEFAULT_GOAL = 0.95
MAX_NODES = 20
# How much worse than the best constant the rounding of a constant to few digits may be.
ROUNDING_LOSS = 0.002
MAX_DIFFERENCE = 1e-9


@dataclass(frozen=True)
class Task:
    """One case for one engine, as it is sent to a process."""

    kind: str
    number: int
    engine: Regressor
    selection: Selection


@dataclass(frozen=True)
class Outcome:
    """What an engine made of one case.

    Attributes
    ----------
    kind, number
        Which case it is (`cases.draw`).
    n, d : int
        Trials and hyperparameters.
    planted : str
    nodes : int
        Of the planted formula, simplified.
    counts : bool
        Whether the goals are for it: enough trials, few enough nodes, the planted formula in the range
        that the engine takes for plausible, and not hidden by the costs themselves.
    chosen, most_accurate : str
        The reported formula, and the most accurate one of the front.
    nrmse_chosen, nrmse : float
        Of these two on fresh configurations.
    is_structure : bool
        Whether the chosen formula is the planted one up to its constants.
    beats_constant : bool
        No formula of the front is worse than the best constant on the training set.
    is_finite : bool
        All formulas are, on the training set, on fresh configurations and on the whole space.
    equals_engine : bool
        The printed formulas give the engine's predictions.
    cpu_seconds : float
    error : str
        Why there is no front.
    """

    kind: str
    number: int
    n: int = 0
    d: int = 0
    planted: str = ""
    nodes: int = 0
    counts: bool = False
    chosen: str = ""
    most_accurate: str = ""
    nrmse_chosen: float = float("inf")
    nrmse: float = float("inf")
    is_structure: bool = False
    beats_constant: bool = False
    is_finite: bool = False
    equals_engine: bool = False
    cpu_seconds: float = 0.0
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; errors that are no number as None."""
        return {
            key: None if isinstance(value, float) and not np.isfinite(value) else value
            for key, value in asdict(self).items()
        }


def failed(task: Task, reason: str) -> Outcome:
    """Return the outcome of a case without a front."""
    return Outcome(task.kind, task.number, error=reason)


def measure(task: Task) -> Outcome:
    """Fit one case and compare what was found with what was planted."""
    case = draw(task.kind, task.number)
    training_set = case.training_set
    started = time.process_time()
    front = MixedRegressor(task.engine).fit(training_set, seed=task.number)
    seconds = time.process_time() - started
    chosen = task.selection(front, training_set)
    best = min(front.members, key=lambda m: (m.rmse, m.nodes))
    everywhere = np.vstack([training_set.X, case.fresh, Domain(training_set.space, training_set.y).X])
    planted = simplify(case.planted, everywhere)
    return Outcome(
        task.kind,
        task.number,
        n=len(training_set.y),
        d=len(training_set.space),
        planted=case.planted.text,
        nodes=planted.nodes,
        counts=_counts(case, planted),
        chosen=chosen.formula.text,
        most_accurate=best.formula.text,
        nrmse_chosen=_nrmse(case, chosen),
        nrmse=_nrmse(case, best),
        is_structure=shape(chosen.formula) == shape(planted),
        beats_constant=_beats_constant(front, training_set.y),
        is_finite=all(bool(np.isfinite(m.formula.evaluate(everywhere)).all()) for m in front.members),
        equals_engine=bool(max(m.max_relative_difference for m in front.members) <= MAX_DIFFERENCE),
        cpu_seconds=seconds,
    )


def _counts(case: Case, planted: Formula) -> bool:
    space, y = case.training_set.space, case.training_set.y
    if not case.scored or len(y) < MANY[0]:
        return False
    # An engine for numbers has so many nodes for each choice.
    choices = [len(h.choices) for h in space.hyperparameters if h.choices]
    domain = Domain(space, y)
    return planted.nodes <= MAX_NODES * max(choices, default=1) and domain.holds(planted.evaluate(domain.X))


def _nrmse(case: Case, member: Member) -> float:
    """Return the nRMSE on fresh configurations, infinite where the formula has no value."""
    prediction = member.formula.evaluate(case.fresh)
    if not np.isfinite(prediction).all():
        return float("inf")
    return float(scores(case.costs, prediction)["nrmse"])


def _beats_constant(front: Front, y: np.ndarray) -> bool:
    rounding = 4 * np.finfo(np.float64).eps * float(np.abs(y).max())
    allowed = (1 + ROUNDING_LOSS) * float(np.std(y)) + rounding
    return bool(max(m.rmse for m in front.members) <= allowed)


def summary(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return one row a kind: shares of the cases that the goals are for, and counts over all cases.

    ``found`` and ``chosen`` are the shares of formulas recovered by the most accurate and by the reported
    formula, ``structure`` that of the same expression up to constants; ``few`` the share of those found
    among all cases the goals are not for. ``worse``, ``crashed``, ``infinite`` and ``different`` count
    fronts with a fault.
    """
    import pandas as pd

    table = pd.DataFrame([asdict(outcome) for outcome in outcomes])
    lines = [_line(kind, table[table.kind == kind]) for kind in KINDS if (table.kind == kind).any()]
    return pd.DataFrame([*lines, _line("all", table)])


def _line(kind: str, rows: pd.DataFrame) -> dict[str, Any]:
    counted, others = rows[rows.counts], rows[~rows.counts]
    goal = GOALS.get(kind, DEFAULT_GOAL) if len(counted) and kind != "all" else float("nan")
    found = float((counted.nrmse <= RECOVERED).mean())
    ran = rows[rows.error == ""]
    faults = {
        "crashed": int((rows.error != "").sum()),
        "worse": int((~ran.beats_constant).sum()),
        "infinite": int((~ran.is_finite).sum()),
        "different": int((~ran.equals_engine).sum()),
    }
    return {
        "kind": kind,
        "cases": len(rows),
        "counted": len(counted),
        "goal": goal,
        "found": found,
        "chosen": float((counted.nrmse_chosen <= RECOVERED).mean()),
        "structure": float(counted.is_structure.mean()),
        "few": float((others.nrmse <= RECOVERED).mean()),
        **faults,
        "cpu_seconds": float(rows.cpu_seconds.mean()),
        "reached": not found < goal and not any(faults.values()),
    }
