"""SMAC's runs: which are needed, that they repeat, resume, and bear failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.sampling import BoSamples, SmacRun, bo_runs, sample_bo
from symhpo.seeds import seed as named_seed

PAPER_SIZES = range(20, 201, 20)


def test_runs_of_the_paper() -> None:
    assert bo_runs(PAPER_SIZES, 2) == [
        SmacRun(20, (20,)),
        SmacRun(40, (40,)),
        SmacRun(60, (60,)),
        SmacRun(200, tuple(range(80, 201, 20))),
    ]


def test_runs_follow_the_dimension() -> None:
    assert [run.n_trials for run in bo_runs(PAPER_SIZES, 1)] == [20, 200]
    assert [run.n_trials for run in bo_runs(PAPER_SIZES, 5)] == [20, 40, 60, 80, 100, 120, 140, 200]


@given(st.sets(st.integers(2, 400), min_size=1), st.integers(1, 10))
def test_every_size_has_one_run_with_its_own_design(sizes: set[int], n_hyperparameters: int) -> None:
    runs = bo_runs(sizes, n_hyperparameters)
    assert sorted(size for run in runs for size in run.sizes) == sorted(sizes)
    designs = [{max(1, min(8 * n_hyperparameters, size // 4)) for size in run.sizes} for run in runs]
    assert all(len(design) == 1 for design in designs)
    assert len(set.union(*designs)) == len(runs)
    assert [run.n_trials for run in runs] == [max(run.sizes) for run in runs]


@pytest.mark.parametrize("sizes", [[], [1, 20]])
def test_sizes_that_cannot_be(sizes: list[int]) -> None:
    with pytest.raises(UserError, match="set sizes"):
        bo_runs(sizes, 2)


def _contents(folder: Path) -> dict[str, bytes]:
    """Return all files but the index, which has timings."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".json"}


def test_runs_repeat_whatever_the_hash_seed_and_after_a_kill(
    optimizer_name: str, analytic: Any, run_python: Callable[..., Any], tmp_path: Path
) -> None:
    def run(name: str, *options: str | Path, hash_seed: str) -> Any:
        return run_python(
            analytic.__file__,
            optimizer_name,
            tmp_path / f"{name}_journal",
            tmp_path / name,
            *options,
            hash_seed=hash_seed,
        )

    log = tmp_path / "log.jsonl"
    assert run("undisturbed", hash_seed="0").returncode == 0
    assert run("resumed", "--log", log, "--dies-at", "9", hash_seed="1").returncode == -9
    assert not (tmp_path / "resumed").exists()
    assert run("resumed", "--log", log, hash_seed="random").returncode == 0

    assert _contents(tmp_path / "resumed") == _contents(tmp_path / "undisturbed")
    calls = log.read_text().splitlines()
    assert len(calls) == len(set(calls))


@pytest.fixture(scope="module")
def samples(analytic: Any, tmp_path_factory: pytest.TempPathFactory) -> BoSamples:
    journal = tmp_path_factory.mktemp("journal")
    optimizer = analytic.OPTIMIZERS["smac_fast"]
    return sample_bo(analytic.Analytic(), optimizer, [8, 14, 15], seed=3, journal_dir=journal)


def test_costs_and_seeds_are_those_of_the_configurations(samples: BoSamples, analytic: Any) -> None:
    trials = samples.trials(15)
    configurations = samples.space.to_configurations(trials.X)
    assert trials.cost.tolist() == [analytic.cost_of(samples.space, c) for c in configurations]
    assert trials.seeds.tolist() == [named_seed(3, "bo", i) for i in range(15)]


def test_a_smaller_size_of_the_same_run_is_a_prefix(samples: BoSamples) -> None:
    assert len(samples.trials(14)) == 14
    assert np.array_equal(samples.trials(14).X, samples.trials(15).X[:14])
    assert not np.array_equal(samples.trials(8).X, samples.trials(15).X[:8])


