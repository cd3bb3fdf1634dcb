"""Bayesian optimisers: SMAC's `BlackBoxFacade` with its parts exchanged through its own interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from smac import BlackBoxFacade, Scenario

    from symhpo.sampling.surrogate import Surrogate
    from symhpo.space import Space

__all__ = ["Model", "Optimizer", "Smac", "SmacFast"]


class Model(Protocol):
    """A model that SMAC trains before it asks for the next trial."""

    def surrogate(self, space: Space) -> Surrogate:
        """Return the model as it is now, as plain data."""
        ...


class Optimizer(Protocol):
    """How SMAC's facade is put together."""

    name: str

    def build(self, scenario: Scenario) -> tuple[BlackBoxFacade, Model]:
        """Return SMAC for a scenario, and the model in it."""
        ...


@dataclass(frozen=True)
class Smac:
    """SMAC's own numbers, computed faster and repeatable.

    The trajectory of stock SMAC depends on the process' hash seed, because its local search keeps its
    start points in a set. This one is the trajectory of stock SMAC in a process with
    ``PYTHONHASHSEED=hash_seed``, every configuration and every cost to the last bit, whatever the
    hash seed of the process it runs in. (It cannot follow the process' own and repeat as well.)

    Attributes
    ----------
    hash_seed : int
        0 to 4294967295.
    """

    hash_seed: int = 0
    name: str = "smac"

    def build(self, scenario: Scenario) -> tuple[BlackBoxFacade, Model]:
        """Return SMAC with its own model and acquisition, on arrays."""
        from smac import BlackBoxFacade

        from symhpo.sampling.optimizers.exact import (
            ArrayEI,
            ArrayGaussianProcess,
            OrderedLocalAndSortedRandomSearch,
        )

        kernel = BlackBoxFacade.get_kernel(scenario)
        model = ArrayGaussianProcess(scenario.configspace, kernel=kernel, seed=scenario.seed)
        facade = BlackBoxFacade(
            scenario,
            model=model,
            acquisition_function=ArrayEI(),
            acquisition_maximizer=OrderedLocalAndSortedRandomSearch(
                scenario.configspace, hash_seed=self.hash_seed, seed=scenario.seed
            ),
            logging_level=False,
            overwrite=True,
        )
        return facade, model


@dataclass(frozen=True)
class SmacFast:
    """SMAC with the same model family and acquisition function, fitted and maximised on arrays.

    Not SMAC's trials, but as good ones at a small part of the time.
    """

    name: str = "smac_fast"

    def build(self, scenario: Scenario) -> tuple[BlackBoxFacade, Model]:
        """Return SMAC with a fast model, maximiser and selector."""
        from smac import BlackBoxFacade

        from symhpo.sampling.optimizers.exact import ArrayEI
        from symhpo.sampling.optimizers.fast import FastConfigSelector, FastGaussianProcess, FastMaximizer

        kernel = BlackBoxFacade.get_kernel(scenario)
        model = FastGaussianProcess(scenario.configspace, kernel=kernel, seed=scenario.seed)
        facade = BlackBoxFacade(
            scenario,
            model=model,
            acquisition_function=ArrayEI(),
            acquisition_maximizer=FastMaximizer(scenario.configspace, seed=scenario.seed),
            config_selector=FastConfigSelector(scenario, retrain_after=1),
            logging_level=False,
            overwrite=True,
        )
        return facade, model
