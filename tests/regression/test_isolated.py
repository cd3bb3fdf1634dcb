"""Fits in worker processes: fronts come back whole, what goes wrong stays alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from isolated_regressors import MeanRegressor

from symhpo.parallel import TaskResult
from symhpo.regression import TrainingSet
from symhpo.regression.isolated import fit_many
from symhpo.space import Hyperparameter, Space

SPACE = Space([Hyperparameter("C", "float", 0.0, 1.0, 0.5)])
TRAINING_SET = TrainingSet(SPACE, np.array([[0.1], [0.9]]), np.array([0.1, 0.5]), 2)


def fits(regressor: MeanRegressor, seeds: range, **options: float) -> list[TaskResult[dict[str, Any]]]:
    tasks = [(regressor, TRAINING_SET, seed) for seed in seeds]
    results = fit_many(tasks, workers=2, **options)
    return sorted(results, key=lambda result: result.index)


@pytest.mark.parametrize("workers", [0, 2])
def test_fronts_are_those_of_the_regressor(workers: int) -> None:
    tasks = [(MeanRegressor(), TRAINING_SET, seed) for seed in range(3)]
    for result in fit_many(tasks, workers=workers):
        assert result.failure is None
        assert result.value == MeanRegressor().fit(TRAINING_SET, seed=result.index).to_json()


def test_a_fit_that_hangs_in_compiled_code_ends_at_its_limit() -> None:
    results = fits(MeanRegressor(hangs_at=1), range(5), time_limit=12.0)
    assert [result.failure is None for result in results] == [True, False, True, True, True]
    failure = results[1].failure
    assert failure is not None
    assert (failure.status, failure.reason) == ("timeout", "not finished after 12 s")


def test_a_fit_that_kills_its_process_is_a_failure_of_its_own() -> None:
    results = fits(MeanRegressor(dies_at=0), range(4))
    assert [result.failure is None for result in results] == [False, True, True, True]
    failure = results[0].failure
    assert failure is not None
    assert failure.status == "crashed"
    assert "died" in failure.reason


def test_a_fit_that_raises_tells_why() -> None:
    results = fits(MeanRegressor(raises_at=2), range(3))
    failure = results[2].failure
    assert failure is not None
    assert (failure.status, failure.reason) == ("failed", "ValueError: no formula for this seed")
    assert "isolated_regressors" in failure.traceback


def test_cpu_seconds_include_what_a_fit_starts() -> None:
    results = fits(MeanRegressor(starts_a_process_at=0), range(1))
    # It burns a second, which the system counts in hundredths.
    assert results[0].cpu_seconds > 0.9
