"""The tables of a run: records, predictions on the landscape, training sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.objectives import Landscape
from symhpo.pipeline.plan import Plan
from symhpo.regression.base import TrainingSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["prediction_frame", "record_rows", "training_set_frame"]


def record_rows(plan: Plan, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one record for each report of a run."""
    config = plan.config
    common = {
        "run_id": plan.key.id,
        "experiment": config.name,
        "model": config.model.name,
        "dataset": config.dataset.name,
        "protocol": config.protocol.name,
        "hyperparameters": ",".join(plan.objective.space.names),
        "strategy": config.strategy.name,
        "optimizer": config.optimizer.name if config.strategy.needs_optimizer else None,
        "seed": config.seed,
        "selection": config.selection.name,
    }
    settings = {engine.name: json.dumps(engine.settings, sort_keys=True) for engine in plan.engines}
    rows = []
    for entry in reports:
        engine, size, seed = entry["task"]
        rows.append(
            common
            | {
                "regressor": engine,
                "regressor_settings": settings.get(engine),
                "regressor_seed": seed,
                "n_samples": size,
                "stability": json.dumps(entry["stability"]) if "stability" in entry else None,
                "front": json.dumps(entry["front"]) if entry["front"] else None,
            }
            | entry["row"]
        )
    return rows


def prediction_frame(plan: Plan, reports: list[dict[str, Any]], landscape: Landscape) -> pd.DataFrame:
    """Return predictions beside the true cost: one row for each report and point of the landscape."""
    import pandas as pd

    points = _columns(plan, landscape.X) | {"cost": landscape.cost}
    frames = []
    for entry in reports:
        if entry["prediction"] is not None:
            engine, size, seed = entry["task"]
            identity = {"n_samples": size, "regressor": engine, "regressor_seed": seed}
            frames.append(pd.DataFrame(identity | points | {"prediction": entry["prediction"]}))
    if not frames:
        return pd.DataFrame(columns=["n_samples", "regressor", "regressor_seed", *points, "prediction"])
    return pd.concat([f.astype({"regressor_seed": "Int64"}) for f in frames], ignore_index=True)


def training_set_frame(plan: Plan, training_sets: dict[int, TrainingSet]) -> pd.DataFrame:
    """Return what the regression saw: one row for each size and configuration."""
    import pandas as pd

    frames = [
        pd.DataFrame({"n_samples": size} | _columns(plan, training_set.X) | {"cost": training_set.y})
        for size, training_set in training_sets.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _columns(plan: Plan, X: np.ndarray) -> dict[str, np.ndarray]:
    return {name: X[:, j] for j, name in enumerate(plan.objective.space.names)}
