"""What the study costs on this machine, in CPU seconds, and how that grows.

python experiments/bench.py --output bench.json
python experiments/bench.py --quick --output bench.json

In one run: stock SMAC against both optimisers; a whole cell by stage, against its evaluations; a run that
finds everything stored; the growth with trials, hyperparameters, training points and landscape points
(also as a figure beside the output). How good the optimisers are is a matter of its own, which takes
longer: experiments/bench_optimizers.py; its stored result is repeated in the output.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.parallel import prepare_process

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
COMPARISON = HERE.parent / "results" / "optimizers.json"
PR_SET_CHILD_SUBREAPER = 36  # <sys/prctl.h>


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    bo_trials: tuple[int, ...]
    cell_overrides: tuple[str, ...]
    growth_trials: tuple[int, ...]
    hyperparameters: tuple[int, ...]
    hyperparameter_trials: int
    training_points: tuple[int, ...]
    landscape_points: tuple[int, ...]
    gplearn_population: int


FULL = Extent(
    bo_trials=(50, 100, 200),
    cell_overrides=(),
    growth_trials=(50, 100, 200, 400),
    hyperparameters=(2, 3, 4, 5),
    hyperparameter_trials=100,
    training_points=(100, 300, 1000, 3000, 10_000),
    landscape_points=(100, 1000, 10_000, 100_000),
    gplearn_population=5000,
)
QUICK = Extent(
    bo_trials=(20, 50),
    cell_overrides=("sizes=[20,40]", "budget=40", "cell.seeds=[0]"),
    growth_trials=(50, 100),
    hyperparameters=(2, 4),
    hyperparameter_trials=40,
    training_points=(100, 1000),
    landscape_points=(100, 10_000),
    gplearn_population=300,
)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less of everything: at most five minutes")
    parser.add_argument("--output", type=Path, required=True, help="JSON file; the figure goes beside it")
    arguments = parser.parse_args()
    prepare_process()
    log_to_stderr()
    adopt_orphans()
    extent = QUICK if arguments.quick else FULL
    with user_errors():
        results: dict[str, Any] = {"quick": arguments.quick, **bo_overhead(extent.bo_trials)}
        show("BO overhead", results["bo_overhead_cpu_s"])
        results |= cells(extent.cell_overrides)
        show("cells", results["cells"])
        show("run with everything stored", results["stored_run_cpu_s"])
        results["gplearn_fit_cpu_s"] = gplearn_fit(extent.gplearn_population)
        show("a fit of gplearn", results["gplearn_fit_cpu_s"])
        results["growth"] = growth(extent)
        show("growth", results["growth"])
    if COMPARISON.exists():
        stored = json.loads(COMPARISON.read_text(encoding="utf-8"))
        results["optimizer_comparison"] = {"stored": True} | {k: v for k, v in stored.items() if k != "runs"}
        show("smac_fast against smac, stored", results["optimizer_comparison"])
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    plot_growth(results["growth"], arguments.output.with_suffix(".png"))


def show(what: str, values: Any) -> None:
    """Print a part of the results."""
    print(f"{what}:\n{json.dumps(values, indent=1)}", flush=True)


def adopt_orphans() -> None:
    """Become the parent of what a child leaves behind, so that its CPU time is accounted for."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def cpu_of(command: Sequence[str | Path]) -> tuple[float, str]:
    """Run a command; return CPU seconds of its whole process tree, and its standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def bo_cpu(optimizer: str, trials: Sequence[int], hyperparameters: int = 2) -> dict[str, Any]:
    """Return what bench_bo.py prints."""
    logger.info("measuring %s, %d trials, %d hyperparameters", optimizer, max(trials), hyperparameters)
    _, output = cpu_of(
        [
            *(sys.executable, HERE / "bench_bo.py", optimizer),
            *("--trials", *map(str, trials)),
            *("--hyperparameters", str(hyperparameters)),
        ]
    )
    result: dict[str, Any] = json.loads(output)
    return result


def bo_overhead(trials: Sequence[int]) -> dict[str, Any]:
    """Compare the optimisers with stock SMAC on the same objective."""
    measured = {name: bo_cpu(name, trials) for name in ("stock", "smac", "smac_fast")}
    seconds = {str(n): {name: m["cpu_s"][str(n)] for name, m in measured.items()} for n in trials}
    most = seconds[str(max(trials))]
    return {
        "bo_overhead_cpu_s": seconds,
        "bo_overhead_of_stock": {name: most[name] / most["stock"] for name in ("smac", "smac_fast")},
        "smac_has_stocks_trials": measured["smac"]["trials_sha256"] == measured["stock"]["trials_sha256"],
    }


def cells(overrides: Sequence[str]) -> dict[str, Any]:
    """Measure whole cells, and a run of the last cell that finds everything in the store."""
    has_cache = bool(os.environ.get("OPENML_CACHE_DIR"))
    chosen = [
        ("lr", "blood_transfusion" if has_cache else "breast_cancer"),
        ("svm", "vehicle" if has_cache else "breast_cancer"),
    ]
    measured = {}
    with tempfile.TemporaryDirectory() as temporary:
        for model, dataset in chosen:
            logger.info("measuring the cell %s/%s", model, dataset)
            root = Path(temporary) / model
            cell = [f"model={model}", f"dataset={dataset}", f"paths.store={root}/store"]
            started = time.perf_counter()
            total = cpu_of(
                run_command("experiment=cell", *cell, *overrides, f"paths.outputs={root}/outputs")
            )[0]
            wall = time.perf_counter() - started
            stages = cell_stages(root, total)
            measured[f"{model}/{dataset}"] = {
                "total_cpu_s": total,
                "wall_s": wall,
                "evaluation_cpu_s": stages["evaluations"],
                "total_over_evaluations": total / stages["evaluations"],
                "stages": stages,
            }
        one = [override for override in overrides if not override.startswith("cell.")]
        again = run_command(*cell, *one, "strategy=bo_gp", "seed=0", f"paths.outputs={root}/again")
        stored = cpu_of(again)[0]
    return {"cells": measured, "stored_run_cpu_s": stored}


def run_command(*overrides: str) -> list[str | Path]:
    """Return the command of a run."""
    return [sys.executable, HERE / "run.py", *overrides]


def cell_stages(root: Path, total: float) -> dict[str, float]:
    """Split the CPU seconds of a cell by stage, from what its artifacts and records note."""
    import pandas as pd

    from symhpo.objectives import Landscape

    landscapes = [Landscape.load(path) for path in root.glob("store/landscape/**/landscape.npz")]
    evaluations = sum(float(np.nansum(landscape.cpu_seconds)) for landscape in landscapes)
    for folder in root.glob("store/random/**/trials.parquet"):
        evaluations += distinct_seconds([pd.read_parquet(folder)])
    bo = 0.0
    for index in root.glob("store/bo/**/runs.json"):
        evaluations += distinct_seconds([pd.read_parquet(p) for p in index.parent.glob("trials_*.parquet")])
        bo += sum(result["overhead_seconds"] for result in json.loads(index.read_text(encoding="utf-8")))
    records = pd.concat([pd.read_parquet(path) for path in root.glob("outputs/**/records.parquet")])
    stages = {
        "evaluations": evaluations,
        "bo": bo,
        "regression": float(records["cpu_fit"].sum()),
        "scoring": float(records["cpu_score"].sum()),
    }
    return stages | {"overhead": total - sum(stages.values())}


def distinct_seconds(trials: list[pd.DataFrame]) -> float:
    """Return the CPU seconds of trials; those that SMAC runs share are counted once."""
    import pandas as pd

    frame = pd.concat(trials)
    names = [name for name in frame if name.startswith("hyperparameter.")]
    return float(frame.drop_duplicates([*names, "seeds"])["cpu_seconds"].sum())


def gplearn_fit(population_size: int) -> dict[str, Any]:
    """Compare gplearn itself with `regressor=gplearn`, which has to find the same program."""
    from symhpo.regression.evolution import evolve
    from symhpo.regression.gplearn import GplearnRegressor

    logger.info("measuring a fit of gplearn")
    _, X, y = drawn(200)
    settings = GplearnRegressor(population_size=population_size)
    with np.errstate(all="ignore"):
        started = time.process_time()
        fitted = settings.engine(0).fit(X, y)
        between = time.process_time()
        program = evolve(settings.engine(0), X, y)
        ended = time.process_time()
    same = [str(getattr(node, "name", node)) for node in program] == [
        str(getattr(node, "name", node)) for node in fitted._program.program
    ]
    return {"gplearn": between - started, "symhpo": ended - between, "same_program": same}


def growth(extent: Extent) -> dict[str, dict[str, dict[str, float]]]:
    """Return CPU seconds by what grows, by what is measured, by the amount."""
    d_trials = [extent.hyperparameter_trials]
    return {
        "trials": {
            "smac, BO": bo_cpu("smac", extent.growth_trials)["cpu_s"],
            "smac_fast, BO": bo_cpu("smac_fast", extent.growth_trials)["cpu_s"],
        },
        "hyperparameters": {
            f"{name}, {d_trials[0]} trials": {
                str(d): bo_cpu(name, d_trials, d)["cpu_s"][str(d_trials[0])] for d in extent.hyperparameters
            }
            for name in ("smac", "smac_fast")
        },
        "training points": {"operon, fit": {str(n): fit_seconds(n) for n in extent.training_points}},
        "landscape points": {
            "surrogate of 200 trials": {str(m): surrogate_seconds(m) for m in extent.landscape_points},
            "formula and scores": {str(m): formula_seconds(m) for m in extent.landscape_points},
        },
    }


def seconds(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of one call, after another that warms up."""
    work()
    started = time.process_time()
    work()
    return time.process_time() - started


