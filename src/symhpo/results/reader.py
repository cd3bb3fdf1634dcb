"""Reading a results folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.plots.methods import is_baseline, methods
from symhpo.results.layout import (
    CELL,
    CELLS,
    FRONTS,
    LANDSCAPES,
    MAIN_SIZE,
    PAPER_PAIRS,
    PREDICTIONS,
    PROVENANCE,
    RECORDS,
    RUNS,
    TRAINING_SETS,
    coordinates,
)
from symhpo.space import Space
from symhpo.statistics import noise_floor
from symhpo.store.files import read_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CellLandscape", "MissingResultsError", "Results"]

Array = NDArray[np.float64]


class MissingResultsError(UserError):
    """These results do not hold what an analysis needs."""


@dataclass(frozen=True)
class CellLandscape:
    """The true landscape of a cell.

    Attributes
    ----------
    X : array of shape (m, d)
        Configurations in true units.
    cost, std : array of shape (m,)
        Mean and sample standard deviation over the repeats.
    repeats : array of shape (m,)
    """

    X: Array
    cost: Array
    std: Array
    repeats: NDArray[np.int64]

    @property
    def noise_floor(self) -> float:
        """Pooled standard error of the points."""
        return noise_floor(self.std, self.repeats)

    @property
    def spread(self) -> float:
        """Standard deviation of the cost over the points."""
        return float(np.nanstd(self.cost))

    @property
    def noise_ratio(self) -> float:
        """Standard error of the points / spread; NaN for a flat landscape."""
        return self.noise_floor / self.spread if self.spread > 0 else np.nan


@dataclass(frozen=True)
class Results:
    """A study's results.

    Attributes
    ----------
    folder : Path
    records : DataFrame
        All records, with three columns more: ``cell`` (a label), ``method`` (see `plots.methods`) and
        ``engine`` (the regressor whose run the record belongs to; the baselines of a run carry
        the same).
    """

    folder: Path
    records: pd.DataFrame

    @classmethod
    def open(cls, folder: Path) -> Results:
        """Open a results folder.

        Raises
        ------
        UserError
            If it has no records.
        """
        import pandas as pd

        if not (folder / RECORDS).is_file():
            raise UserError(
                f"{folder} holds no {RECORDS}; give a folder that experiments/export.py wrote, "
                "such as RESULTS=results/study"
            )
        records = pd.read_parquet(folder / RECORDS)
        labelled = records.assign(
            cell=cell_labels(records),
            method=methods(records),
            engine=_engines(records),
        )
        return cls(folder, labelled)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """How the results were made."""
        content: dict[str, Any] | None = read_json(self.folder / PROVENANCE)
        return content or {}

    @cached_property
    def runs(self) -> pd.DataFrame:
        """How each run was made, by its id."""
        import pandas as pd

        if not (self.folder / RUNS).is_file():
            raise MissingResultsError(f"{self.folder} has no {RUNS}")
        return pd.read_parquet(self.folder / RUNS).set_index("run_id")

    @cached_property
    def size(self) -> int:
        """The main size: the paper's tables are about it, and details are kept for it."""
        sizes = self.main_study()["n_samples"].dropna()
        recorded = int(self.provenance.get("size", MAIN_SIZE))
        return recorded if recorded in set(sizes) else int(sizes.max())

    @cached_property
    def spaces(self) -> dict[str, Space]:
        """Search space of each cell."""
        content = read_json(self.folder / CELLS)
        if content is None:
            raise MissingResultsError(f"{self.folder} has no {CELLS}")
        import pandas as pd

        labels = cell_labels(pd.DataFrame(content))
        return {label: Space.from_json(cell["space"]) for label, cell in zip(labels, content, strict=True)}

    @cached_property
    def landscapes(self) -> dict[str, CellLandscape]:
        """True landscape of each cell that has one."""
        frame = self._table(LANDSCAPES)
        return {
            str(cell): CellLandscape(
                self.configurations(str(cell), group),
                group["cost"].to_numpy(np.float64),
                group["std"].to_numpy(np.float64),
                group["repeats"].to_numpy(np.int64),
            )
            for cell, group in frame.groupby("cell", sort=False)
        }

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Predictions on the landscape at the main size, with columns ``cell``, ``method``, ``engine``."""
        frame = self._table(PREDICTIONS)
        return self._with_engine(frame.assign(method=methods(frame)))

    @cached_property
    def fronts(self) -> pd.DataFrame:
        """The fronts at the main size, with columns ``cell``, ``method``, ``engine``."""
        frame = self._table(FRONTS)
        return self._with_engine(frame.assign(method=methods(frame)))

    @cached_property
    def training_sets(self) -> pd.DataFrame:
        """The training sets at the main size, with the columns ``cell`` and ``engine``."""
        return self._with_engine(self._table(TRAINING_SETS))

    def training_points(self, cell: str, strategy: str, seed: int, engine: str) -> Array:
        """Return the configurations that a regression saw at the main size; shape (n, d)."""
        frame = self.training_sets
        group = frame[(frame["cell"] == cell) & (frame["strategy"] == strategy) & (frame["seed"] == seed)]
        group = group[group["engine"] == engine]
        if group.empty:
            raise MissingResultsError(
                f"{TRAINING_SETS} has no {strategy} with seed {seed} for {cell}, {engine}"
            )
        first = group[group["run_id"] == group["run_id"].iloc[0]]
        return self.configurations(cell, first)

    def configurations(self, cell: str, frame: pd.DataFrame) -> Array:
        """Return the configurations of a cell's rows, in true units; shape (n, d)."""
        return frame[coordinates(len(self.spaces[cell]))].to_numpy(np.float64)

    def parsimony_study(self) -> pd.DataFrame:
        """Return the records of experiments that vary ``parsimony_coefficient``, which is a column.

        Raises
        ------
        MissingResultsError
            If there are none.
        """
        coefficients = self._parsimony()
        if coefficients.empty:
            raise MissingResultsError("these records hold no parsimony study: run experiment=parsimony")
        return self.records.loc[coefficients.index].assign(parsimony_coefficient=coefficients)

    def main_study(self, size: int | None = None) -> pd.DataFrame:
        """Return the records of all other experiments, at one size or at all."""
        # The baselines in a parsimony run repeat those of the main study.
        studied = self.records.loc[self._parsimony().index, "run_id"].unique()
        explained = self._explained()["run_id"].unique()
        records = self.records[~self.records["run_id"].isin([*studied, *explained])]
        return records if size is None else records[records["n_samples"] == size]

    def many_hyperparameters(self) -> pd.DataFrame:
        """Return the records of predictors of many hyperparameters, from the surrogate to a short formula.

        Raises
        ------
        MissingResultsError
            If there are none.
        """
        records = self._explained()
        if records.empty:
            raise MissingResultsError(
                "these records hold no run of many hyperparameters: run experiment=many_hyperparameters"
            )
        return records

    def _explained(self) -> pd.DataFrame:
        if "predictor" not in self.records:
            return self.records.iloc[:0]
        return self.records.dropna(subset=["predictor"])

    def _parsimony(self) -> pd.Series[float]:
        coefficients = (
            self.records["regressor_settings"].map(_parsimony_coefficient).astype("float64").dropna()
        )
        groups = coefficients.groupby(self.records.loc[coefficients.index, "experiment"])
        return coefficients[groups.transform("nunique") > 1]

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        if not (self.folder / name).is_file():
            raise MissingResultsError(f"{self.folder} has no {name}")
        frame = pd.read_parquet(self.folder / name)
        return frame.assign(cell=cell_labels(frame))

    def _with_engine(self, frame: pd.DataFrame) -> pd.DataFrame:
        engines = self.records.drop_duplicates("run_id").set_index("run_id")["engine"]
        return frame.assign(engine=frame["run_id"].map(engines))


