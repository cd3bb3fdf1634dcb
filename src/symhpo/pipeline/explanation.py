"""The stage of many hyperparameters: importance, partial dependence, formulas, and what each step loses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symhpo.config import make
from symhpo.objectives import Landscape
from symhpo.pipeline.plan import Plan
from symhpo.regression.base import TrainingSet
from symhpo.store import Key, Store

if TYPE_CHECKING:
    from symhpo.importance.explain import Explanation
    from symhpo.importance.partial_dependence import PartialDependence

__all__ = ["EXPLANATION_STAGES", "explanation_reports"]

# Version of each stage's code: raised whenever the same settings give another result.
EXPLANATION_STAGES = {"explanation": 2, "true_dependence": 1, "explanation_reports": 3}

REPORTS = "reports.json"
TRUTH = "truth.npz"


def explanation_reports(
    plan: Plan,
    store: Store,
    training_sets: Callable[[], dict[int, TrainingSet]],
    landscape: Callable[[], Landscape],
    *,
    workers: int,
) -> list[dict[str, Any]]:
    """Return the reports of a plan's explanation, one for each predictor; none where none is wanted.

    Parameters
    ----------
    plan : Plan
    store : Store
    training_sets, landscape : callable
        Give the training set of each size and the landscape; called only where they are needed.
    workers : int

    Returns
    -------
    list of dict
        As the reports of `symhpo.pipeline.reports.report`, for the largest size. Where nothing can be
        explained, one that says why.
    """
    if plan.config.get("explanation") is None:
        return []
    settings = dict(plan.key.settings)
    key = Key(
        "explanation_reports", EXPLANATION_STAGES["explanation_reports"], settings, _label(plan, "reports")
    )

    def build(_journal: Path, out: Path) -> None:
        from symhpo.importance.base import UnexplainedError

        started = time.process_time()
        try:
            explanation = _explanation(plan, store, training_sets)
        except UnexplainedError as error:
            rows = [_row(plan, {"predictor": "formula", "status": "failed", "reason": str(error)})]
        else:
            cpu_fit = time.process_time() - started
            truth = _truth(plan, store, explanation, workers)
            rows = _rows(plan, explanation, landscape(), truth, cpu_fit)
        (out / REPORTS).write_text(json.dumps(rows), encoding="utf-8")

    reports: list[dict[str, Any]] = json.loads((store.compute(key, build) / REPORTS).read_text("utf-8"))
    return reports


def _explanation(
    plan: Plan, store: Store, training_sets: Callable[[], dict[int, TrainingSet]]
) -> Explanation:
    from symhpo.importance.explain import Explanation, explain

    groups = ("strategy", "optimizer", "sizes", "seed", "importance", "explanation", "regressor")
    key = Key(
        "explanation",
        EXPLANATION_STAGES["explanation"],
        plan.settings(*groups),
        _label(plan, plan.config.importance.name),
    )

    def build(_journal: Path, out: Path) -> None:
        training_set = training_sets()[plan.sizes[-1]]
        # `Plan` refuses strategies without one.
        assert training_set.surrogate is not None
        explain(
            training_set.surrogate,
            n_evaluations=training_set.n_evaluations,
            method=make(plan.config.importance),
            regressor=plan.engines[0].regressor,
            seed=plan.config.seed,
            settings=make(plan.config.explanation),
        ).save(out)

    return Explanation.load(store.compute(key, build))


def _truth(plan: Plan, store: Store, explanation: Explanation, workers: int) -> PartialDependence | None:
    """Return the objective's own partial dependence; the same for all methods that choose the same."""
    from symhpo.importance.explain import over_all_draws
    from symhpo.importance.partial_dependence import PartialDependence, true_partial_dependence

    settings = make(plan.config.explanation)
    if not settings.true_points or not settings.true_draws:
        return None
    names = explanation.choice.names
    X = explanation.scoring.X[: settings.true_points]
    draws = explanation.draws[: settings.true_draws]
    identity = {
        "chosen": list(names),
        "points": len(X),
        "draws": len(draws),
        "seed": plan.config.seed,
    }
    key = Key(
        "true_dependence",
        EXPLANATION_STAGES["true_dependence"],
        plan.settings() | identity,
        _label(plan, "+".join(names)),
    )

    def build(journal: Path, out: Path) -> None:
        true_partial_dependence(
            plan.objective, names, X, draws, seed=plan.config.seed, workers=workers, journal_dir=journal
        ).save(out / TRUTH)

    truth = PartialDependence.load(store.compute(key, build) / TRUTH, explanation.scoring.space)
    return over_all_draws(explanation, truth, settings.true_draws)


def _rows(
    plan: Plan,
    explanation: Explanation,
    landscape: Landscape,
    truth: PartialDependence | None,
    cpu_fit: float,
) -> list[dict[str, Any]]:
    from symhpo.importance.explain import score
    from symhpo.importance.views import against_truth, views

    formula = plan.selection(explanation.front, explanation.training_set).formula
    common = {
        "status": "ok",
        "reason": "",
        "n_evaluations": explanation.n_evaluations,
        "chosen": explanation.choice.statement,
        "importance": json.dumps(explanation.importance.to_json()),
        "dependence": json.dumps([view.to_json() for view in views(explanation, formula)]),
    }
    if truth is not None:
        common["true_dependence"] = json.dumps(against_truth(explanation, formula, truth).to_json())
    rows = [_row(plan, common | row) for row in score(explanation, plan.selection, landscape, truth)]
    for row in rows:
        if "formula" in row["row"]["predictor"]:
            row["row"]["n_training"] = len(explanation.dependence.X)
        if row["row"]["predictor"] == "formula":
            # Importance, partial dependence and all formulas: done at once, so counted once.
            row["row"]["cpu_fit"] = cpu_fit
    return rows


def _row(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    engine = plan.engines[0].name if "formula" in row["predictor"] else "gp"
    return {"task": [engine, plan.sizes[-1], plan.config.seed], "row": row, "prediction": None, "front": []}


def _label(plan: Plan, what: str) -> str:
    return f"{plan.label}/seed={plan.config.seed}/{what}"
