"""Comparison bit for bit: what differs is named, timings do not count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from symhpo.results import Results, compare
from symhpo.store import records_frame


def rows(**changes: object) -> pd.DataFrame:
    common = {"experiment": "cells", "n_samples": 20, "regressor": "operon", "status": "ok", "cpu_fit": 1.0}
    first = {"run_id": "a", "regressor_seed": 0, "rmse": 0.1, "formula": "C"}
    second = {"run_id": "a", "regressor_seed": None, "rmse": np.nan, "formula": None}
    return records_frame([common | first | changes, common | second])


def test_equal_rows_in_another_order():
    assert compare(rows(), rows().iloc[::-1]).empty


def test_timings_and_the_experiments_name_do_not_count():
    assert compare(rows(cpu_fit=7.0, experiment="again"), rows()).empty


def test_columns_that_one_side_lacks_do_not_count():
    assert compare(rows(), rows().drop(columns=["front", "latex"])).empty


@pytest.mark.parametrize(
    ("change", "old"),
    [
        ({"rmse": np.nextafter(0.1, 1)}, 0.1),
        ({"formula": "C + 1"}, "C"),
        ({"rmse": None}, 0.1),
        ({"status": "timeout"}, "ok"),
    ],
)
def test_a_changed_value_is_named(change: dict[str, object], old: object):
    differences = compare(rows(**change), rows())
    [[column, value]] = change.items()
    assert len(differences) == 1
    difference = differences.iloc[0]
    assert (difference["run_id"], difference["regressor_seed"], difference["column"]) == ("a", 0, column)
    assert difference["committed"] == old
    assert difference["computed"] == value or (value is None and pd.isna(difference["computed"]))


def test_rows_that_one_side_lacks():
    differences = compare(rows().iloc[:1], rows().iloc[1:])
    assert set(differences["column"]) == {"record"}
    assert sorted(zip(differences["computed"], differences["committed"], strict=True)) == [
        ("missing", "there"),
        ("there", "missing"),
    ]


def test_a_record_twice():
    with pytest.raises(ValueError, match="is there twice"):
        compare(pd.concat([rows(), rows()]), rows())


def test_a_whole_study_equals_itself(results: Results):
    assert compare(results.records, results.records.sample(frac=1, random_state=0)).empty
