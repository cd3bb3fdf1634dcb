"""Search spaces in ConfigSpace's files are those that ConfigSpace itself reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ConfigSpace
import pytest

from symhpo.errors import UserError
from symhpo.readers.configspace_json import read_space
from symhpo.space import Condition, Space


def test_a_file_that_configspace_wrote(tmp_path: Path) -> None:
    theirs = ConfigSpace.ConfigurationSpace(seed=0)
    rate = ConfigSpace.UniformFloatHyperparameter("rate", 1e-5, 1.0, default_value=0.1, log=True)
    layers = ConfigSpace.UniformIntegerHyperparameter("layers", 1, 4, default_value=2)
    units = ConfigSpace.UniformIntegerHyperparameter("units", 8, 256, default_value=8, log=True)
    kind = ConfigSpace.CategoricalHyperparameter("kind", ["a", "b", "c"], default_value="b")
    momentum = ConfigSpace.UniformFloatHyperparameter("momentum", 0, 1, default_value=0.5)
    theirs.add(rate, layers, units, kind, momentum)
    theirs.add(ConfigSpace.InCondition(momentum, kind, ["a", "c"]))
    theirs.to_json(tmp_path / "space.json")
    assert read_space(tmp_path / "space.json").space == Space.from_configspace(theirs)


def one(tmp_path: Path, item: dict[str, Any], **more: Any) -> Any:
    path = tmp_path / "space.json"
    layers = {"type": "uniform_int", "name": "layers", "lower": 1, "upper": 3, "default": 1, "log": False}
    path.write_text(json.dumps({"hyperparameters": [layers, item], **more}))
    return read_space(path)


def test_a_threshold_on_an_integer(tmp_path: Path) -> None:
    item = {"type": "uniform_int", "name": "units", "lower": 8, "upper": 64, "default": 8, "log": True}
    condition = {"type": "GT", "child": "units", "parent": "layers", "value": 1}
    declared = one(tmp_path, item, conditions=[condition], json_format_version=0.2)
    assert declared.space["units"].condition == Condition("layers", (2, 3))


def test_what_cannot_vary_is_a_constant(tmp_path: Path) -> None:
    declared = one(tmp_path, {"type": "constant", "name": "seed", "value": 3})
    assert declared.constants == ("seed",)
    assert declared.space.names == ("layers",)


def test_what_cannot_be_expressed_is_said(tmp_path: Path) -> None:
    item = {"type": "ordinal", "name": "size", "sequence": ["s", "m", "l"], "default_value": "m"}
    declared = one(tmp_path, item, forbiddens=[{"name": "size", "type": "EQUALS", "value": "l"}])
    assert declared.space["size"].choices == ("s", "m", "l")
    assert "forbids" in declared.notes[0]


@pytest.mark.parametrize("text", ["[]", '{"hyperparameters": [{"name": "x"}]}', "{"])
def test_other_files_are_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text(text)
    with pytest.raises(UserError, match=r"space\.json") as error:
        read_space(tmp_path / "space.json")
    assert "\n" not in str(error.value)
