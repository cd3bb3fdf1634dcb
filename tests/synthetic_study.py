"""A synthetic study with known answers: run folders and a store as the pipeline leaves them.

Planted: SR (Random) is the most accurate formula in every cell, SR (BO) the worst; the surrogate's
error and the formula's are orthogonal parts of SR (BO-GP)'s; the parsimony study stops at 0.001.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from symhpo.evaluation import scores
from symhpo.formula import Formula
from symhpo.objectives import Landscape
from symhpo.space import Hyperparameter, Space
from symhpo.store import Key, RunFolder, Store
from symhpo.store.provenance import Stopwatch, provenance

SPACES = {
    "svm": Space(
        [
            Hyperparameter("C", "float", 2.0**-10, 2.0**10, 1.0, log=True),
            Hyperparameter("gamma", "float", 2.0**-10, 2.0**10, 0.1, log=True),
        ]
    ),
    "rf": Space(
        [
            Hyperparameter("max_depth", "int", 1, 50, 10, log=True),
            Hyperparameter("max_features", "float", 0, 1, 0.5),
        ]
    ),
    "lr": Space(
        [
            Hyperparameter("alpha", "float", 1e-5, 1, 1e-3, log=True),
            Hyperparameter("eta0", "float", 1e-5, 1, 1e-2, log=True),
        ]
    ),
}
STRATEGIES = ("bo", "random", "bo_gp")
STRUCTURES = ("a + b*f", "a + b*Min(c, f)", "a + b*Abs(f + c)*g", "a*Max(f, b*g) + c")
RELATIVE_ERROR = {"bo": 0.5, "random": 0.2, "bo_gp": 0.3}
SURROGATE_ERROR = 0.2
REPEATS, LANDSCAPE_NOISE = 5, 0.01
COEFFICIENTS = (0.1, 0.01, 0.001, 0.0001)
STOP_AT = 0.001
SEEDS = (0, 3)


@dataclass(frozen=True)
class SyntheticRun:
    """One run to be written."""

    model: str
    dataset: str
    strategy: str
    seed: int
    regressor: str = "operon"
    protocol: str = "hpobench"
    experiment: str = "cells"
    sizes: tuple[int, ...] = (20, 140)
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def space(self) -> Space:
        return SPACES[self.model]

    @property
    def objective(self) -> dict[str, Any]:
        model = {"name": self.model, "space": self.space.to_json()}
        return {"model": model, "dataset": {"name": self.dataset}, "protocol": self.protocol}

    @property
    def key(self) -> Key:
        settings = {"objective": self.objective, **dict(self.settings)}
        settings |= {"strategy": self.strategy, "seed": self.seed, "regressor": self.regressor}
        label = f"{self.model}/{self.dataset}/{self.strategy}/seed={self.seed}_{self.regressor}"
        return Key("run", 1, settings, label)

    @property
    def overrides(self) -> list[str]:
        chosen = [f"regressor.{name}={value}" for name, value in self.settings]
        return [
            *(
                f"{name}={getattr(self, name)}"
                for name in ("experiment", "model", "dataset", "strategy", "seed")
            ),
            *chosen,
        ]


def small_study() -> list[SyntheticRun]:
    """Return two models on two data sets, one cell under both protocols, gplearn and parsimony on one."""
    cells = [("svm", "vehicle"), ("svm", "car"), ("rf", "vehicle"), ("rf", "car")]
    runs = [SyntheticRun(*cell, strategy, seed) for cell, strategy, seed in product(cells, STRATEGIES, SEEDS)]
    runs += [SyntheticRun("svm", "car", s, 0, regressor="gplearn", sizes=(140,)) for s in STRATEGIES]
    runs += [
        SyntheticRun("svm", "car", s, seed, protocol="holdout") for s, seed in product(STRATEGIES, SEEDS)
    ]
    runs += [
        SyntheticRun(
            "svm",
            "car",
            "bo_gp",
            seed,
            "gplearn",
            experiment="parsimony",
            sizes=(200,),
            settings=(("parsimony_coefficient", coefficient),),
        )
        for coefficient, seed in product(COEFFICIENTS, SEEDS)
    ]
    return runs


def write_study(runs: Iterable[SyntheticRun], outputs: Path, store: Path) -> None:
    """Write the runs and the landscapes they share."""
    for run in runs:
        landscape = stored_landscape(run, Store(store))
        folder = RunFolder(outputs / run.experiment / run.key.path, run.key.id)
        folder.start(run.overrides)
        rows, predictions = zip(*reports(run, landscape), strict=True)
        folder.publish(
            records=[row for row in rows if row],
            predictions=pd.concat([frame for frame in predictions if frame is not None], ignore_index=True),
            training_set=training_set(run, landscape),
            provenance=provenance(
                run_id=run.key.id,
                config={"landscape": {"points_per_axis": 10}},
                overrides=run.overrides,
                stopwatch=Stopwatch(),
                status="done",
                stages={"landscape": 1},
                data=run.objective,
            ),
        )


def generator(*names: Any) -> np.random.Generator:
    return np.random.default_rng(list("/".join(map(str, names)).encode()))


def stored_landscape(run: SyntheticRun, store: Store) -> Landscape:
    """Return the landscape of the run's cell, a valley along one hyperparameter, a slope along the other."""
    settings = {"objective": run.objective, "landscape": {"points_per_axis": 10}}
    key = Key("landscape", 1, settings, f"{run.model}/{run.dataset}/{run.protocol}")

    def build(journal: Path, out: Path) -> None:
        X = run.space.grid(10)
        rng = generator(run.model, run.dataset)
        u = run.space.to_unit(X)
        valley = np.abs(u[:, 0] - rng.uniform(0.3, 0.7))
        cost = 0.1 + 0.3 * valley + rng.uniform(0.1, 0.5) * np.maximum(u[:, 1] - 0.5, 0)
        cost = cost - (0.02 if run.protocol == "hpobench" else 0)
        noise = rng.normal(scale=LANDSCAPE_NOISE, size=(len(X), REPEATS))
        costs = cost[:, None] + noise - noise.mean(axis=1, keepdims=True)
        seeds = np.array([0, 3, 6, 9, 12])
        Landscape(run.space.names, X, seeds, costs, costs + 0.01, np.ones_like(costs)).save(
            out / "landscape.npz"
        )

    return Landscape.load(store.compute(key, build) / "landscape.npz")


