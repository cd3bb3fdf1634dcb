"""Any benchmark with HPOBench's interface as an objective, by configuration alone."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation
from symhpo.objectives.models import complete, tuned_space
from symhpo.space import Configuration, Space

if TYPE_CHECKING:
    import ConfigSpace

__all__ = ["Benchmark"]

INTERFACE = ("get_configuration_space", "objective_function")


@dataclass(frozen=True)
class _Made:
    """A benchmark that was made, with its search space in both forms."""

    benchmark: Any
    configspace: ConfigSpace.ConfigurationSpace
    space: Space

    def configuration(self, configuration: Configuration) -> ConfigSpace.Configuration:
        # HPOBench's own callers pass ConfigSpace's class, constants included.
        from ConfigSpace import Configuration as ConfigSpaceConfiguration
        from ConfigSpace import Constant

        constants = {h.name: h.value for h in self.configspace.values() if isinstance(h, Constant)}
        values = constants | complete(self.space, configuration)
        return ConfigSpaceConfiguration(self.configspace, values=values)


@dataclass
class Benchmark:
    """A benchmark of HPOBench (Eggensperger et al. 2021), or of the same interface; see `Objective`.

    The interface is ``get_configuration_space(seed)``, which returns a ConfigSpace space, and
    ``objective_function(configuration, fidelity=…, rng=…)``, which returns a mapping with
    ``"function_value"``, and optionally with the test loss in ``["info"]["test_loss"]``. A
    benchmark brings its own data and its own way of evaluating.

    Parameters
    ----------
    target : str
        The class, as ``package.module.Class``.
    arguments : mapping, optional
        Arguments of its constructor.
    fidelity : mapping, optional
        The fidelity of every evaluation; without it the benchmark's default, the full one.
    tuned : sequence of str, or "all"
        The hyperparameters that are tuned; the others keep their defaults.
    name : str
        What stands as model in folders and records.
    """

    target: str
    arguments: Mapping[str, Any] | None = None
    fidelity: Mapping[str, Any] | None = None
    tuned: str | Sequence[str] = "all"
    name: str = "hpobench"
    _made: _Made | None = field(default=None, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        # The user's object may not survive pickling; every process makes its own.
        return self.__dict__ | {"_made": None}

    @property
    def space(self) -> Space:
        """The hyperparameters that are tuned."""
        return tuned_space(self.name, self._ready.space, self.tuned)

    @property
    def identity(self) -> dict[str, Any]:
        """The class, its arguments, its search space, the fidelity and the tuned hyperparameters."""
        return {
            "target": self.target,
            "arguments": dict(self.arguments or {}),
            "fidelity": None if self.fidelity is None else dict(self.fidelity),
            "search_space": self._ready.space.to_json(),
            "tuned": list(self.space.names),
        }

    @property
    def provenance(self) -> dict[str, Any]:
        """The class and its arguments."""
        return {"source": self.target, "arguments": dict(self.arguments or {})}

    def prepare(self) -> None:
        """Import and make the benchmark."""
        if self._made is None:
            benchmark = self._make()
            configspace = benchmark.get_configuration_space(0)
            self._made = _Made(benchmark, configspace, Space.from_configspace(configspace))

    def __call__(self, configuration: Configuration, seed: int) -> Evaluation:
        """Evaluate a configuration of any of the benchmark's hyperparameters."""
        benchmark = self._ready.benchmark
        if isinstance(getattr(benchmark, "rng", None), np.random.RandomState):
            # HPOBench draws rows from the state that it was made with and advances it, so that a
            # value would depend on the evaluations before it.
            benchmark.rng = np.random.RandomState(seed)
        started = time.process_time()
        result = benchmark.objective_function(
            self._ready.configuration(configuration),
            fidelity=None if self.fidelity is None else dict(self.fidelity),
            rng=seed,
        )
        seconds = time.process_time() - started
        return Evaluation(float(result["function_value"]), _test_loss(result), seconds)

    @property
    def _ready(self) -> _Made:
        self.prepare()
        assert self._made is not None
        return self._made

    def _make(self) -> Any:
        module, _, name = self.target.rpartition(".")
        try:
            cls = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise UserError(
                f"model.target={self.target} cannot be imported ({error}); "
                f"give package.module.Class and have it installed or on PYTHONPATH"
            ) from error
        lacking = [method for method in INTERFACE if not callable(getattr(cls, method, None))]
        if lacking:
            raise UserError(
                f"model.target={self.target} has no {' and no '.join(lacking)}; "
                f"it must have HPOBench's benchmark interface"
            )
        try:
            return cls(**(self.arguments or {}))
        except TypeError as error:
            raise UserError(f"model.target={self.target}: {error}; correct model.arguments") from error


def _test_loss(result: Mapping[str, Any]) -> float | None:
    info = result.get("info")
    loss = info.get("test_loss") if isinstance(info, Mapping) else None
    return float(loss) if loss is not None and math.isfinite(loss) else None
