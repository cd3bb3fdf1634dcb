"""Importance and partial dependence against known answers, and on one real cell.

python experiments/bench_importance.py [--quick] [--parts PART ...] [--output results/importance.json]

Forty seeds, but few of the forests of fanova and optuna (``--forest-seeds``), which take twenty times as
long. The real cell, nn on blood_transfusion with five hyperparameters, takes hours of evaluations the first
time; they are kept in the store. Parts that are not measured keep their numbers in the output.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.config import group_config, make
from symhpo.errors import UserError
from symhpo.importance import (
    ImportanceMethod,
    Predictor,
    from_surrogate,
    learn_surrogate,
    top_hyperparameters,
)
from symhpo.importance.analytic import AnalyticFunction, additive, g_function, ishigami, multiplicative
from symhpo.importance.explain import explain
from symhpo.importance.partial_dependence import (
    draw_configurations,
    partial_dependence,
    with_values,
)
from symhpo.importance.planted import PLANTED, Planted
from symhpo.parallel import prepare_process
from symhpo.progress import progress
from symhpo.space import Hyperparameter, Space

FUNCTIONS = (ishigami(), g_function(), additive(), multiplicative())
METHODS = ("sobol", "fanova", "optuna")
LABELS, TRIALS = 1000, 200
# What the methods are given: 1000 labelled points, and a surrogate as an optimiser leaves it.
SOURCES = {f"{LABELS} labels": LABELS, f"a surrogate of {TRIALS} trials": TRIALS}
SEEDS = 40
# A row of the printed table: goal, what, reached.
Row = tuple[str, str, str]
PARTS = ("importance", "planted", "partial_dependence", "cell")


def main() -> None:
    """Measure, print a table of goals with what was reached, and write the numbers."""
    parser = argparse.ArgumentParser(description="Importance and partial dependence against known answers.")
    parser.add_argument("--quick", action="store_true", help="few seeds")
    parser.add_argument("--forest-seeds", type=int, default=5, help="seeds of fanova and optuna")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--output", type=Path, help="JSON file with the numbers")
    arguments = parser.parse_args()
    prepare_process()
    log_to_stderr()
    logging.getLogger("symhpo.importance").setLevel(logging.ERROR)
    seeds = (1, 1) if arguments.quick else (SEEDS, arguments.forest_seeds)
    measures: dict[str, Callable[[], Any]] = {
        "importance": lambda: list(_importance(*seeds)),
        "planted": lambda: list(_planted(1 if arguments.quick else 4)),
        "partial_dependence": _partial_dependence_seconds,
        "cell": _cell,
    }
    with user_errors():
        results = _known(arguments.output) | {part: measures[part]() for part in arguments.parts}
        _print(results)
        if arguments.output is not None:
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _known(output: Path | None) -> dict[str, Any]:
    """Return what an earlier run has measured."""
    if output is None or not output.exists():
        return {}
    try:
        known: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{output} is not JSON ({error}); remove it or name another file") from None
    return known


def _importance(seeds: int, forest_seeds: int) -> Iterator[dict[str, Any]]:
    """Yield the errors of each method on each function, from labelled points and from a surrogate."""
    methods = {name: make(group_config("importance", name)) for name in METHODS}
    cases = [
        (function, source, seed) for function in FUNCTIONS for source in SOURCES for seed in range(seeds)
    ]
    for function, source, seed in progress(cases, "importance", len(cases)):
        X = function.space.sample(SOURCES[source], np.random.default_rng(seed))
        # What every method learns from labelled points first; once for all of them.
        surrogate = learn_surrogate(function.space, X, function.predict(X)[0], seed=seed)
        for name, method in methods.items():
            if name == "sobol" or seed < forest_seeds:
                yield {
                    "function": function.name,
                    "method": name,
                    "from": source,
                    "seed": seed,
                    **_errors(function, surrogate, method, seed),
                }


def _errors(
    function: AnalyticFunction, surrogate: Predictor, method: ImportanceMethod, seed: int
) -> dict[str, Any]:
    started = time.process_time()
    importance, true = from_surrogate(surrogate, method=method, seed=seed), function.importance
    return {
        "cpu_seconds": time.process_time() - started,
        "main_error": float(np.abs(importance.main - true.main).max()),
        "pair_error": float(np.abs(importance.pairs - true.pairs).max()),
        "top_is_right": top_hyperparameters(importance).names == top_hyperparameters(true).names,
    }


def _planted(seeds: int) -> Iterator[dict[str, Any]]:
    """Yield how close the formula of the partial dependence comes to the one that was planted."""
    config = compose([])
    regressor, selection = make(config.regressor), make(config.selection)
    method = make(config.importance)
    cases = [(planted, seed) for planted in PLANTED for seed in range(seeds)]
    for planted, seed in progress(cases, "planted formulas", len(cases)):
        yield {"formula": planted.text, "seed": seed, **_recover(planted, method, regressor, selection, seed)}


def _recover(
    planted: Planted, method: ImportanceMethod, regressor: Any, selection: Any, seed: int
) -> dict[str, Any]:
    space = planted.space
    X = space.sample(TRIALS, np.random.default_rng(seed))
    surrogate = learn_surrogate(space, X, planted.cost(X), seed=seed)
    explanation = explain(surrogate, n_evaluations=TRIALS, method=method, regressor=regressor, seed=seed)
    formula = selection(explanation.front, explanation.training_set).formula
    at = explanation.scoring
    draws = explanation.draws
    true = np.array(
        [planted.cost(with_values(space, at.space.names, x[None, :], draws)).mean() for x in at.X]
    )
    spread = float(np.std(true))
    return {
        "chosen": list(explanation.choice.names),
        "found": formula.text,
        "nodes": formula.nodes,
        "nrmse": float(np.sqrt(np.mean((formula.evaluate(at.X) - true) ** 2))) / spread,
        "nrmse_surrogate": float(np.sqrt(np.mean((at.mean - true) ** 2))) / spread,
    }


def _partial_dependence_seconds() -> float:
    """Return the CPU seconds for 400 points, 1000 draws, five hyperparameters, 200 trials."""
    space = Space(Hyperparameter(f"x{j}", "float", 0.0, 1.0, 0.5) for j in range(5))
    rng = np.random.default_rng(0)
    X = space.sample(TRIALS, rng)
    surrogate = learn_surrogate(space, X, np.sin(3 * X.sum(axis=1)), seed=0)
    points = space.subset(["x0", "x1"]).sample(400, rng)
    started = time.process_time()
    partial_dependence(surrogate, ["x0", "x1"], points, draw_configurations(space, 1000, 0))
    return time.process_time() - started


def _cell() -> list[dict[str, Any]]:
    """Return the rows of the real cell, computing what is not stored."""
    import pandas as pd

    from symhpo.config import run_folder
    from symhpo.pipeline import run

    config = compose(["experiment=many_hyperparameters", "model=nn", "dataset=blood_transfusion"])
    run(config)
    rows = pd.read_parquet(run_folder(config) / "records.parquet").dropna(subset=["predictor"])
    columns = ["predictor", "chosen", "nodes", "formula", "nrmse", "nrmse_dependence"]
    return rows[[*columns, "rmse_true_dependence"]].astype(object).to_dict("records")


def _print(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = {
        "importance": _importance_rows,
        "planted": _planted_rows,
        "partial_dependence": _partial_dependence_rows,
        "cell": _cell_rows,
    }
    table = Table("goal", "what", "reached", title="Importance and partial dependence")
    for part in (part for part in PARTS if part in results):
        for row in rows[part](results[part]):
            table.add_row(*row)
    Console(file=sys.stdout, width=120).print(table)


def _importance_rows(results: list[dict[str, Any]]) -> Iterator[Row]:
    import pandas as pd

    frame = pd.DataFrame(results)
    for (method, source, function), rows in frame.groupby(["method", "from", "function"], sort=False):
        worst, median = rows.main_error.max(), rows.main_error.median()
        what = f"{function}, {method}, from {source}: main effects, median (worst of {len(rows)})"
        yield "≤ 0.05", what, f"{median:.3f} ({worst:.3f})"
    for (method, source), rows in frame.groupby(["method", "from"], sort=False):
        what = f"{method}, from {source}: right hyperparameters chosen, {len(rows)} runs"
        yield "≥ 95 %", what, f"{rows.top_is_right.mean():.0%}"


def _planted_rows(results: list[dict[str, Any]]) -> Iterator[Row]:
    import pandas as pd

    planted = pd.DataFrame(results)
    recovered = ((planted.nrmse < 0.05) & planted.apply(_chose_all, axis=1)).mean()
    yield "≥ 80 %", f"planted formulas found, nRMSE < 0.05, {len(planted)} runs", f"{recovered:.0%}"


def _partial_dependence_rows(seconds: float) -> Iterator[Row]:
    yield "≤ 5 s", "partial dependence, 400 × 1000, d = 5, 200 trials", f"{seconds:.1f} CPU s"


def _cell_rows(results: list[dict[str, Any]]) -> Iterator[Row]:
    errors = {row["predictor"]: row["rmse_true_dependence"] for row in results}
    ratio = errors["formula"] / errors["partial dependence"]
    yield "≤ 1.25", "nn × blood_transfusion: error of the formula / of the partial dependence", f"{ratio:.2f}"


def _chose_all(row: Any) -> bool:
    """Return whether every hyperparameter of a planted formula was chosen."""
    return set(re.findall(r"\b[abc]\b", row["formula"])) <= set(row["chosen"])


if __name__ == "__main__":
    main()
