"""Optuna's storages, read without the package: SQLite databases and journal files.

A database is opened read-only and as it is: nothing is locked, migrated or written beside it.
"""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.readers.json_files import lines_of
from symhpo.readers.raw import RawRun, RawTrial, State
from symhpo.space import Hyperparameter, Space
from symhpo.trials import Direction

__all__ = ["read", "recognises"]

MAGIC = b"SQLite format 3\x00"
TABLES = {"studies", "trials", "trial_params", "trial_values"}
STATES: Mapping[Any, State] = {
    "RUNNING": "running",
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "WAITING": "waiting",
    # In a journal.
    0: "running",
    1: "complete",
    2: "pruned",
    3: "failed",
    4: "waiting",
}
NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf}
CREATE_STUDY, DELETE_STUDY, CREATE_TRIAL, SET_PARAM, SET_STATE = 0, 1, 4, 5, 6


@dataclass
class _Trial:
    study: int
    number: int
    state: Any = "RUNNING"
    parameters: dict[str, tuple[float, str]] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)


def recognises(path: Path) -> bool:
    """Whether a file is a database or a journal of Optuna."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if start.startswith(MAGIC):
            with _opened(path) as database:
                return _tables(database) >= TABLES
        first = json.loads(start.split(b"\n", 1)[0])
    except (OSError, ValueError, UserError, sqlite3.Error):
        return False
    return isinstance(first, dict) and "op_code" in first


def read(path: Path) -> list[RawRun]:
    """Return the studies in a storage, in the order in which they were created.

    Raises
    ------
    UserError
        If the storage is damaged.
    """
    with path.open("rb") as file:
        is_database = file.read(len(MAGIC)) == MAGIC
    try:
        return _read_database(path) if is_database else _read_journal(path)
    except sqlite3.Error as error:
        raise UserError(f"{path} is no readable database of Optuna: {error}; copy it again") from None
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is no storage that Optuna wrote: {error!r}") from None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy: the database itself may be written to meanwhile, and has its log beside it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        try:
            shutil.copyfile(path, copy)
            log = path.with_name(path.name + "-wal")
            if log.exists():
                shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from None
        with closing(sqlite3.connect(copy)) as database:
            yield database


def _tables(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _read_database(path: Path) -> list[RawRun]:
    with _opened(path) as database:
        missing = TABLES - _tables(database)
        if missing:
            raise UserError(f"{path} is a database, but not Optuna's: it has no table {sorted(missing)[0]}")
        names = dict(database.execute("SELECT study_id, study_name FROM studies ORDER BY study_id"))
        directions: dict[int, dict[int, str]] = defaultdict(dict)
        for study, objective, direction in database.execute(
            "SELECT study_id, objective, direction FROM study_directions"
        ):
            directions[study][objective] = direction
        metric_names = _metric_names(database)
        trials: dict[int, _Trial] = {}
        for trial_id, number, study, state in database.execute(
            "SELECT trial_id, number, study_id, state FROM trials ORDER BY trial_id"
        ):
            trials[trial_id] = _Trial(study, number, state)
        for trial_id, name, value, distribution in database.execute(
            "SELECT trial_id, param_name, param_value, distribution_json FROM trial_params"
        ):
            trials[trial_id].parameters[name] = (value, distribution)
        for trial_id, objective, value, kind in database.execute(
            "SELECT trial_id, objective, value, value_type FROM trial_values"
        ):
            trials[trial_id].values[objective] = NOT_FINITE.get(kind, math.nan if value is None else value)
    by_study: dict[int, list[_Trial]] = defaultdict(list)
    for trial in trials.values():
        by_study[trial.study].append(trial)
    return [
        _run(path, name, by_study[study], directions[study], metric_names.get(study, ()))
        for study, name in names.items()
    ]


def _metric_names(database: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """Return the names that studies give their objectives, where they do."""
    if "study_system_attributes" not in _tables(database):
        return {}
    rows = database.execute(
        "SELECT study_id, value_json FROM study_system_attributes WHERE key = 'study:metric_names'"
    )
    return {study: tuple(json.loads(text)) for study, text in rows}


def _read_journal(path: Path) -> list[RawRun]:
    studies: dict[int, tuple[str, dict[int, str]]] = {}
    trials: list[_Trial] = []
    numbers: dict[int, int] = defaultdict(int)
    created = 0
    for entry in lines_of(path):
        operation = entry["op_code"]
        if operation == CREATE_STUDY:
            kinds = {1: "MINIMIZE", 2: "MAXIMIZE"}
            directions = {i: kinds.get(d, "NOT_SET") for i, d in enumerate(entry["directions"])}
            studies[created] = (entry["study_name"], directions)
            created += 1
        elif operation == DELETE_STUDY:
            studies.pop(entry["study_id"], None)
        elif operation == CREATE_TRIAL:
            study = entry["study_id"]
            trial = _Trial(study, numbers[study], entry.get("state", 0))
            numbers[study] += 1
            for name, text in (entry.get("distributions") or {}).items():
                trial.parameters[name] = (entry["params"][name], text)
            _set_values(trial, entry)
            trials.append(trial)
        elif operation == SET_PARAM:
            trials[entry["trial_id"]].parameters[entry["param_name"]] = (
                entry["param_value_internal"],
                entry["distribution"],
            )
        elif operation == SET_STATE:
            trials[entry["trial_id"]].state = entry["state"]
            _set_values(trials[entry["trial_id"]], entry)
    if not studies:
        raise UserError(f"{path} is a journal of Optuna without a study; copy it again")
    return [
        _run(path, name, [trial for trial in trials if trial.study == study], directions, ())
        for study, (name, directions) in studies.items()
    ]


def _set_values(trial: _Trial, entry: Mapping[str, Any]) -> None:
    values = entry.get("values")
    if values is None and entry.get("value") is not None:
        values = [entry["value"]]
    for objective, value in enumerate(values or ()):
        trial.values[objective] = math.nan if value is None else float(value)


def _run(
    path: Path, study: str, trials: list[_Trial], directions: Mapping[int, str], named: tuple[str, ...]
) -> RawRun:
    count = max(len(directions), 1)
    default = ("value",) if count == 1 else tuple(f"values_{index}" for index in range(count))
    names = named if len(named) == count else default
    known: dict[str, Direction] = {}
    for index, name in enumerate(names):
        if directions.get(index) in ("MINIMIZE", "MAXIMIZE"):
            known[name] = "minimize" if directions[index] == "MINIMIZE" else "maximize"
    distributions: dict[str, dict[str, Any]] = {}
    raw = []
    for trial in trials:
        configuration = {}
        for name, (number, text) in trial.parameters.items():
            distribution = json.loads(text) if isinstance(text, str) else text
            distributions[name] = _widened(distributions.get(name), distribution)
            configuration[name] = _value(number, distribution)
        raw.append(
            RawTrial(
                configuration,
                {names[i]: value for i, value in trial.values.items() if i < count},
                state=STATES.get(trial.state, "failed"),
                label=str(trial.number),
            )
        )
    hyperparameters = [_hyperparameter(name, d) for name, d in distributions.items()]
    return RawRun(
        "Optuna",
        f"study {study!r} in {path}",
        tuple(raw),
        objectives=names,
        directions=known,
        declared=Space([h for h in hyperparameters if h is not None]),
        left_out={
            name: "constant" for name, h in zip(distributions, hyperparameters, strict=True) if h is None
        },
    )


def _widened(known: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """Return the distribution that holds both: a study may go on with another space."""
    if known is None or known == new:
        return new
    a, b = known["attributes"], new["attributes"]
    if "choices" in a and "choices" in b:
        return {
            **new,
            "attributes": {"choices": [*a["choices"], *(c for c in b["choices"] if c not in a["choices"])]},
        }
    if "choices" in a or "choices" in b:
        return new
    low, high = min(a["low"], b["low"]), max(a["high"], b["high"])
    return {**new, "attributes": {**b, "low": low, "high": high}}


def _is_integer(distribution: Mapping[str, Any]) -> bool:
    return str(distribution["name"]).startswith("Int")


def _is_log(distribution: Mapping[str, Any]) -> bool:
    return bool(distribution["attributes"].get("log", False)) or "LogUniform" in distribution["name"]


def _value(number: float, distribution: Mapping[str, Any]) -> Any:
    choices = distribution["attributes"].get("choices")
    if choices is not None:
        return choices[int(number)]
    return round(number) if _is_integer(distribution) else float(number)


def _hyperparameter(name: str, distribution: Mapping[str, Any]) -> Hyperparameter | None:
    attributes = distribution["attributes"]
    if "choices" in attributes:
        choices = attributes["choices"]
        return Hyperparameter.categorical(name, choices, choices[0]) if len(choices) > 1 else None
    low, high = float(attributes["low"]), float(attributes["high"])
    if low == high:
        return None
    if _is_integer(distribution):
        return Hyperparameter(name, "int", low, high, round(low), log=_is_log(distribution))
    return Hyperparameter(name, "float", low, high, low, log=_is_log(distribution))
