"""Runs of committed results, to be computed again."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.errors import UserError
from symhpo.results.reader import Results

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.pipeline import Plan

__all__ = ["changed_versions", "committed_records", "plans_of"]


def committed_records(results: Results, cell: str, engine: str) -> pd.DataFrame:
    """Return the records of a cell's runs with one engine, those of a parsimony study aside.

    Raises
    ------
    UserError
        If there are none, with the cells or engines that there are.
    """
    records = results.main_study()
    own = records[records["cell"] == cell]
    if own.empty:
        raise UserError(
            f"no cell {cell!r} in {results.folder}; there are {', '.join(sorted(set(records['cell'])))}"
        )
    found = own[own["engine"] == engine]
    if found.empty:
        raise UserError(
            f"{cell} has no runs with {engine!r}; there are {', '.join(sorted(set(own['engine'])))}"
        )
    return found


def plans_of(
    results: Results, records: pd.DataFrame, work: Path, *, workers: int, from_nothing: bool = False
) -> list[Plan]:
    """Return the plans of the records' runs, with outputs and store below a folder.

    They start from the committed evaluations or, on demand, from nothing.

    Raises
    ------
    UserError
        If the configuration of this version of the code no longer describes the same runs.
    """
    from symhpo.cli import compose
    from symhpo.pipeline import Plan

    here = [f"paths.outputs={work / 'outputs'}", f"paths.store={work / 'store'}", f"workers={workers}"]
    here += ["paths.evaluations=null"] if from_nothing else []
    plans = []
    for run_id in records["run_id"].unique():
        overrides = json.loads(results.runs.loc[run_id, "overrides"])
        plan = Plan.from_config(compose([*overrides, *here]), overrides)
        if plan.key.id != run_id:
            raise UserError(
                f"{' '.join(overrides)} is now another run ({plan.key.id[:8]}, not {run_id[:8]}): the "
                f"settings behind the names have changed; check out {results.runs.loc[run_id, 'git_sha']}"
            )
        plans.append(plan)
    return plans


def changed_versions(results: Results) -> list[str]:
    """Return one line for each package whose installed version is not the recorded one."""
    lines = []
    for package, versions in results.provenance.get("packages", {}).items():
        try:
            installed = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed = "none"
        if versions != [installed]:
            lines.append(
                f"{package}: {installed} is installed, the results were made with {', '.join(versions)}"
            )
    return lines
