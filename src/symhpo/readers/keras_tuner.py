"""Projects of Keras Tuner: ``oracle.json`` and one ``trial_*/trial.json`` a trial."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.readers.json_files import read_json_file
from symhpo.readers.raw import RawRun, RawTrial, State
from symhpo.space import Hyperparameter, Space
from symhpo.trials import Direction

__all__ = ["read", "recognises"]

ORACLE = "oracle.json"
# What Hyperband adds to a configuration.
OWN = "tuner/"
STATES: Mapping[str, State] = {
    "COMPLETED": "complete",
    "STOPPED": "pruned",
    "FAILED": "failed",
    "INVALID": "failed",
    "RUNNING": "running",
    "IDLE": "waiting",
}
DIRECTIONS: Mapping[str, Direction] = {"min": "minimize", "max": "maximize"}


def recognises(path: Path) -> bool:
    """Whether a path is a project's folder, or the oracle in it."""
    return (path / ORACLE).is_file() if path.is_dir() else path.name == ORACLE


def read(path: Path) -> list[RawRun]:
    """Return the run in a project's folder.

    Raises
    ------
    UserError
        If its files are damaged, or there is no trial.
    """
    folder = path if path.is_dir() else path.parent
    oracle = read_json_file(folder / ORACLE)
    files = sorted(folder.glob("trial_*/trial.json"))
    if not files:
        raise UserError(f"{folder} holds an oracle of Keras Tuner and no trial_*/trial.json; copy them, too")
    documents = [read_json_file(file) for file in files]
    try:
        declared = _space(oracle["hyperparameters"]["space"])
        order = {name: index for index, name in enumerate(oracle.get("start_order") or ())}
        documents.sort(key=lambda d: (order.get(d["trial_id"], len(order)), d["trial_id"]))
        directions = _directions(documents)
        objective = _objective(oracle, documents, directions)
        trials = tuple(_trial(document, objective) for document in documents)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{folder} is no project of Keras Tuner: {error!r}") from None
    return [
        RawRun(
            "Keras Tuner",
            f"Keras Tuner project in {folder}",
            trials,
            objectives=(objective,),
            directions=directions,
            declared=declared,
        )
    ]


def _directions(documents: list[dict[str, Any]]) -> dict[str, Direction]:
    directions: dict[str, Direction] = {}
    for document in documents:
        for name, metric in document.get("metrics", {}).get("metrics", {}).items():
            if metric.get("direction") in DIRECTIONS:
                directions[name] = DIRECTIONS[metric["direction"]]
    return directions


def _objective(
    oracle: Mapping[str, Any], documents: list[dict[str, Any]], directions: dict[str, Direction]
) -> str:
    """Return the metric that the score is; the first whose value at the best step it equals."""
    named = oracle.get("objective")
    if isinstance(named, dict) and "name" in named:
        return str(named["name"])
    scored = [d for d in documents if d.get("score") is not None]
    for name in directions:
        if scored and all(_at_best_step(d, name) == d["score"] for d in scored):
            return name
    return "score"


def _at_best_step(document: Mapping[str, Any], name: str) -> float | None:
    metric = document.get("metrics", {}).get("metrics", {}).get(name)
    if metric is None:
        return None
    for observation in metric["observations"]:
        if observation.get("step") == document.get("best_step"):
            values = [math.nan if value is None else value for value in observation["value"]]
            return float(sum(values) / len(values))
    return None


def _trial(document: Mapping[str, Any], objective: str) -> RawTrial:
    values = document["hyperparameters"]["values"]
    score = document.get("score")
    epochs = values.get("tuner/epochs")
    metrics = {
        name: value
        for name in document.get("metrics", {}).get("metrics", {})
        if (value := _at_best_step(document, name)) is not None
    }
    return RawTrial(
        {name: value for name, value in values.items() if not name.startswith(OWN)},
        metrics | {objective: math.nan if score is None else float(score)},
        state=STATES.get(document.get("status", ""), "failed"),
        reason=str(document.get("message") or ""),
        budget=None if epochs is None else float(epochs),
        label=str(document["trial_id"]),
    )


def _space(items: list[dict[str, Any]]) -> Space:
    by_name: dict[str, Hyperparameter] = {}
    for item in items:
        hyperparameter = _hyperparameter(item["class_name"], item["config"])
        if hyperparameter is not None:
            by_name[hyperparameter.name] = hyperparameter
    return Space(by_name.values())


def _hyperparameter(kind: str, config: Mapping[str, Any]) -> Hyperparameter | None:
    name = str(config["name"])
    if name.startswith(OWN) or kind == "Fixed":
        return None
    if kind == "Boolean":
        return Hyperparameter.categorical(name, (False, True), bool(config.get("default")))
    if kind == "Choice":
        choices = config["values"]
        return Hyperparameter.categorical(name, choices, choices[0]) if len(choices) > 1 else None
    low, high = float(config["min_value"]), float(config["max_value"])
    if low == high:
        return None
    log = config.get("sampling") in ("log", "reverse_log")
    if kind == "Int":
        return Hyperparameter(name, "int", low, high, round(low), log=log)
    return Hyperparameter(name, "float", low, high, low, log=log)
