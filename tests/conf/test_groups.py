"""Every configuration composes, and every one that describes an object gives it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from symhpo.cli import CONF, compose, study_glob
from symhpo.config import group_config, make, objective_of, plain

OBJECT_GROUPS = (
    "dataset",
    "landscape",
    "model",
    "optimizer",
    "protocol",
    "regressor",
    "selection",
    "strategy",
)
NEEDS_OVERRIDES = {
    "model/hpobench": ["model.target=benchmarks.Toy"],
    "dataset/none": ["model=hpobench", "model.target=benchmarks.Toy"],
}


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in OBJECT_GROUPS for name in choices(group)]
)
def test_every_choice_composes_and_gives_its_object(group: str, name: str) -> None:
    config = compose([f"{group}={name}", *NEEDS_OVERRIDES.get(f"{group}/{name}", [])])
    part = config[group]
    if "_target_" not in part:
        assert (group, name) == ("dataset", "none")
        return
    made = make(part)
    assert getattr(made, "name", name) == part.get("name", getattr(made, "name", name))


@pytest.mark.parametrize("name", choices("experiment"))
def test_every_experiment_opens_with_its_command_and_composes(name: str) -> None:
    text = (CONF / "experiment" / f"{name}.yaml").read_text()
    head = text.split("\n\n")[0]
    assert f"experiment={name}" in head or f"make {name}" in head
    assert compose([f"experiment={name}"]).name == name


def test_experiments_win_over_the_defaults() -> None:
    config = compose(["experiment=parsimony"])
    assert config.regressor.name == "gplearn"
    assert list(config.sizes) == [200]


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda p: str(p.relative_to(CONF)))
def test_every_field_is_commented_where_it_is_defined(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("#") or lines[0].startswith("_target_"), "a first line that says what it is"


def test_the_papers_setting_is_the_default_of_its_experiments() -> None:
    for name in ("faithfulness", "parsimony"):
        config = compose([f"experiment={name}"])
        assert plain(config.regressor)["population_size"] == 5000
        assert plain(config.regressor)["generations"] == 20
        assert config.optimizer.name == "smac"
        assert config.time_limit == 900
        assert config.protocol.name == "hpobench"
    config = compose(["experiment=faithfulness"])
    assert list(config.sizes) == list(range(20, 201, 20))
    assert list(config.regressor_seeds) == [0, 3, 6]
    assert config.regressor.parsimony_coefficient == 1e-4


def test_glob_means_the_study() -> None:
    assert study_glob("seed=0") == "seed=0"
    assert "hpobench" in study_glob("model=glob(*)")
    excluded = set(study_glob("dataset=glob(*)").partition("[")[2].rstrip("])").split(","))
    assert len(set(choices("dataset")) - excluded) == 8


def test_glob_means_the_study_after_a_data_set_was_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = study_glob("dataset=glob(*)")
    assert before.startswith("dataset=glob(*,exclude=[breast_cancer,digits,iris,wine,none"), "sweeps' names"
    shutil.copytree(CONF / "dataset", tmp_path / "dataset")
    (tmp_path / "dataset" / "zoo.yaml").touch()
    monkeypatch.setattr("symhpo.cli.CONF", tmp_path)
    assert study_glob("dataset=glob(*)") == before.replace("])", ",zoo])")


@pytest.mark.parametrize("name", choices("model"))
def test_every_model_evaluates_a_configuration(name: str) -> None:
    further = NEEDS_OVERRIDES.get(f"model/{name}", ["dataset=iris"])
    objective = objective_of(compose([f"model={name}", *further]))
    objective.prepare()
    configuration = objective.space.to_configurations(objective.space.sample(1, np.random.default_rng(0)))[0]
    assert np.isfinite(objective(configuration, 0).cost)


def test_hyperparameters_are_those_of_the_protocol() -> None:
    expected = {
        "lr": {"alpha", "eta0"},
        "svm": {"C", "gamma"},
        "rf": {"max_depth", "max_features"},
        "xgboost": {"colsample_bytree", "eta"},
        "nn": {"alpha", "batch_size"},
    }
    for model, names in expected.items():
        assert set(objective_of(compose([f"model={model}"])).space.names) == names


def test_group_config_reads_one_file() -> None:
    assert OmegaConf.is_config(group_config("strategy", "bo"))