def cell_labels(frame: pd.DataFrame) -> pd.Series[str]:
    """Return a label for the cell of each row, such as ``svm/vehicle`` or ``svm/vehicle (holdout)``.

    Hyperparameters other than the pair that the paper tunes are in the label, too.
    """
    import pandas as pd

    known = frame[list(CELL)].drop_duplicates()
    labels = {tuple(cell): _cell_label(dict(zip(CELL, cell, strict=True))) for cell in known.to_numpy()}
    return pd.Series(
        [labels[tuple(cell)] for cell in frame[list(CELL)].to_numpy()], index=frame.index, dtype="string"
    )


def _cell_label(cell: Mapping[str, str]) -> str:
    label = f"{cell['model']}/{cell['dataset']}"
    notes = [] if cell["protocol"] == "hpobench" else [cell["protocol"]]
    if cell["hyperparameters"] != PAPER_PAIRS.get(cell["model"]):
        notes.append(cell["hyperparameters"])
    return f"{label} ({'; '.join(notes)})" if notes else label


def _engines(records: pd.DataFrame) -> pd.Series[str]:
    """Return the engine of each record's run: its first regressor that is no baseline, or its first."""
    by_run: dict[str, str] = {}
    for run_id, regressor in zip(records["run_id"], records["regressor"], strict=True):
        if run_id not in by_run or (is_baseline(by_run[run_id]) and not is_baseline(regressor)):
            by_run[run_id] = regressor
    engines: pd.Series[str] = records["run_id"].map(by_run).astype("string")
    return engines


def _parsimony_coefficient(settings: object) -> float | None:
    if not isinstance(settings, str):
        return None
    value = json.loads(settings).get("parsimony_coefficient")
    return float(value) if value is not None else None
