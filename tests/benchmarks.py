"""Benchmarks with HPOBench's interface that tests name in `model.target`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import ConfigSpace
import numpy as np


class Toy:
    """A valley on log scale with a plateau; each call leaves a line in the file named by TOY_CALLS.

    Parameters
    ----------
    seconds : float
        What an evaluation takes.
    fail : bool
        Whether every evaluation raises.
    """

    def __init__(self, seconds: float = 0.0, fail: bool = False) -> None:
        self.seconds = seconds
        self.fail = fail

    def get_configuration_space(self, seed: int | None = None) -> ConfigSpace.ConfigurationSpace:
        space = ConfigSpace.ConfigurationSpace(seed=seed)
        space.add(
            ConfigSpace.UniformFloatHyperparameter("rate", 1e-4, 1.0, log=True),
            ConfigSpace.UniformIntegerHyperparameter("width", 1, 64, log=True),
        )
        return space

    def objective_function(self, configuration: Any, fidelity: Any = None, rng: Any = None) -> dict[str, Any]:  # noqa: ARG002
        configuration = dict(configuration)
        if "TOY_CALLS" in os.environ:
            line = json.dumps([float(configuration["rate"]), int(configuration["width"]), int(rng)]) + "\n"
            with Path(os.environ["TOY_CALLS"]).open("a") as file:
                file.write(line)
        time.sleep(self.seconds)
        if self.fail:
            raise RuntimeError("the toy is broken")
        slope = min(abs(np.log10(configuration["rate"]) + 2), 1.5)
        noise = np.random.RandomState(rng).normal(scale=0.01)
        return {"function_value": 0.2 * slope + 0.05 * np.log10(configuration["width"]) + noise}
