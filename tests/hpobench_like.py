"""Benchmarks with HPOBench's interface, which tests name in `model.target`."""

from __future__ import annotations

from typing import Any

import ConfigSpace
import numpy as np


class Mixed:
    """All types of hyperparameters, a constant, a condition, and a state that advances."""

    def __init__(self, offset: float = 0.0, rng: int = 1) -> None:
        self.offset = offset
        self.rng = np.random.RandomState(rng)
        self.unpicklable = lambda: None

    @staticmethod
    def get_configuration_space(seed: int | None = None) -> ConfigSpace.ConfigurationSpace:
        space = ConfigSpace.ConfigurationSpace(seed=seed)
        booster = ConfigSpace.CategoricalHyperparameter("booster", ["tree", "dart"], default_value="dart")
        drop = ConfigSpace.UniformFloatHyperparameter("drop", 0.0, 1.0, default_value=0.25)
        space.add(
            booster,
            drop,
            ConfigSpace.Constant("metric", "acc"),
            ConfigSpace.UniformFloatHyperparameter("rate", 1e-4, 1.0, default_value=0.01, log=True),
            ConfigSpace.UniformIntegerHyperparameter("width", 1, 1024, default_value=32, log=True),
            ConfigSpace.EqualsCondition(drop, booster, "dart"),
        )
        return space

    def objective_function(
        self, configuration: Any, fidelity: Any = None, rng: Any = None, **_: Any
    ) -> dict[str, Any]:
        assert isinstance(configuration, ConfigSpace.Configuration)
        assert configuration["metric"] == "acc"
        assert isinstance(configuration["width"], (int, np.integer))
        full = (fidelity or {"epochs": 100})["epochs"]
        value = self.offset + np.log2(configuration["width"]) + configuration.get("drop", 0.0)
        # Rows are drawn from the benchmark's own state, as HPOBench's models do.
        noise = self.rng.random_sample() + np.random.RandomState(rng).random_sample()
        return {
            "function_value": np.float64(value + 100.0 / full + noise),
            "info": {"test_loss": value, "configuration": dict(configuration)},
        }


class Bare:
    """The least that the interface asks for."""

    def get_configuration_space(self, seed: int | None = None) -> ConfigSpace.ConfigurationSpace:
        return ConfigSpace.ConfigurationSpace(space={"x": (-1.0, 1.0)}, seed=seed)

    def objective_function(self, configuration: Any, **_: Any) -> dict[str, float]:
        return {"function_value": configuration["x"] ** 2}


class Flat(Mixed):
    """The same cost everywhere."""

    def objective_function(self, configuration: Any, **_: Any) -> dict[str, Any]:
        return {"function_value": 0.25 + 0 * configuration["rate"]}


class Crashing(Mixed):
    """Costs that are missing or infinite for some configurations."""

    def objective_function(self, configuration: Any, **_: Any) -> dict[str, Any]:
        if configuration["width"] < 4:
            raise ValueError("too narrow")
        value = float(np.log10(configuration["rate"])) if configuration["width"] < 500 else float("inf")
        return {"function_value": value}


class NoObjective:
    """A class without the interface."""

    def get_configuration_space(self, seed: int | None = None) -> ConfigSpace.ConfigurationSpace:
        raise NotImplementedError
