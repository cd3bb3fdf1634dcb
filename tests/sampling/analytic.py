"""Objectives with known formulas, and a script that optimises one of them in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symhpo.objectives import Evaluation
from symhpo.sampling import Smac, SmacFast, sample_bo
from symhpo.space import Condition, Hyperparameter, Space, Value

SPACES = {
    "numerical": Space(
        [
            Hyperparameter("alpha", "float", 1e-4, 1.0, 0.01, log=True),
            Hyperparameter("width", "float", -5.0, 10.0, 0.0),
        ]
    ),
    "integer": Space(
        [
            Hyperparameter("alpha", "float", 1e-4, 1.0, 0.01, log=True),
            Hyperparameter("depth", "int", 1, 6, 3),
            Hyperparameter("units", "int", 4, 256, 32, log=True),
        ]
    ),
    "one": Space([Hyperparameter("alpha", "float", 1e-4, 1.0, 0.01, log=True)]),
    "categorical": Space(
        [
            Hyperparameter("alpha", "float", 1e-4, 1.0, 0.01, log=True),
            Hyperparameter.categorical("kernel", ["rbf", "linear", "poly"], "rbf"),
            Hyperparameter("width", "float", -5.0, 10.0, 0.0),
        ]
    ),
    "conditional": Space(
        [
            Hyperparameter("alpha", "float", 1e-4, 1.0, 0.01, log=True),
            Hyperparameter.categorical("kernel", ["rbf", "linear"], "rbf"),
            Hyperparameter(
                "gamma", "float", 0.1, 10.0, 1.0, log=True, condition=Condition("kernel", ("rbf",))
            ),
        ]
    ),
    "tiny": Space([Hyperparameter("depth", "int", 1, 5, 3)]),
}


def cost_of(space: Space, configuration: Mapping[str, Value]) -> float:
    """Return a smooth valley plus a step for every categorical, rounded like an error rate."""
    vector = np.nan_to_num(space.to_unit(space.to_array([configuration]))[0], nan=0.3)
    bowl = float(np.sum((vector - 0.37 - 0.1 * np.arange(len(vector))) ** 2))
    return round(0.1 + 0.5 * bowl + 0.05 * np.sin(9 * float(vector[0])), 3)


@dataclass
class Analytic:
    """An objective that logs every call, and can fail or die at one of them."""

    space_name: str = "numerical"
    log: Path | None = None
    fails_at: tuple[int, ...] = ()
    dies_at: int | None = None
    calls: int = 0

    @property
    def space(self) -> Space:
        return SPACES[self.space_name]

    @property
    def identity(self) -> dict[str, Any]:
        return {"analytic": self.space_name}

    @property
    def provenance(self) -> dict[str, Any]:
        return {}

    def prepare(self) -> None:
        pass

    def __call__(self, configuration: Mapping[str, Value], seed: int) -> Evaluation:
        self.calls += 1
        if self.calls == self.dies_at:
            os.kill(os.getpid(), 9)
        if self.calls in self.fails_at:
            raise ArithmeticError(f"call {self.calls}")
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(json.dumps([dict(configuration), seed]) + "\n")
        cost = cost_of(self.space, configuration)
        return Evaluation(cost, cost + 0.01, 0.0)


OPTIMIZERS = {"smac": Smac(), "smac_fast": SmacFast()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("optimizer")
    parser.add_argument("journal", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--space", default="numerical")
    parser.add_argument("--sizes", type=int, nargs="+", default=[6, 12])
    parser.add_argument("--log", type=Path)
    parser.add_argument("--dies-at", type=int)
    arguments = parser.parse_args()
    objective = Analytic(arguments.space, log=arguments.log, dies_at=arguments.dies_at)
    samples = sample_bo(
        objective, OPTIMIZERS[arguments.optimizer], arguments.sizes, seed=3, journal_dir=arguments.journal
    )
    arguments.output.mkdir()
    samples.save(arguments.output)


if __name__ == "__main__":
    main()
