"""What is reported of a fit: the chosen formula, its measures, its predictions and its stability."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.evaluation import scores
from symhpo.regression.base import Front, Regressor, Selection, TrainingSet

__all__ = ["ScoringTask", "score"]


@dataclass(frozen=True)
class ScoringTask:
    """A front to be reported on.

    Attributes
    ----------
    front : dict
        As `Front.to_json` gives it.
    training_set : TrainingSet
    selection : Selection
    points : array of shape (m, d)
        The landscape's configurations.
    cost : array of shape (m,)
        Their true cost.
    regressor : Regressor
        Who found the front; needed again for the bootstrap.
    seed : int
    bootstrap : int
        Number of bootstrap samples; 0 leaves the stability out.
    """

    front: dict[str, Any]
    training_set: TrainingSet
    selection: Selection
    points: NDArray[np.float64]
    cost: NDArray[np.float64]
    regressor: Regressor
    seed: int
    bootstrap: int = 0


def score(task: ScoringTask) -> dict[str, Any]:
    """Choose a formula of a front and score it, and every other member, on the landscape.

    Returns
    -------
    dict
        Plain JSON data: ``row`` (columns of the records), ``prediction`` of the chosen formula on
        the landscape, ``front`` (one dictionary a member) and, with a bootstrap, ``stability``.
    """
    started = time.process_time()
    front, training_set = Front.from_json(task.front), task.training_set
    member = task.selection(front, training_set)
    prediction = member.formula.evaluate(task.points)
    row = {
        **scores(task.cost, prediction),
        **_suffixed(scores(training_set.y, member.formula.evaluate(training_set.X)), "_train"),
        "nodes": member.formula.nodes,
        "operations": member.formula.operations,
        "depth": member.formula.depth,
        "formula": member.formula.text,
        "latex": member.formula.latex,
        "max_relative_difference": member.max_relative_difference,
        **_finding(task.regressor, member, training_set),
    }
    report: dict[str, Any] = {
        "row": row,
        "prediction": prediction.tolist(),
        "front": [_member_row(m, task) for m in front.members],
        "dropped": len(front.dropped),
    }
    if task.bootstrap:
        from symhpo.regression.stability import stability

        report["stability"] = stability(
            member.formula,
            task.regressor,
            training_set,
            task.selection,
            n_refits=task.bootstrap,
            seed=task.seed,
        ).to_json()
    report["row"]["cpu_score"] = time.process_time() - started
    return report


def _suffixed(values: dict[str, float], suffix: str) -> dict[str, float]:
    return {name + suffix: value for name, value in values.items()}


def _finding(regressor: Regressor, member: Any, training_set: TrainingSet) -> dict[str, Any]:
    from symhpo.regression.baselines import BASELINES
    from symhpo.regression.finding import is_finding

    if regressor.name in BASELINES:
        return {"is_finding": False, "finding_reason": "a baseline"}
    found, reason = is_finding(member, training_set)
    return {"is_finding": found, "finding_reason": reason}


def _member_row(member: Any, task: ScoringTask) -> dict[str, Any]:
    on_landscape = scores(task.cost, member.formula.evaluate(task.points))
    return {
        "nodes": member.formula.nodes,
        "formula": member.formula.text,
        "rmse_train": member.rmse,
        "rmse": on_landscape["rmse"],
        "nrmse": on_landscape["nrmse"],
    }
