"""Evaluations as data: what a table holds is not evaluated, and is the same to the last bit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from symhpo.errors import UserError
from symhpo.objectives import Evaluation, EvaluationTable, Measured, evaluate_many
from symhpo.space import Condition, Configuration, Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter.categorical("kind", ("a", "b"), default="a"),
        Hyperparameter(
            "rate", "float", 1e-5, 1.0, default=0.1, log=True, condition=Condition("kind", ("a",))
        ),
        Hyperparameter("width", "int", 1, 64, default=8, log=True),
    ]
)
CONFIGURATIONS: list[Configuration] = [
    {"kind": "a", "rate": 0.1 + 0.2, "width": 3},
    {"kind": "b", "width": 64},
]
SEEDS = [4, 2**32 - 1]
VALUES = [Evaluation(1 / 3, None, 0.25), Evaluation(2 / 3, 0.1, 0.5)]


@dataclass
class NotToBeHad:
    """An objective whose data are not there."""

    identity: dict[str, Any] = field(default_factory=lambda: {"name": "gone"})
    provenance: dict[str, Any] = field(default_factory=dict)
    space: Space = SPACE

    def prepare(self) -> None:
        raise UserError("the data are not there")

    def __call__(self, configuration: Configuration, seed: int) -> Evaluation:
        raise AssertionError(f"{configuration} evaluated under {seed}")


def table_in(folder: Path) -> EvaluationTable:
    rows = [
        Measured("random", 0, c, seed, value)
        for c, seed, value in zip(CONFIGURATIONS, SEEDS, VALUES, strict=True)
    ]
    EvaluationTable(folder).write("cell", NotToBeHad(), rows, {"code": "mine"})
    return EvaluationTable(folder)


def test_what_is_written_is_found_to_the_last_bit(tmp_path: Path) -> None:
    table = table_in(tmp_path)
    found = [table.find(NotToBeHad(), c, seed) for c, seed in zip(CONFIGURATIONS, SEEDS, strict=True)]
    assert found == VALUES


def test_a_point_that_another_processor_rounds_otherwise_is_found(tmp_path: Path) -> None:
    near = {"kind": "a", "rate": math.nextafter(0.1 + 0.2, 1), "width": 3}
    assert table_in(tmp_path).find(NotToBeHad(), near, SEEDS[0]) == VALUES[0]


@pytest.mark.parametrize(
    ("objective", "configuration", "seed"),
    [
        (NotToBeHad({"name": "other"}), CONFIGURATIONS[1], SEEDS[1]),
        (NotToBeHad(), {"kind": "b", "width": 63}, SEEDS[1]),
        (NotToBeHad(), {"kind": "a", "rate": 0.3 * (1 + 1e-8), "width": 3}, SEEDS[0]),
        (NotToBeHad(), CONFIGURATIONS[1], SEEDS[0]),
    ],
    ids=["objective", "whole number", "number", "seed"],
)
def test_nothing_else_is_found(
    tmp_path: Path, objective: NotToBeHad, configuration: Configuration, seed: int
) -> None:
    assert table_in(tmp_path).find(objective, configuration, seed) is None


def test_no_data_are_loaded_where_the_table_has_all(tmp_path: Path) -> None:
    table = table_in(tmp_path)
    assert evaluate_many(NotToBeHad(), CONFIGURATIONS, SEEDS, workers=0, table=table) == VALUES


def test_data_that_are_not_there_are_an_error_where_it_lacks_some(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not there"):
        evaluate_many(NotToBeHad(), CONFIGURATIONS, [5, 6], workers=0, table=table_in(tmp_path))


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "none"):
        assert EvaluationTable(folder).find(NotToBeHad(), CONFIGURATIONS[0], SEEDS[0]) is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cell.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match=r"cell\.parquet is not a table"):
        EvaluationTable(tmp_path).find(NotToBeHad(), CONFIGURATIONS[0], SEEDS[0])
