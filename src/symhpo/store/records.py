"""The folder of a run: its records and what belongs to them, published whole.

How to use it:

>>> folder = RunFolder(path, run_id)
>>> if folder.is_done():
...     return
>>> folder.start(overrides)
>>> with folder.lease().hold() as held:          # False: another process computes this run
...     folder.publish(records=rows, predictions=frame, training_set=frame, provenance=dict)
...     # or, after an exception: folder.fail(provenance)

A run is done when its folder has the file ``done``, written last, with the run's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symhpo.errors import UserError
from symhpo.store.files import TEMPORARY, clear_disk_errors, read_json, write_json, write_whole
from symhpo.store.lease import LIFETIME, Holder, Lease

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "TIMINGS", "RunFolder", "records_frame"]

_TEXT, _INTEGER, _NUMBER, _FLAG = "string", "Int64", "float64", "boolean"

COLUMNS: dict[str, str] = {
    # which run
    "run_id": _TEXT,
    "experiment": _TEXT,
    "model": _TEXT,
    "dataset": _TEXT,
    "protocol": _TEXT,
    "hyperparameters": _TEXT,  # names, alphabetical, separated by commas
    "strategy": _TEXT,
    "optimizer": _TEXT,
    "seed": _INTEGER,
    "n_samples": _INTEGER,  # size of the sample, the study's axis
    "n_training": _INTEGER,  # rows that the regression saw
    "n_evaluations": _INTEGER,  # true evaluations behind them
    # which regression
    "regressor": _TEXT,
    "regressor_settings": _TEXT,  # JSON
    "regressor_seed": _INTEGER,  # missing where the regressor has no random part
    "selection": _TEXT,
    "is_finding": _FLAG,  # whether the formula beats the best baseline of its size
    "finding_reason": _TEXT,
    # outcome
    "status": _TEXT,  # ok, failed, timeout, crashed
    "reason": _TEXT,
    "rmse": _NUMBER,
    "mae": _NUMBER,
    "r2": _NUMBER,
    "kendall_tau": _NUMBER,
    "nrmse": _NUMBER,  # RMSE / standard deviation of the landscape
    "rmse_train": _NUMBER,
    "mae_train": _NUMBER,
    "r2_train": _NUMBER,
    "kendall_tau_train": _NUMBER,
    "nrmse_train": _NUMBER,
    # formula
    "nodes": _INTEGER,
    "operations": _INTEGER,
    "depth": _INTEGER,
    "formula": _TEXT,
    "latex": _TEXT,
    "max_relative_difference": _NUMBER,  # between the formula and its engine's own predictions
    "front": _TEXT,  # JSON: nodes, formula and errors of every member
    "stability": _TEXT,  # JSON: intervals and the return of the structure under a bootstrap
    # many hyperparameters: rows whose predictor is one step from the surrogate to a short formula
    "predictor": _TEXT,
    "chosen": _TEXT,  # the hyperparameters that matter and the share of variance they explain
    "importance": _TEXT,  # JSON: main effects and pairs with their spread
    "dependence": _TEXT,  # JSON: partial dependence and formula on grids of the chosen ones
    "true_dependence": _TEXT,  # JSON: the objective's own, the surrogate's and the formula at random points
    "legend": _TEXT,  # what the indices of categorical hyperparameters in the formula mean
    "rmse_dependence": _NUMBER,  # against the surrogate's partial dependence
    "nrmse_dependence": _NUMBER,
    "rmse_true_dependence": _NUMBER,  # against the objective's own
    "nrmse_true_dependence": _NUMBER,
    "coverage": _NUMBER,  # share of it that the 95 % band of the surrogate holds
    # cost
    "cpu_landscape": _NUMBER,
    "cpu_sampling": _NUMBER,
    "cpu_fit": _NUMBER,
    "cpu_simplify": _NUMBER,
    "cpu_score": _NUMBER,
}
"""Columns of `records.parquet` and their types. A value that a row does not have is missing."""

TIMINGS = tuple(name for name in COLUMNS if name.startswith("cpu_"))
"""The columns that differ when a run is computed twice: CPU seconds of the stages."""

DONE = "done"
RUN = "run.json"
PROVENANCE = "provenance.json"
RECORDS = "records.parquet"
PREDICTIONS = "predictions.parquet"
TRAINING_SET = "training_set.parquet"
TRACEBACK = "traceback.txt"
LEASE = ".lease"


def records_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a table with exactly the columns and types of `COLUMNS`.

    Raises
    ------
    ValueError
        If a row has a column that the schema does not.
    """
    import pandas as pd

    rows = list(rows)
    unknown = sorted({name for row in rows for name in row} - COLUMNS.keys())
    if unknown:
        raise ValueError(f"records have no column {', '.join(unknown)}: add it to COLUMNS")
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=kind) for name, kind in COLUMNS.items()}
    )


