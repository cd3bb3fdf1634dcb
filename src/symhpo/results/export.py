"""Writing a results folder from run folders and the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symhpo.errors import UserError
from symhpo.progress import progress
from symhpo.results import layout
from symhpo.results.layout import CELL, MAIN_SIZE, RUN, coordinates
from symhpo.results.origin import describe_runs, describe_study
from symhpo.store import Key, RunFolder
from symhpo.store import records as run_files
from symhpo.store.collect import Collection, collect, find_runs
from symhpo.store.files import clear_disk_errors, read_json, write_json, write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["export"]

LANDSCAPE_STAGE = "landscape"
LANDSCAPE_FILE = "landscape.npz"
ARTIFACT = "artifact.json"

Cell = tuple[str, ...]
Provenance = Mapping[str, Any]


def export(
    outputs: Path,
    store: Path,
    destination: Path,
    *,
    size: int = MAIN_SIZE,
    allow_mixed_versions: bool = False,
) -> Collection:
    """Write the results folder of all finished runs below a folder.

    Parameters
    ----------
    outputs : Path
        Folder with runs, at any depth.
    store : Path
        The artifacts' store, for the landscapes.
    destination : Path
        The results folder; files there are replaced one by one, each whole.
    size : int
        The main size: predictions, training sets and fronts are kept for it alone.
    allow_mixed_versions : bool
        Whether records made by different versions of the code may stand in one table.

    Returns
    -------
    Collection
        Its `summary` counts the runs.

    Raises
    ------
    UserError
        If no record has this size, or the store lacks a cell's landscape.
    """
    collection = collect(outputs, allow_mixed_versions=allow_mixed_versions)
    records = collection.records
    sizes = sorted(int(n) for n in set(records["n_samples"].dropna()))
    if size not in sizes:
        raise UserError(
            f"no record has the size {size}; choose --size from {', '.join(map(str, sizes)) or 'none'}"
        )
    runs = [run for run in find_runs(outputs)[0].values() if run.is_done()]
    provenances = {run.run_id: read_json(run.path / run_files.PROVENANCE) for run in runs}
    cells = _cells(records, provenances)
    tables = {
        layout.RECORDS: records.drop(columns="front"),
        layout.LANDSCAPES: _landscapes(cells, store),
        layout.RUNS: describe_runs(provenances),
        **_details(runs, records[records["n_samples"] == size]),
    }
    spaces = [dict(zip(CELL, cell, strict=True)) | {"space": _space(about)} for cell, about in cells.items()]
    study = describe_study(collection, provenances, size)
    with clear_disk_errors(destination):
        for name, table in tables.items():
            with write_whole(destination / name) as aside:
                table.to_parquet(aside, index=False, compression="zstd")
        write_json(destination / layout.CELLS, spaces)
        write_json(destination / layout.PROVENANCE, study)
    return collection


def _cells(records: pd.DataFrame, provenances: Mapping[str, Provenance]) -> dict[Cell, Provenance]:
    """Return all cells, each with the provenance of one of its runs."""
    first = records.drop_duplicates(list(CELL)).sort_values(list(CELL))
    return {
        tuple(str(row[name]) for name in CELL): provenances[row["run_id"]] for row in first.to_dict("records")
    }


def _space(about: Provenance) -> list[dict[str, Any]]:
    """Return the search space, as JSON, from the objective's identity."""
    objective = about["data"]
    space: list[dict[str, Any]] = objective["space"] if "space" in objective else objective["model"]["space"]
    return space


def _landscapes(cells: Mapping[Cell, Provenance], store: Path) -> pd.DataFrame:
    import pandas as pd

    artifacts = {read_json(path)["id"]: path.parent for path in (store / LANDSCAPE_STAGE).rglob(ARTIFACT)}
    return pd.concat(
        [_landscape(cell, about, artifacts, store) for cell, about in cells.items()], ignore_index=True
    )


def _landscape(cell: Cell, about: Provenance, artifacts: Mapping[str, Path], store: Path) -> pd.DataFrame:
    import pandas as pd

    from symhpo.objectives import Landscape

    settings = {"objective": about["data"], "landscape": about["config"]["landscape"]}
    key = Key(LANDSCAPE_STAGE, about["code"]["stages"][LANDSCAPE_STAGE], settings, "")
    if key.id not in artifacts:
        raise UserError(f"{store} lacks the landscape of {' '.join(cell)}; give the store that the runs used")
    landscape = Landscape.load(artifacts[key.id] / LANDSCAPE_FILE)
    columns = {
        "point": range(len(landscape.X)),
        **dict(zip(coordinates(len(landscape.names)), landscape.X.T, strict=True)),
        "cost": landscape.cost,
        "std": landscape.std,
        "repeats": landscape.repeats,
    }
    return pd.DataFrame(dict(zip(CELL, cell, strict=True)) | columns)


def _details(runs: list[RunFolder], records: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return predictions, training sets and fronts of the given records, which share one size."""
    import pandas as pd

    groups = dict(list(records.groupby("run_id", sort=False)))
    predictions, training_sets, fronts = [], [], []
    for run in progress(runs, "exporting runs", total=len(runs)):
        if run.run_id in groups:
            rows = groups[run.run_id]
            identity = {name: rows[name].iloc[0] for name in RUN}
            predictions.append(_predictions(run, identity))
            training_sets.append(_training_set(run, identity))
            fronts.append(_fronts(rows))
    return {
        layout.PREDICTIONS: pd.concat(predictions, ignore_index=True),
        layout.TRAINING_SETS: pd.concat(training_sets, ignore_index=True),
        layout.FRONTS: pd.concat(fronts, ignore_index=True),
    }


def _predictions(run: RunFolder, identity: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_parquet(run.path / run_files.PREDICTIONS)
    frame = frame[frame["n_samples"] == identity["n_samples"]]
    # Every model predicts on all points of the landscape, in its order.
    model = ["regressor", "regressor_seed"]
    points = frame.groupby(model, dropna=False, sort=False).cumcount()
    labelled: pd.DataFrame = frame[[*model, "prediction"]].assign(**identity, point=points)
    return labelled[[*identity, *model, "point", "prediction"]]


def _training_set(run: RunFolder, identity: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_parquet(run.path / run_files.TRAINING_SET)
    frame = frame[frame["n_samples"] == identity["n_samples"]]
    names = str(identity["hyperparameters"]).split(",")
    renamed = frame.rename(columns=dict(zip(names, coordinates(len(names)), strict=True)))
    labelled: pd.DataFrame = renamed.assign(**identity)
    return labelled[[*identity, *coordinates(len(names)), "cost"]]


def _fronts(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    identity = [*RUN, "regressor", "regressor_seed"]
    members = [
        {name: row[name] for name in identity} | member
        for row in rows.dropna(subset="front").to_dict("records")
        for member in json.loads(row["front"])
    ]
    columns = [*identity, "nodes", "formula", "rmse_train", "rmse", "nrmse"]
    return pd.DataFrame(members, columns=columns).astype({"seed": "Int64", "regressor_seed": "Int64"})
