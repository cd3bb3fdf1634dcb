"""Whether smac_fast optimises as well as SMAC: the same cells and seeds under both, paired.

python experiments/bench_optimizers.py --output results/optimizers.json

`optimizer=smac` stands for stock SMAC: its trials are the same to the last bit, as experiments/bench.py and
tests/sampling/test_exact.py check.
The cells are real: models trained on data sets that are bundled with scikit-learn.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.config import make, objective_of
from symhpo.evaluation import scores
from symhpo.objectives import Landscape, LandscapeDesign, Objective, compute_landscape, evaluate_many
from symhpo.parallel import run_tasks
from symhpo.progress import progress
from symhpo.sampling import Optimizer, sample_bo
from symhpo.store import Journal, read_journal

CELLS = [
    *itertools.product(["svm"], ["breast_cancer", "wine", "digits"], ["hpobench", "holdout"]),
    *itertools.product(["lr"], ["breast_cancer", "wine"], ["hpobench", "holdout"]),
]
OPTIMIZERS = ("smac", "smac_fast")
SEEDS = (0, 3, 6, 9, 12)
LANDSCAPE = LandscapeDesign(points="grid", points_per_axis=10, seeds=(0, 3))
INCUMBENT_SEEDS = tuple(range(100, 110))


@dataclass(frozen=True)
class Task:
    """One run of an optimiser on a cell."""

    cell: str
    objective: Objective
    landscape: Landscape
    optimizer_name: str
    optimizer: Optimizer
    seed: int
    n_trials: int


@dataclass(frozen=True)
class Result:
    """How good a run was; every figure is the better the smaller it is.

    Attributes
    ----------
    incumbent : float
        Best cost that was observed.
    incumbent_true : float
        Mean cost of that configuration under fresh seeds.
    surrogate_rmse : float
        Of the final surrogate on the landscape.
    """

    cell: str
    optimizer: str
    seed: int
    incumbent: float
    incumbent_true: float
    surrogate_rmse: float


FIGURES = ("incumbent", "incumbent_true", "surrogate_rmse")


def run(task: Task) -> Result:
    """Run one optimiser on one cell."""
    with tempfile.TemporaryDirectory() as folder:
        samples = sample_bo(
            task.objective, task.optimizer, [task.n_trials], seed=task.seed, journal_dir=Path(folder)
        )
    trials = samples.trials(task.n_trials)
    best = int(np.nanargmin(trials.cost))
    incumbent = samples.space.to_configurations(trials.X[[best]])[0]
    again = evaluate_many(
        task.objective, [incumbent] * len(INCUMBENT_SEEDS), INCUMBENT_SEEDS, workers=0, what=task.cell
    )
    prediction, _ = samples.surrogate(task.n_trials).predict(task.landscape.X)
    return Result(
        task.cell,
        task.optimizer_name,
        task.seed,
        incumbent=float(trials.cost[best]),
        incumbent_true=float(np.mean([evaluation.cost for evaluation in again])),
        surrogate_rmse=scores(task.landscape.cost, prediction)["rmse"],
    )


def compare(results: list[Result], figure: str) -> dict[str, Any]:
    """Compare the optimisers in one figure, over pairs of the same cell and seed.

    The interval is of the mean difference (smac_fast less smac), from 10 000 bootstrap samples of cells;
    p is that of a one-sided Wilcoxon signed-rank test for smac_fast being worse.
    """
    from scipy.stats import wilcoxon

    values = {(r.cell, r.seed, r.optimizer): getattr(r, figure) for r in results}
    cells = sorted({r.cell for r in results})
    seeds = sorted({r.seed for r in results})
    table = np.array([[[values[c, s, o] for o in OPTIMIZERS] for s in seeds] for c in cells])
    differences = table[..., 1] - table[..., 0]
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(cells), size=(10_000, len(cells)))
    interval = np.percentile(differences.mean(axis=1)[drawn].mean(axis=1), [2.5, 97.5])
    worse = wilcoxon(differences.ravel(), alternative="greater", zero_method="zsplit")
    return {
        "pairs": differences.size,
        **{f"mean_{name}": float(table[..., i].mean()) for i, name in enumerate(OPTIMIZERS)},
        "mean_difference": float(differences.mean()),
        "interval_95": interval.tolist(),
        "better": int((differences < 0).sum()),
        "equal": int((differences == 0).sum()),
        "worse": int((differences > 0).sum()),
        "p_worse": float(worse.pvalue),
        "by_cell": dict(zip(cells, differences.mean(axis=1).tolist(), strict=True)),
    }


def tasks(n_trials: int, workers: int, folder: Path) -> list[Task]:
    """Return all runs, with the landscapes that they are scored on."""
    optimizers = {name: make(compose([f"optimizer={name}"]).optimizer) for name in OPTIMIZERS}
    all_tasks = []
    for model, dataset, protocol in CELLS:
        cell = f"{model}/{dataset}/{protocol}"
        objective = objective_of(compose([f"model={model}", f"dataset={dataset}", f"protocol={protocol}"]))
        landscape = compute_landscape(
            objective, LANDSCAPE, journal_dir=folder / cell, workers=workers, what=f"landscape {cell}"
        )
        all_tasks += [
            Task(cell, objective, landscape, name, optimizer, seed, n_trials)
            for seed in SEEDS
            for name, optimizer in optimizers.items()
        ]
    return all_tasks


def main() -> None:
    """Run what is missing, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="JSON file of the comparison")
    parser.add_argument("--trials", type=int, default=60, help="trials of each run")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--journal", type=Path, help="folder that keeps finished runs over an interruption")
    arguments = parser.parse_args()
    log_to_stderr()
    with tempfile.TemporaryDirectory() as temporary, user_errors():
        folder = arguments.journal or Path(temporary)
        results = [Result(**entry) for entry in read_journal(folder / "runs")]
        done = {(r.cell, r.optimizer, r.seed) for r in results}
        all_tasks = tasks(arguments.trials, arguments.workers, folder)
        missing = [t for t in all_tasks if (t.cell, t.optimizer_name, t.seed) not in done]
        outcomes = run_tasks(run, missing, workers=arguments.workers)
        with Journal(folder / "runs") as journal:
            for outcome in progress(outcomes, "runs", len(all_tasks), done=len(done)):
                results.append(outcome.unwrap())
                journal.append(asdict(results[-1]))
    comparison = {figure: compare(results, figure) for figure in FIGURES}
    settings = {"trials": arguments.trials, "cells": len(CELLS), "seeds": list(SEEDS)}
    runs = [asdict(r) for r in sorted(results, key=lambda r: (r.cell, r.seed, r.optimizer))]
    text = json.dumps({"settings": settings, "comparison": comparison, "runs": runs}, indent=1)
    arguments.output.write_text(text + "\n", encoding="utf-8")
    for figure, values in comparison.items():
        print(
            f"{figure}: smac {values['mean_smac']:.5f}, smac_fast {values['mean_smac_fast']:.5f}, "
            f"difference {values['mean_difference']:+.5f} "
            f"[{values['interval_95'][0]:+.5f}, {values['interval_95'][1]:+.5f}], "
            f"better/equal/worse {values['better']}/{values['equal']}/{values['worse']}, "
            f"p(worse) {values['p_worse']:.3f}"
        )


if __name__ == "__main__":
    main()
