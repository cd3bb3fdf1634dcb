"""Where a study's results come from: commands, counts, versions, machines, CPU hours."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from symhpo.store.collect import Collection

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["commands", "describe_runs", "describe_study", "portable"]

Provenance = Mapping[str, Any]


def describe_study(
    collection: Collection, provenances: Mapping[str, Provenance], size: int
) -> dict[str, Any]:
    """Return the content of ``provenance.json``, from the provenance of each run by its id."""
    all_runs = list(provenances.values())
    return {
        "size": size,
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": {
            state: len(getattr(collection, state)) for state in ("done", "failed", "running", "missing")
        },
        "experiments": {
            str(name): _experiment(str(name), rows, [provenances[i] for i in rows["run_id"].unique()])
            for name, rows in collection.records.groupby("experiment")
        },
        "code": _counts(
            f"{p['code']['symhpo']} {p['code']['git_sha']}{' with changes' if p['code']['git_dirty'] else ''}"
            for p in all_runs
        ),
        "packages": _versions(all_runs),
        "machines": _counts(f"{p['machine']['cpu']}, Python {p['machine']['python']}" for p in all_runs),
        "cpu_hours": round(sum(p["cpu_seconds"] for p in all_runs) / 3600, 2),
        "first_started": min(p["started"] for p in all_runs),
        "last_started": max(p["started"] for p in all_runs),
    }


def describe_runs(provenances: Mapping[str, Provenance]) -> pd.DataFrame:
    """Return the content of ``runs.parquet``, from the provenance of each run by its id."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "run_id": run_id,
                "overrides": json.dumps(portable(about["overrides"])),
                **{name: about["code"][name] for name in ("git_sha", "git_dirty", "symhpo")},
                **{
                    name: about[name]
                    for name in ("started", "wall_seconds", "cpu_seconds", "peak_memory_bytes")
                },
            }
            for run_id, about in provenances.items()
        ]
    )


def portable(overrides: Iterable[str]) -> list[str]:
    """Return the overrides that matter on another machine, too: no folders, no number of workers."""
    return [o for o in overrides if not o.lstrip("+").startswith(("paths.", "workers=", "hydra"))]


def commands(name: str, overrides: Iterable[Iterable[str]]) -> list[str]:
    """Return the command lines that start just the runs with the given overrides, in few products.

    >>> commands("study", [["model=svm", "seed=0"], ["model=lr", "seed=0"]])
    ['python experiments/run.py -m name=study model=lr,svm seed=0']
    """
    by_keys: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for run in overrides:
        values = dict(sorted((key, value) for key, _, value in (o.partition("=") for o in run)))
        by_keys[tuple(sorted(values))].append(values)
    products = [product for runs in by_keys.values() for product in _products(runs)]
    return sorted(_command(name, product) for product in products)


def _products(runs: list[dict[str, str]]) -> Iterator[dict[str, set[str]]]:
    """Yield the values of each key for parts of the runs that hold every combination of them."""
    values = {key: {run[key] for run in runs} for key in runs[0]}
    if len({tuple(run.items()) for run in runs}) == math.prod(map(len, values.values())):
        yield values
        return
    key = min((item for item in values.items() if len(item[1]) > 1), key=_leading)[0]
    for value in sorted(values[key], key=_order):
        yield from _products([run for run in runs if run[key] == value])


def _command(name: str, values: dict[str, set[str]]) -> str:
    if values.get("experiment") != {name}:
        values = {"name": {name}} | values
    parts = [
        f"{key}={','.join(sorted(found, key=_order))}" for key, found in sorted(values.items(), key=_leading)
    ]
    many = " -m" if any(len(found) > 1 for found in values.values()) else ""
    return f"python experiments/run.py{many} {' '.join(parts)}"


def _experiment(name: str, rows: pd.DataFrame, provenances: list[Provenance]) -> dict[str, Any]:
    return {
        "commands": commands(name, (portable(p["overrides"]) for p in provenances)),
        "runs": len(provenances),
        "records": len(rows),
        "failed": int((rows["status"] != "ok").sum()),
    }


def _versions(provenances: list[Provenance]) -> dict[str, list[str]]:
    versions: dict[str, set[str]] = defaultdict(set)
    for about in provenances:
        for package, version in about["packages"].items():
            versions[package].add(version)
    return {package: sorted(found) for package, found in sorted(versions.items())}


def _counts(texts: Iterable[str]) -> dict[str, int]:
    return dict(Counter(texts).most_common())


def _order(value: str) -> tuple[float, str]:
    """Sort numbers as numbers."""
    try:
        return float(value), value
    except ValueError:
        return float("inf"), value


def _leading(item: tuple[str, set[str]]) -> tuple[int, str]:
    first = ("experiment", "name", "model", "dataset", "protocol", "strategy")
    return first.index(item[0]) if item[0] in first else len(first), item[0]