def reports(run: SyntheticRun, landscape: Landscape) -> Iterator[tuple[dict[str, Any], pd.DataFrame | None]]:
    for size in run.sizes:
        surrogate = landscape.cost + _error(
            landscape, SURROGATE_ERROR * _shrink(size), "gp", run.dataset, run.seed
        )
        for regressor_seed in (0, 3):
            yield _formula_report(run, landscape, surrogate, size, regressor_seed)
        if run.strategy == "bo_gp":
            yield _report(run, landscape, surrogate, size, "gp", None, {})
        for name, level in (("linear", 0.6), ("constant", 1.0)):
            prediction = landscape.cost + _error(landscape, level, name, run.dataset, run.seed)
            yield _report(run, landscape, prediction, size, name, None, {})


def training_set(run: SyntheticRun, landscape: Landscape) -> pd.DataFrame:
    rng = generator("training", run.model, run.dataset, run.seed)
    frames = []
    for size in run.sizes:
        n = 400 if run.strategy == "bo_gp" else size
        X = run.space.sample(n, rng)
        if run.strategy == "bo":
            # Most trials near the best point, the more so the higher the seed.
            U = run.space.to_unit(X)
            best = run.space.to_unit(landscape.X[[np.argmin(landscape.cost)]])
            exploited = rng.uniform(size=n) < 0.5 + 0.1 * run.seed
            U[exploited] = best + 0.05 * rng.normal(size=(int(exploited.sum()), 2))
            X = run.space.from_unit(np.clip(U, 0, 1))
        columns = dict(zip(run.space.names, X.T, strict=True))
        frames.append(pd.DataFrame({"n_samples": size, **columns, "cost": rng.uniform(0.1, 0.5, n)}))
    return pd.concat(frames, ignore_index=True)


def _formula_report(
    run: SyntheticRun, landscape: Landscape, surrogate: np.ndarray, size: int, regressor_seed: int
) -> tuple[dict[str, Any], pd.DataFrame | None]:
    if run.settings:
        return _parsimony_report(run, landscape, size, regressor_seed)
    if run.strategy == "bo" and run.seed == SEEDS[-1] and regressor_seed == 3 and size == 20:
        return _row(run, size, run.regressor, regressor_seed) | {"status": "timeout", "reason": "900 s"}, None
    scale = 1.5 if run.regressor == "gplearn" else 1.0
    luck = generator("luck", run.model, run.dataset, run.strategy, run.seed, regressor_seed, size).uniform(
        0.8, 1.2
    )
    level = luck * scale * RELATIVE_ERROR[run.strategy] * _shrink(size)
    base = surrogate if run.strategy == "bo_gp" else landscape.cost
    error = _error(
        landscape, level, run.strategy, run.model, run.dataset, run.seed, regressor_seed, run.regressor
    )
    formula = _formula(run, size, regressor_seed)
    front = [
        {
            "nodes": nodes,
            "formula": formula.text,
            "rmse_train": 0.1 / nodes,
            "rmse": 0.01,
            "nrmse": min(level + 2 / nodes, 1),
        }
        for nodes in (1, 3, 7, 12, 20)
    ]
    extra = _measures(formula) | {"front": json.dumps(front), "cpu_fit": 1.0, "is_finding": True}
    return _report(run, landscape, base + error, size, run.regressor, regressor_seed, extra)