def test_the_surrogate_has_seen_all_trials_but_the_last(samples: BoSamples) -> None:
    for size in (8, 14, 15):
        surrogate, trials = samples.surrogate(size), samples.trials(size)
        seen = samples.space.from_unit(surrogate.inputs)
        np.testing.assert_allclose(seen, trials.X[: size - 1], rtol=1e-9)
        np.testing.assert_allclose(
            surrogate.targets * surrogate.cost_std + surrogate.cost_mean, trials.cost[: size - 1], rtol=1e-12
        )


def test_samples_are_read_as_written(samples: BoSamples, tmp_path: Path) -> None:
    samples.save(tmp_path)
    loaded = BoSamples.load(tmp_path, samples.space, samples.seed)
    X = samples.space.grid(3)
    for size in (8, 14, 15):
        assert np.array_equal(loaded.trials(size).cost, samples.trials(size).cost)
        assert np.array_equal(loaded.surrogate(size).predict(X), samples.surrogate(size).predict(X))
    with pytest.raises(UserError, match="size 9"):
        loaded.trials(9)


def test_designs_share_their_evaluations_and_smac_leaves_no_files(analytic: Any, tmp_path: Path) -> None:
    objective = analytic.Analytic(log=tmp_path / "log.jsonl")
    journal = tmp_path / "journal"
    sample_bo(objective, analytic.OPTIMIZERS["smac_fast"], [4, 8], seed=0, journal_dir=journal)
    # Designs of one and of two configurations begin with the same one.
    assert objective.calls == 4 + 8 - 1
    assert {path.suffix for path in journal.iterdir()} == {".jsonl"}


def test_a_torn_last_line_is_evaluated_again(analytic: Any, tmp_path: Path) -> None:
    def sample(calls: int) -> list[float]:
        objective = analytic.Analytic()
        samples = sample_bo(objective, analytic.OPTIMIZERS["smac_fast"], [6], seed=0, journal_dir=tmp_path)
        assert objective.calls == calls
        return list(samples.trials(6).cost)

    first = sample(calls=6)
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    assert sample(calls=1) == first


def test_a_failed_evaluation_is_a_trial_with_its_reason(
    optimizer_name: str, analytic: Any, tmp_path: Path
) -> None:
    objective = analytic.Analytic(fails_at=(1, 5))
    optimizer = analytic.OPTIMIZERS[optimizer_name]
    trials = sample_bo(objective, optimizer, [8], seed=0, journal_dir=tmp_path).trials(8)
    assert trials.n_failed == 2
    assert np.isnan(trials.cost[[0, 4]]).all()
    assert trials.reasons == ("ArithmeticError: call 1", "", "", "", "ArithmeticError: call 5", "", "", "")
    again = analytic.Analytic()
    sample_bo(again, optimizer, [8], seed=0, journal_dir=tmp_path)
    assert again.calls == 0


def test_a_space_with_too_few_configurations_is_the_users_error(
    optimizer_name: str, analytic: Any, tmp_path: Path
) -> None:
    objective = analytic.Analytic("tiny")
    with pytest.raises(UserError, match="set sizes to 5 or less"):
        sample_bo(objective, analytic.OPTIMIZERS[optimizer_name], [8], seed=0, journal_dir=tmp_path)


@pytest.mark.parametrize("space", ["one", "integer", "categorical", "conditional"])
def test_smac_fast_optimises_every_kind_of_space(space: str, analytic: Any, tmp_path: Path) -> None:
    objective = analytic.Analytic(space)
    samples = sample_bo(objective, analytic.OPTIMIZERS["smac_fast"], [16], seed=1, journal_dir=tmp_path)
    trials = samples.trials(16)
    assert len({json.dumps(c) for c in samples.space.to_configurations(trials.X)}) == 16
    # Better than the initial design, which is random.
    assert trials.cost[4:].min() < trials.cost[:4].min()
