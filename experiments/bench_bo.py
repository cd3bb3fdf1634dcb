"""CPU seconds of one optimiser beside its evaluations, on a formula that costs nothing: printed as JSON.

PYTHONHASHSEED=0 python experiments/bench_bo.py stock --trials 50 100 200
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from symhpo.objectives import Evaluation
from symhpo.sampling import Smac, SmacFast, SmacRun, run_smac
from symhpo.space import Hyperparameter, Space, Value

SEED = 0
OPTIMIZERS = {"smac": Smac(), "smac_fast": SmacFast()}


@dataclass
class Valley:
    """Branin's function over log-scaled hyperparameters, in steps like an error rate.

    Hyperparameters beyond the second add a bowl. Every call notes the process' CPU time.
    """

    n_hyperparameters: int = 2
    times: list[float] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @property
    def space(self) -> Space:
        """Hyperparameters from 2^-10 to 2^10."""
        return Space(
            Hyperparameter(f"x{j}", "float", 2.0**-10, 2.0**10, 1.0, log=True)
            for j in range(self.n_hyperparameters)
        )

    @property
    def identity(self) -> dict[str, Any]:
        """The number of hyperparameters."""
        return {"valley": self.n_hyperparameters}

    @property
    def provenance(self) -> dict[str, Any]:
        """None: there are no data."""
        return {}

    def prepare(self) -> None:
        """Load nothing."""

    def cost(self, configuration: Mapping[str, Value]) -> float:
        """Return the cost of a configuration."""
        self.times.append(time.process_time())
        x, y, *others = self.space.to_unit(self.space.to_array([configuration]))[0]
        a, b = 15 * x - 5, 15 * y
        branin = (b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6) ** 2
        branin += 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10
        raw = min(branin / 200, 0.8) + 0.1 * sum((z - 0.4) ** 2 for z in others)
        cost = round(raw * 250) / 250
        self.values.append([dict(configuration), cost])
        return cost

    def __call__(self, configuration: Mapping[str, Value], seed: int) -> Evaluation:  # noqa: ARG002
        """Evaluate a configuration; every seed gives the same."""
        return Evaluation(self.cost(configuration), None, 0.0)


def run_stock(objective: Valley, n_trials: int, folder: Path) -> None:
    """Run SMAC as its documentation says."""
    from smac import BlackBoxFacade, Scenario

    def target(configuration: Any, seed: int = 0) -> float:  # noqa: ARG001 - SMAC passes it
        return objective.cost(dict(configuration))

    scenario = Scenario(
        objective.space.to_configspace(SEED),
        output_directory=folder,
        deterministic=True,
        n_trials=n_trials,
        seed=SEED,
    )
    BlackBoxFacade(scenario, target, logging_level=False).optimize()


def main() -> None:
    """Run one optimiser and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("optimizer", choices=["stock", *OPTIMIZERS])
    parser.add_argument("--trials", type=int, nargs="+", required=True, help="report at these trials")
    parser.add_argument("--hyperparameters", type=int, default=2)
    arguments = parser.parse_args()
    n_trials = max(arguments.trials)
    objective = Valley(arguments.hyperparameters)
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory() as folder:
        if arguments.optimizer == "stock":
            run_stock(objective, n_trials, Path(folder))
        else:
            run, optimizer = SmacRun(n_trials, (n_trials,)), OPTIMIZERS[arguments.optimizer]
            run_smac(objective, optimizer, run, seed=SEED, journal_dir=Path(folder))
    # Before the first evaluation there are imports and the initial design only.
    seconds = {str(n): objective.times[n - 1] - objective.times[0] for n in arguments.trials}
    digest = hashlib.sha256(json.dumps(objective.values).encode()).hexdigest()
    print(json.dumps({"cpu_s": seconds, "trials_sha256": digest}))


if __name__ == "__main__":
    main()
