"""A run of many hyperparameters from end to end, on a model with categorical and conditional ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symhpo.cli import compose
from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.importance import Importance
from symhpo.importance.views import TruthView, View
from symhpo.pipeline import Plan, execute
from symhpo.store import TIMINGS

SMALL = [
    "experiment=many_hyperparameters",
    "sizes=[24]",
    "budget=24",
    "regressor=linear",
    "regressor_seeds=[0]",
    "baselines=[constant]",
    "landscape.n_random=20",
    "importance.n_points=128",
    "importance.n_replicates=2",
    "explanation.n_points=60",
    "explanation.n_scoring_points=20",
    "explanation.n_draws=50",
    "explanation.true_points=4",
    "explanation.true_draws=3",
    "workers=0",
]
CELL = ("model=svm_kernels", "dataset=wine")


def plan(folder: Path, *overrides: str, cell: tuple[str, ...] = CELL) -> Plan:
    every = [*SMALL, *cell, f"paths.outputs={folder}/outputs", f"paths.store={folder}/store", *overrides]
    return Plan.from_config(compose(every), every)


def rows_of(one: Plan) -> pd.DataFrame:
    return pd.read_parquet(one.folder / "records.parquet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    one = plan(tmp_path_factory.mktemp("explained"))
    execute([one])
    return one


def test_there_is_a_row_for_every_step(finished: Plan) -> None:
    rows = rows_of(finished).dropna(subset=["predictor"]).set_index("predictor")
    assert rows.index.tolist() == [
        "surrogate",
        "partial dependence",
        "formula",
        # None is as short as the formula of the partial dependence.
        "whole formula",
    ]
    assert (rows["status"] == "ok").all()
    assert rows["hyperparameters"].nunique() == 1
    assert rows[["rmse", "rmse_dependence", "rmse_true_dependence"]].notna().all(axis=None)
    assert rows["regressor"].tolist() == ["gp", "gp", "linear", "linear"]
    assert rows.loc["surrogate", "rmse_dependence"] == 0


def test_the_record_states_the_choice_and_what_it_rests_on(finished: Plan) -> None:
    row = rows_of(finished).query("predictor == 'formula'").iloc[0]
    importance = Importance.from_json(json.loads(row["importance"]))
    chosen = row["chosen"].partition(" explain ")[0].split(", ")
    assert set(chosen) <= set(importance.names)
    assert f"{importance.share(chosen):.1%}" in row["chosen"]
    formula = Formula.parse(row["formula"], tuple(row["hyperparameters"].split(",")))
    X = importance.space.sample(50, np.random.default_rng(0))
    assert np.isfinite(formula.evaluate(X)).all()
    views = [View.from_json(data) for data in json.loads(row["dependence"])]
    curves = [view.space.names[0] for view in views if len(view.space) == 1]
    # That of a conditional says where it is active: degree (kernel = poly).
    assert {name.partition(" (")[0] for name in curves} == set(chosen)


def test_the_record_holds_the_truth_that_errors_are_measured_against(finished: Plan) -> None:
    rows = rows_of(finished).dropna(subset=["predictor"]).set_index("predictor")
    view = TruthView.from_json(json.loads(rows.loc["formula", "true_dependence"]))
    assert set(view.space.names) <= set(rows.loc["formula", "hyperparameters"].split(","))
    for predictor, predicted in (("partial dependence", view.surrogate), ("formula", view.formula)):
        error = np.sqrt(np.mean((predicted - view.true) ** 2))
        assert error == pytest.approx(rows.loc[predictor, "rmse_true_dependence"])


def test_a_second_run_repeats_it(finished: Plan, tmp_path: Path) -> None:
    again = plan(tmp_path)
    execute([again])
    pd.testing.assert_frame_equal(
        rows_of(again).drop(columns=list(TIMINGS)), rows_of(finished).drop(columns=list(TIMINGS))
    )


def test_importance_is_part_of_the_identity_of_an_explained_run_alone(finished: Plan, tmp_path: Path) -> None:
    assert plan(tmp_path, "importance.n_points=64").key.id != finished.key.id
    fanova, optuna = (Plan.from_config(compose([f"importance={name}"])) for name in ("fanova", "optuna"))
    assert fanova.key.id == optuna.key.id


def test_a_strategy_without_a_surrogate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="set strategy=bo_gp"):
        plan(tmp_path, "strategy=random")


@pytest.mark.parametrize(
    "setting",
    ["n_draws=0", "n_points=0", "share=1.5", "at_most=0", "true_draws=-1"],
)
def test_settings_are_checked_before_any_work(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UserError, match=setting.partition("=")[0]):
        plan(tmp_path, f"explanation.{setting}")


def benchmark(folder: Path, name: str) -> Plan:
    cell = ("model=hpobench", f"model.target=hpobench_like.{name}", "dataset.name=bad_input")
    return plan(folder, cell=cell)


def test_equal_costs_are_told(tmp_path: Path) -> None:
    one = benchmark(tmp_path, "Flat")
    execute([one])
    rows = rows_of(one)
    failed = rows.dropna(subset=["predictor"])
    assert failed["status"].tolist() == ["failed"]
    assert "no hyperparameter explains any of the cost's variance" in failed["reason"].iloc[0]
    assert (rows[rows["predictor"].isna()]["status"] == "ok").any()


def test_what_is_no_outcome_of_the_data_is_raised_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_package(*_: object, **__: object) -> None:
        raise UserError("the package is not installed")

    monkeypatch.setattr("symhpo.importance.sobol.Sobol.from_predictor", no_package)
    with pytest.raises(UserError, match="not installed"):
        execute([plan(tmp_path)])
    assert not list((tmp_path / "store").glob("explanation_reports/**/reports.json"))


def test_infinite_and_missing_costs_are_left_out(tmp_path: Path) -> None:
    one = benchmark(tmp_path, "Crashing")
    execute([one])
    rows = rows_of(one).dropna(subset=["predictor"])
    assert (rows["status"] == "ok").all()
    assert rows["chosen"].str.contains("rate").all()
    assert np.isfinite(rows[["rmse", "rmse_dependence", "rmse_true_dependence"]]).all(axis=None)
