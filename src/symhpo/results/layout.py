"""Names of the files and columns of a results folder; the package's docstring describes them."""

from __future__ import annotations

__all__ = [
    "CELL",
    "CELLS",
    "FRONTS",
    "LANDSCAPES",
    "MAIN_SIZE",
    "PAPER_PAIRS",
    "PREDICTIONS",
    "PROVENANCE",
    "RECORDS",
    "RUN",
    "RUNS",
    "TRAINING_SETS",
    "coordinates",
]

RECORDS = "records.parquet"
CELLS = "cells.json"
LANDSCAPES = "landscapes.parquet"
PREDICTIONS = "predictions.parquet"
TRAINING_SETS = "training_sets.parquet"
FRONTS = "fronts.parquet"
RUNS = "runs.parquet"
PROVENANCE = "provenance.json"

CELL = ("model", "dataset", "protocol", "hyperparameters")
"""The columns that name a cell."""

RUN = (*CELL, "run_id", "strategy", "seed", "n_samples")
"""The columns that name a training set."""

MAIN_SIZE = 140
"""The size that the paper's tables are about."""


PAPER_PAIRS = {
    "lr": "alpha,eta0",
    "svm": "C,gamma",
    "rf": "max_depth,max_features",
    "xgboost": "colsample_bytree,eta",
    "nn": "alpha,batch_size",
}
"""The hyperparameters that the paper tunes; a cell's label names others only."""


def coordinates(d: int) -> list[str]:
    """Return the columns of a configuration with `d` hyperparameters."""
    return [f"x{j + 1}" for j in range(d)]