def _parsimony_report(
    run: SyntheticRun, landscape: Landscape, size: int, regressor_seed: int
) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """Errors fall by a half up to the stop point and stay from there on; operations always grow."""
    step = COEFFICIENTS.index(dict(run.settings)["parsimony_coefficient"])
    level = 0.8 * 0.5 ** min(step, COEFFICIENTS.index(STOP_AT))
    error = _error(landscape, level, "parsimony", run.seed, regressor_seed)
    formula = _formula(run, size, regressor_seed)
    extra = _measures(formula) | {"operations": 3 + 10 * step}
    return _report(run, landscape, landscape.cost + error, size, run.regressor, regressor_seed, extra)


def _formula(run: SyntheticRun, size: int, regressor_seed: int) -> Formula:
    rng = generator(run.model, run.dataset, run.strategy, run.seed, regressor_seed, size)
    a, b, c = rng.uniform(0.1, 1, 3).round(3)
    f, g = (f"log10({h.name})" if h.log else h.name for h in run.space.hyperparameters)
    choice = 0 if run.strategy == "random" else rng.integers(len(STRUCTURES))
    text = STRUCTURES[choice]
    for name, value in {"a": a, "b": b, "c": c}.items():
        text = text.replace(f"{name} ", f"{value} ").replace(f"{name}*", f"{value}*")
        text = text.replace(f"({name},", f"({value},").replace(f" {name})", f" {value})")
        text = text if not text.endswith(f" {name}") else f"{text[:-1]}{value}"
    pieces = (
        text.replace("(f,", f"({f},").replace("(f ", f"({f} ").replace("*f", f"*{f}").replace(" f)", f" {f})")
    )
    return Formula.parse(pieces.replace("*g", f"*{g}"), run.space.names)


def _measures(formula: Formula) -> dict[str, Any]:
    names = ("nodes", "operations", "depth", "latex")
    return {"formula": formula.text} | {name: getattr(formula, name) for name in names}


def _error(landscape: Landscape, level: float, *names: Any) -> np.ndarray:
    """Return errors whose RMSE is `level` times the landscape's standard deviation."""
    error = generator(*names).normal(size=len(landscape.X))
    return level * np.std(landscape.cost) * error / np.sqrt(np.mean(error**2))


def _shrink(size: int) -> float:
    return (140 / size) ** 0.3


def _row(run: SyntheticRun, size: int, regressor: str, regressor_seed: int | None) -> dict[str, Any]:
    return {
        "run_id": run.key.id,
        "experiment": run.experiment,
        "model": run.model,
        "dataset": run.dataset,
        "protocol": run.protocol,
        "hyperparameters": ",".join(run.space.names),
        "strategy": run.strategy,
        "optimizer": "smac_fast" if run.strategy != "random" else None,
        "seed": run.seed,
        "n_samples": size,
        "n_training": 400 if run.strategy == "bo_gp" else size,
        "n_evaluations": size,
        "regressor": regressor,
        "regressor_settings": json.dumps({"name": regressor, **dict(run.settings)}),
        "regressor_seed": regressor_seed,
        "selection": "bic",
        "is_finding": False,
    }


def _report(
    run: SyntheticRun,
    landscape: Landscape,
    prediction: np.ndarray,
    size: int,
    regressor: str,
    regressor_seed: int | None,
    extra: dict[str, Any],
) -> tuple[dict[str, Any], pd.DataFrame]:
    row = _row(run, size, regressor, regressor_seed)
    row |= {"status": "ok", "reason": "", **scores(landscape.cost, prediction), **extra}
    identity = {"n_samples": size, "regressor": regressor, "regressor_seed": regressor_seed}
    columns = dict(zip(run.space.names, landscape.X.T, strict=True))
    frame = pd.DataFrame({**identity, **columns, "cost": landscape.cost, "prediction": prediction})
    return row, frame.astype({"regressor_seed": "Int64"})
