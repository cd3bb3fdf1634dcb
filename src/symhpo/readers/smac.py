"""Runs of SMAC: folders of SMAC3 2.x and of 1.4, or their ``runhistory.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.readers.configspace_json import DeclaredSpace, read_space
from symhpo.readers.json_files import read_json_file
from symhpo.readers.raw import RawRun, RawTrial, State

__all__ = ["read", "recognises"]

RUNHISTORY = "runhistory.json"
# Since 2.3 a row is a dict; before, a list in this order, of eleven where CPU time is known.
FIELDS = ("config_id", "instance", "seed", "budget", "cost", "time", "status", "starttime", "endtime")
STATES: Mapping[Any, State] = {0: "running", 1: "complete", 2: "failed", 3: "failed", 4: "failed"}
REASONS = {2: "crashed", 3: "timeout", 4: "out of memory"}
# Names of the statuses in 1.4.
NAMES = {
    "RUNNING": 0,
    "SUCCESS": 1,
    "DONOTADVANCE": 1,
    "CRASHED": 2,
    "ABORT": 2,
    "TIMEOUT": 3,
    "CAPPED": 3,
    "STOP": 3,
    "MEMOUT": 4,
}


def recognises(path: Path) -> bool:
    """Whether a path is a folder with a run history, or the run history itself."""
    return (path / RUNHISTORY).is_file() if path.is_dir() else path.name == RUNHISTORY


def read(path: Path) -> list[RawRun]:
    """Return the run in a folder of SMAC.

    Raises
    ------
    UserError
        If the run history is damaged, or something else.
    """
    file = path / RUNHISTORY if path.is_dir() else path
    history = read_json_file(file)
    if not isinstance(history, dict) or not {"data", "configs"} <= history.keys():
        raise UserError(f"{file} is no run history of SMAC; there are no data and configs in it")
    declared = _declared(file.parent)
    scenario = _scenario(file.parent)
    try:
        names = _objectives(scenario, history["data"])
        trials = tuple(_trial(_fields(row), history["configs"], names) for row in history["data"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{file} is no run history of SMAC 1.4 or 2.x: {error!r}") from None
    return [
        RawRun(
            "SMAC",
            f"SMAC run in {file.parent}",
            trials,
            objectives=names,
            directions=dict.fromkeys(names, "minimize"),
            declared=None if declared is None else declared.space,
            left_out={} if declared is None else dict.fromkeys(declared.constants, "constant"),
            notes=() if declared is None else declared.notes,
            warnings=()
            if declared
            else (f"{file.parent} holds no configspace.json: no log scales are known",),
        )
    ]


def _declared(folder: Path) -> DeclaredSpace | None:
    for name in ("configspace.json", "configspace_0.json"):
        if (folder / name).is_file():
            return read_space(folder / name)
    return None


def _scenario(folder: Path) -> Mapping[str, Any]:
    file = folder / "scenario.json"
    data = read_json_file(file) if file.is_file() else {}
    return data if isinstance(data, dict) else {}


def _objectives(scenario: Mapping[str, Any], data: Sequence[Any]) -> tuple[str, ...]:
    named = scenario.get("objectives", ())
    names = [named] if isinstance(named, str) else [str(name) for name in named]
    costs = next((_fields(row)["cost"] for row in data), 0.0)
    count = len(costs) if isinstance(costs, list) else 1
    if len(names) == count:
        return tuple(names)
    return ("cost",) if count == 1 else tuple(f"cost_{index}" for index in range(count))


def _fields(row: Any) -> Mapping[str, Any]:
    """Return a row of any version by the names of 2.x."""
    if isinstance(row, dict):
        return row
    if isinstance(row[0], list):
        (config_id, instance, seed, budget), (cost, time, status, *_) = row[0], row[1]
        name = status["__enum__"].rpartition(".")[2] if isinstance(status, dict) else status
        values = (config_id, instance, seed, budget, cost, time, NAMES.get(name, name))
        return dict(zip(FIELDS, values, strict=False))
    # With CPU time a row has eleven values: it stands behind the time.
    rest = row[7:] if len(row) == 11 else row[6:]
    return dict(zip(FIELDS, (*row[:6], *rest), strict=False))


def _trial(row: Mapping[str, Any], configs: Mapping[str, Any], names: tuple[str, ...]) -> RawTrial:
    status = row["status"]
    costs = row["cost"] if isinstance(row["cost"], list) else [row["cost"]]
    identity = [str(row[name]) for name in ("instance", "seed") if row.get(name) is not None]
    budget = row.get("budget")
    return RawTrial(
        configs[str(row["config_id"])],
        {name: math.nan if cost is None else float(cost) for name, cost in zip(names, costs, strict=False)},
        state=STATES.get(status, "failed"),
        reason=REASONS.get(status, ""),
        # No budget is written as null or, in 1.4, as 0.
        budget=float(budget) if budget else None,
        seed=", ".join(identity) or None,
        label=str(row["config_id"]),
    )
