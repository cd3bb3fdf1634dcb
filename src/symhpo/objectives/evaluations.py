"""Evaluations as data: tables of what has been measured, from which every run can start.

A folder has one Parquet file for each cell. A row is an evaluation: ``purpose`` (landscape, random or bo),
``run_seed`` (of the run that it was made for; null for a landscape), one column a hyperparameter
(``hyperparameter.<name>``, true units), ``seed``, ``cost``, ``test_cost`` and ``cpu_seconds``. The file's
metadata hold the objective's identity and the provenance as JSON. An evaluation is found by identity,
configuration and seed, whatever it was made for; configurations are compared to ten digits, since the same
point of a grid or of a sample differs in the last one between processors.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation, Objective
from symhpo.space import Configuration, Space
from symhpo.store.artifacts import canonical_json
from symhpo.store.files import clear_disk_errors, write_whole

__all__ = ["EvaluationTable", "Measured"]

DIGITS = 10
PREFIX = "hyperparameter."
IDENTITY, PROVENANCE = b"symhpo.objective", b"symhpo.provenance"


@dataclass(frozen=True)
class Measured:
    """One evaluation and what it was made for."""

    purpose: str
    run_seed: int | None
    configuration: Configuration
    seed: int
    evaluation: Evaluation


class EvaluationTable:
    """The evaluations in a folder.

    Parameters
    ----------
    folder : Path, optional
        None, or a folder that does not exist, holds nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._known: dict[str, dict[str, Evaluation]] = {}

    def find(self, objective: Objective, configuration: Configuration, seed: int) -> Evaluation | None:
        """Return an evaluation; None where there is none."""
        if not self._files:
            return None
        identity = canonical_json(objective.identity)
        if identity not in self._known:
            file = self._files.get(identity)
            self._known[identity] = {} if file is None else _read(file, objective.space)
        return self._known[identity].get(_key(configuration, seed))

    def write(
        self, name: str, objective: Objective, rows: Sequence[Measured], provenance: dict[str, Any]
    ) -> None:
        """Write the file of a cell, replacing what it had; nothing of the data set is loaded.

        Parameters
        ----------
        name : str
            The file's name without its ending.
        objective : Objective
        rows : sequence of Measured
        provenance : dict
            Plain JSON data.
        """
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self.folder is None:
            raise UserError("there is no folder of evaluations; set paths.evaluations")
        space = objective.space
        X = space.to_array([row.configuration for row in rows])
        frame = pd.DataFrame(
            {
                "purpose": [row.purpose for row in rows],
                "run_seed": pd.array([row.run_seed for row in rows], dtype="Int64"),
                **{PREFIX + name: X[:, j] for j, name in enumerate(space.names)},
                "seed": np.array([row.seed for row in rows], dtype=np.int64),
                "cost": [row.evaluation.cost for row in rows],
                "test_cost": pd.array([row.evaluation.test_cost for row in rows], dtype="Float64"),
                "cpu_seconds": [row.evaluation.cpu_seconds for row in rows],
            }
        )
        metadata = {
            IDENTITY: canonical_json(objective.identity),
            PROVENANCE: json.dumps(provenance, sort_keys=True),
        }
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(metadata)
        with clear_disk_errors(self.folder), write_whole(self.folder / f"{name}.parquet") as aside:
            pq.write_table(table, aside, compression="zstd")

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The files by the identity of their objective."""
        import pyarrow.parquet as pq

        files = {}
        for path in [] if self.folder is None else sorted(self.folder.glob("*.parquet")):
            try:
                metadata = pq.read_schema(path).metadata or {}
            except (OSError, ValueError) as error:
                raise UserError(f"{path} is not a table of evaluations; remove it") from error
            if IDENTITY not in metadata:
                raise UserError(f"{path} is not a table of evaluations; remove it")
            files[metadata[IDENTITY].decode()] = path
        return files


def _key(configuration: Configuration, seed: int) -> str:
    rounded = {n: float(f"{v:.{DIGITS}g}") if isinstance(v, float) else v for n, v in configuration.items()}
    return json.dumps([rounded, seed], sort_keys=True)


def _read(path: Path, space: Space) -> dict[str, Evaluation]:
    import pyarrow.parquet as pq

    columns = pq.read_table(path).to_pydict()
    X = np.column_stack([np.array(columns[PREFIX + name], dtype=np.float64) for name in space.names])
    numbers = (columns[name] for name in ("seed", "cost", "test_cost", "cpu_seconds"))
    return {
        _key(configuration, seed): Evaluation(cost, test_cost, cpu_seconds)
        for configuration, seed, cost, test_cost, cpu_seconds in zip(
            space.to_configurations(X), *numbers, strict=True
        )
    }
