"""Optuna's own storages, read as Optuna wrote them."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from symhpo.errors import UserError
from symhpo.readers import optuna_storage

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: Any) -> float:
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    layers = trial.suggest_int("layers", 1, 3)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    trial.suggest_float("fixed", 2.0, 2.0)
    if layers > 1:
        trial.suggest_int("units", 8, 64, step=8)
    if trial.number == 3:
        raise ValueError("it broke")
    if trial.number == 4:
        trial.report(0.5, 1)
        raise optuna.TrialPruned
    if trial.number == 5:
        return math.inf
    return float(rate + layers + (kind == "b"))


def storage(kind: str, folder: Path) -> tuple[Any, Path]:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'study.db'}", folder / "study.db"
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "study.log"))
    return optuna.storages.JournalStorage(backend), folder / "study.log"


@pytest.fixture(params=["sqlite", "journal"])
def studied(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, Path]:
    """A study of Optuna with every kind of trial, and its file."""
    where, file = storage(request.param, tmp_path)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=where, study_name="mine", direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=12, catch=(ValueError,))
    return study, file


def test_trials_are_those_of_optuna(studied: tuple[Any, Path]) -> None:
    study, file = studied
    assert optuna_storage.recognises(file)
    (run,) = optuna_storage.read(file)
    assert run.objectives == ("value",)
    assert run.directions == {"value": "maximize"}
    assert Counter(t.state for t in run.trials) == {"complete": 10, "failed": 1, "pruned": 1}
    for ours, theirs in zip(run.trials, study.trials, strict=True):
        assert ours.configuration == theirs.params
        assert ours.label == str(theirs.number)
        if theirs.value is not None and ours.state == "complete":
            assert ours.metrics == {"value": theirs.value}


def test_the_space_is_the_one_that_was_searched(studied: tuple[Any, Path]) -> None:
    (run,) = optuna_storage.read(studied[1])
    assert run.declared is not None
    rate, units, kind = (run.declared[name] for name in ("rate", "units", "kind"))
    assert (rate.type, rate.lower, rate.upper, rate.log) == ("float", 1e-4, 1.0, True)
    assert (units.type, units.lower, units.upper, units.log) == ("int", 8, 64, False)
    assert kind.choices == ("a", "b", None)
    assert run.left_out == {"fixed": "constant"}


def test_a_storage_is_not_changed(studied: tuple[Any, Path]) -> None:
    file = studied[1]
    before = (file.read_bytes(), file.stat().st_mtime_ns, sorted(p.name for p in file.parent.iterdir()))
    optuna_storage.read(file)
    assert (
        file.read_bytes(),
        file.stat().st_mtime_ns,
        sorted(p.name for p in file.parent.iterdir()),
    ) == before


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_every_study_and_objective_is_read(kind: str, tmp_path: Path) -> None:
    where, file = storage(kind, tmp_path)
    for name, directions in (("one", ["minimize"]), ("two", ["minimize", "maximize"])):
        study = optuna.create_study(storage=where, study_name=name, directions=directions)
        trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
        study.tell(trial, [0.25] if name == "one" else [0.5, 0.75])
    one, two = optuna_storage.read(file)
    assert "one" in one.source
    assert one.trials[0].metrics == {"value": 0.25}
    assert two.trials[0].metrics == {"values_0": 0.5, "values_1": 0.75}
    assert two.directions == {"values_0": "minimize", "values_1": "maximize"}


def test_a_space_that_was_widened_holds_all_trials(tmp_path: Path) -> None:
    where, file = storage("sqlite", tmp_path)
    study = optuna.create_study(storage=where)
    for high in (1.0, 10.0):
        study.tell(study.ask({"x": optuna.distributions.FloatDistribution(0, high)}), 0.0)
    (run,) = optuna_storage.read(file)
    assert run.declared is not None
    assert run.declared["x"].upper == 10.0


def test_a_half_written_line_of_a_journal_is_left_out(tmp_path: Path) -> None:
    where, file = storage("journal", tmp_path)
    study = optuna.create_study(storage=where)
    study.tell(study.ask({"x": optuna.distributions.FloatDistribution(0, 1)}), 0.5)
    whole = optuna_storage.read(file)[0].trials
    with file.open("a") as journal:
        journal.write('{"op_code": 4, "study')
    assert optuna_storage.read(file)[0].trials == whole


def test_other_databases_are_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE runs (id INTEGER)")
    database.close()
    assert not optuna_storage.recognises(file)
    with pytest.raises(UserError, match="not Optuna's"):
        optuna_storage.read(file)


def test_a_damaged_database_is_one_line(tmp_path: Path) -> None:
    where, file = storage("sqlite", tmp_path)
    optuna.create_study(storage=where)
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"study\.db"):
        optuna_storage.read(file)