def fit_seconds(n: int) -> float:
    """Return the CPU seconds of a fit on n points."""
    from symhpo.config import make
    from symhpo.regression.base import TrainingSet

    space, X, y = drawn(n)
    regressor = make(compose(["regressor=operon"]).regressor)
    started = time.process_time()
    regressor.fit(TrainingSet(space, X, y, n), seed=0)
    return time.process_time() - started


def surrogate_seconds(m: int) -> float:
    """Return the CPU seconds in which a surrogate predicts m points."""
    from symhpo.sampling import Surrogate

    space, X, y = drawn(200)
    surrogate = Surrogate.fitted(
        space,
        space.to_unit(X),
        y,
        amplitude=1.0,
        length_scales=np.full(2, 0.3),
        noise=1e-3,
        cost_mean=0.0,
        cost_std=1.0,
    )
    points = drawn(m)[1]
    return seconds(lambda: surrogate.predict(points))


def formula_seconds(m: int) -> float:
    """Return the CPU seconds in which a formula is evaluated and scored on m points."""
    from symhpo.evaluation import scores
    from symhpo.formula import Formula

    space, X, y = drawn(m)
    formula = Formula.parse("0.2 + 0.1*Max(log10(x0), 0.3*log10(x1)) + 0.05*Abs(log10(x1) + 1)", space.names)
    return seconds(lambda: scores(y, formula.evaluate(X)))


