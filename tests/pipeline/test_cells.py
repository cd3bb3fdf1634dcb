"""A run that starts from evaluations equals the run from nothing, to the last bit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from omegaconf import DictConfig

from symhpo.cli import compose
from symhpo.config import group_config
from symhpo.objectives.protocols import Protocol
from symhpo.pipeline import Plan, execute
from symhpo.pipeline.cells import evaluate_cell
from symhpo.store import TIMINGS

SMALL = ["dataset=wine", "landscape.points_per_axis=2", "landscape.seeds=[0]", "budget=6", "sizes=[6]"]
SMALL += [
    "strategy=random",
    "regressor=quadratic",
    "regressor_seeds=[0]",
    "baselines=[constant]",
    "workers=0",
]


def config(model: str, work: Path, evaluations: Path | None) -> DictConfig:
    paths = [f"paths.{name}={work / name}" for name in ("outputs", "store")]
    table = f"paths.evaluations={'null' if evaluations is None else evaluations}"
    return compose([*SMALL, f"model={model}", *paths, table])


def records(settings: DictConfig) -> pd.DataFrame:
    plan = Plan.from_config(settings)
    execute([plan])
    return pd.read_parquet(plan.folder / "records.parquet").drop(columns=list(TIMINGS))


@pytest.mark.parametrize("model", ["lr", "svm", "rf", "xgboost", "nn"])
def test_a_run_from_evaluations_equals_the_run_from_nothing(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "evaluations"
    from_nothing = records(config(model, tmp_path / "nothing", None))
    evaluate_cell(config(model, tmp_path / "cell", table), [0], tmp_path / "journals", workers=0)

    def refuse(*_: object) -> None:
        raise AssertionError("evaluated, though the table has it")

    monkeypatch.setattr(Protocol, "evaluate", refuse)
    pd.testing.assert_frame_equal(records(config(model, tmp_path / "table", table)), from_nothing)


def test_the_trials_of_the_optimiser_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bo(work: Path, evaluations: Path | None) -> DictConfig:
        settings = config("svm", tmp_path / work, evaluations)
        settings.strategy = group_config("strategy", "bo")
        return settings

    table = tmp_path / "evaluations"
    from_nothing = records(bo(Path("nothing"), None))
    evaluate_cell(bo(Path("cell"), table), [0], tmp_path / "journals", workers=0, optimize=True)
    monkeypatch.delattr(Protocol, "evaluate")
    pd.testing.assert_frame_equal(records(bo(Path("table"), table)), from_nothing)


def test_a_cell_that_is_whole_is_left_alone(tmp_path: Path) -> None:
    settings = config("svm", tmp_path, tmp_path / "evaluations")
    evaluate_cell(settings, [0], tmp_path / "journals", workers=0)
    (table,) = (tmp_path / "evaluations").iterdir()
    before = table.stat().st_mtime_ns
    evaluate_cell(settings, [0], tmp_path / "journals", workers=0)
    assert table.stat().st_mtime_ns == before