class RunFolder:
    """Where one run leaves its results.

    Parameters
    ----------
    path : Path
        The folder; others, such as Hydra, may keep files of theirs there.
    run_id : str
        The run's id.
    lease_lifetime : float
        Seconds after which a process that gives no sign of life loses the run.
    """

    def __init__(self, path: Path, run_id: str, *, lease_lifetime: float = LIFETIME) -> None:
        self.path = path
        self.run_id = run_id
        self._lease_lifetime = lease_lifetime

    def is_done(self) -> bool:
        """Whether this run has finished here; costs the reading of one small file.

        Raises
        ------
        UserError
            If the folder holds the finished results of another run.
        """
        try:
            holds = (self.path / DONE).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return False
        if holds != self.run_id:
            raise UserError(
                f"{self.path} holds the results of another run ({holds[:8]}, not {self.run_id[:8]}); "
                "choose another folder: finished results are never overwritten"
            )
        return True

    def start(self, overrides: Sequence[str]) -> None:
        """Leave a note that this run was started, so that it counts as missing until it is done."""
        with clear_disk_errors(self.path):
            write_json(self.path / RUN, {"id": self.run_id, "overrides": list(overrides)})

    def lease(self) -> Lease:
        """Return the lease on computing this run."""
        with clear_disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        return Lease(self.path / LEASE, lifetime=self._lease_lifetime)

    def lease_holder(self) -> Holder | None:
        """Return the living process that computes this run; None where there is none."""
        holder = Lease(self.path / LEASE).holder()
        return None if holder is None or holder.is_gone else holder

    def publish(
        self,
        *,
        records: Iterable[Mapping[str, Any]],
        predictions: pd.DataFrame,
        training_set: pd.DataFrame,
        provenance: Mapping[str, Any],
    ) -> None:
        """Write the results of a run that has ended well. Nothing happens where they exist."""
        if self.is_done():
            return
        tables = {
            RECORDS: records_frame(records),
            PREDICTIONS: predictions,
            TRAINING_SET: training_set,
        }
        try:
            self._write(tables, provenance)
        except FileNotFoundError:
            # Whoever took the run over has published it, and removed our files as stray ones.
            if not self.is_done():
                raise

    def _write(self, tables: Mapping[str, pd.DataFrame], provenance: Mapping[str, Any]) -> None:
        with clear_disk_errors(self.path):
            for name, table in tables.items():
                with write_whole(self.path / name) as aside:
                    table.to_parquet(aside, index=False)
            write_json(self.path / PROVENANCE, dict(provenance))
            (self.path / TRACEBACK).unlink(missing_ok=True)
            with write_whole(self.path / DONE) as aside:
                aside.write_text(f"{self.run_id}\n")
            self.remove_temporary()

    def fail(self, provenance: Mapping[str, Any]) -> None:
        """Leave the provenance of a failed run, and its traceback as text."""
        if self.is_done():
            return
        with clear_disk_errors(self.path):
            with write_whole(self.path / TRACEBACK) as aside:
                aside.write_text(provenance["traceback"])
            write_json(self.path / PROVENANCE, dict(provenance))

    def failure(self) -> str | None:
        """Return the reason of a run that failed; None where it did not."""
        if self.is_done():
            return None
        about = read_json(self.path / PROVENANCE)
        return about["reason"] if about and about["status"] == "failed" else None

    def remove_temporary(self) -> None:
        """Remove what writers that were killed left in a folder that is done."""
        self.lease().remove_stray_claims()
        for path in self.path.glob(f".*{TEMPORARY}"):
            path.unlink(missing_ok=True)