def drawn(n: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return a space, n points of it and their cost."""
    from bench_bo import Valley

    valley = Valley()
    X = valley.space.sample(n, np.random.default_rng(0))
    costs = [valley.cost(configuration) for configuration in valley.space.to_configurations(X)]
    return valley.space, X, np.array(costs)


def plot_growth(results: dict[str, dict[str, dict[str, float]]], path: Path) -> None:
    """Draw one log-log panel for each thing that grows, with lines of the orders 1, 2 and 3."""
    from matplotlib.ticker import NullLocator

    from symhpo.plots.style import PAGE_WIDTH, new_figure, style

    with style():
        figure = new_figure(2 * PAGE_WIDTH, PAGE_WIDTH / 2)
        axes = np.ravel(figure.subplots(1, len(results)))
        for axis, (what, series) in zip(axes, results.items(), strict=True):
            for label, by_amount in series.items():
                amounts = np.array([float(amount) for amount in by_amount])
                times = np.array(list(by_amount.values()))
                axis.loglog(amounts, times, marker="o", label=label)
            # Room for the legend above the measurements; steeper lines leave the panel.
            low, high = axis.get_ylim()
            for order in (1, 2, 3):
                line = times[0] * (amounts / amounts[0]) ** order
                axis.loglog(
                    amounts, line, color="0.75", zorder=0, label="orders 1, 2, 3" if order == 1 else None
                )
            axis.set(xlabel=what, ylim=(low, high * (high / low) ** 0.6))
            axis.set_xticks(amounts, [f"{amount:g}" for amount in amounts])
            axis.xaxis.set_minor_locator(NullLocator())
            axis.legend()
        axes[0].set_ylabel("CPU seconds")
        figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
