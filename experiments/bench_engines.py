"""Regression engines side by side: accuracy at a given size, and time.

python experiments/bench_engines.py [DIR] [--quick] --output results/engines.parquet

DIR has landscapes as tables: NAME.json with the hyperparameters, NAME_train.csv with random points,
NAME_bo80.csv with points of a Bayesian optimisation, NAME_test.csv with the points to score on; the
column `loss` is the cost. Without DIR, landscapes on bundled data are computed first (some minutes).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.config import make, objective_of
from symhpo.errors import UserError
from symhpo.objectives import LandscapeDesign, compute_landscape
from symhpo.parallel import prepare_process
from symhpo.progress import progress
from symhpo.regression.base import Regressor, Selection
from symhpo.regression.baselines import BASELINES
from symhpo.regression.benchmark import (
    N_POINTS,
    TRAINING_KINDS,
    Row,
    TableLandscape,
    measure,
    measure_gaussian_process,
    read_landscapes,
    summary,
    training_set,
)
from symhpo.sampling import sample_bo, sample_random

CELLS = (("svm", "breast_cancer"), ("svm", "wine"), ("lr", "breast_cancer"), ("lr", "wine"))


def main() -> None:
    """Measure all engines, write every row and print the medians."""
    arguments = _arguments()
    prepare_process()
    if arguments.folder is not None:
        landscapes = read_landscapes(arguments.folder)
    else:
        landscapes = list(progress(map(_bundled, CELLS), "landscapes", len(CELLS)))
    names = ["operon"] if arguments.quick else ["operon", "gplearn"]
    engines = [make(compose([f"regressor={name}"]).regressor) for name in names]
    engines += BASELINES.values()
    selection: Selection = make(compose([]).selection)
    total = len(landscapes) * len(TRAINING_KINDS) * (len(engines) + 1)
    rows = list(progress(_rows(landscapes, engines, selection), "fits", total))
    _write(rows, arguments.output)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Regression engines on landscapes: accuracy, size, time.")
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="landscapes as tables")
    parser.add_argument("--quick", action="store_true", help="without gplearn, which takes most of the time")
    parser.add_argument("--output", type=Path, required=True, help="Parquet file of all rows")
    arguments = parser.parse_args()
    if arguments.output.suffix != ".parquet":
        raise UserError(f"--output {arguments.output} is no Parquet file; let its name end in .parquet")
    return arguments


def _rows(landscapes: list[TableLandscape], engines: list[Regressor], selection: Selection) -> Iterator[Row]:
    _warm_up(landscapes[0], engines, selection)
    for landscape in landscapes:
        for kind in TRAINING_KINDS:
            started = time.process_time()
            training, process = training_set(landscape, kind)
            yield measure_gaussian_process(landscape, kind, process, time.process_time() - started)
            for engine in engines:
                yield measure(landscape, kind, training, engine, selection)


def _warm_up(landscape: TableLandscape, engines: list[Regressor], selection: Selection) -> None:
    """Import what the engines need, so that no fit's time has it."""
    training, _ = training_set(landscape, TRAINING_KINDS[0])
    for engine in engines:
        if engine.name != "gplearn":
            measure(landscape, TRAINING_KINDS[0], training, engine, selection)


def _bundled(cell: tuple[str, str]) -> TableLandscape:
    """Compute a landscape on data that needs no download."""
    model, dataset = cell
    config = compose([f"model={model}", f"dataset={dataset}", "protocol=hpobench"])
    objective = objective_of(config)
    what = f"{model}/{dataset}"
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder)
        random = sample_random(
            objective, N_POINTS, seed=0, workers=0, journal_dir=journal / "random", what=what
        ).trials(N_POINTS)
        bo = sample_bo(
            objective, make(config.optimizer), [N_POINTS], seed=0, journal_dir=journal / "bo", what=what
        ).trials(N_POINTS)
        design = LandscapeDesign(points="grid", seeds=(0, 3))
        landscape = compute_landscape(objective, design, workers=0, journal_dir=journal / "grid")
    return TableLandscape(
        what.replace("/", "_"),
        objective.space,
        (random.X, random.cost),
        (bo.X, bo.cost),
        landscape.X,
        landscape.cost,
    )


def _write(rows: list[Row], output: Path) -> None:
    import pandas as pd

    output.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([asdict(row) for row in rows]).to_parquet(output, index=False)
    with pd.option_context("display.width", 200, "display.max_columns", None):
        sys.stdout.write(summary(rows).to_string(index=False, float_format=lambda x: f"{x:.3g}") + "\n")


if __name__ == "__main__":
    log_to_stderr()
    with user_errors():
        main()
