"""The objective of the study: a model on a data set under a protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from symhpo.errors import UserError
from symhpo.objectives.base import Evaluation, Objective
from symhpo.objectives.benchmark import Benchmark
from symhpo.objectives.datasets import Dataset, Source
from symhpo.objectives.models import Model
from symhpo.objectives.protocols import Protocol
from symhpo.space import Configuration, Space

__all__ = ["TrainingObjective", "make_objective"]


@dataclass
class TrainingObjective:
    """Train a model on a data set and return its validation loss; see `Objective`.

    Parameters
    ----------
    model : Model
    source : Source
        Where the data set comes from; it is loaded when it is needed first.
    protocol : Protocol
    """

    model: Model
    source: Source
    protocol: Protocol
    _dataset: Dataset | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def space(self) -> Space:
        """The hyperparameters that are tuned."""
        return self.model.space

    @property
    def identity(self) -> dict[str, Any]:
        """Model, data set with the checksum that it must have, and protocol."""
        return {
            "model": self.model.identity,
            "dataset": self.source.identity,
            "protocol": self.protocol.name,
        }

    @property
    def dataset(self) -> Dataset:
        """The data set; loaded if that has not been done."""
        self.prepare()
        assert self._dataset is not None
        return self._dataset

    @property
    def provenance(self) -> dict[str, Any]:
        """Source, version and checksum of the data set."""
        return dict(self.dataset.provenance)

    def prepare(self) -> None:
        """Load the data set."""
        if self._dataset is None:
            self._dataset = _load(self.source)

    def __call__(self, configuration: Configuration, seed: int) -> Evaluation:
        """Evaluate a configuration of any of the model's hyperparameters."""
        return self.protocol.evaluate(self.model, self.dataset, configuration, seed)


@cache
def _load(source: Source) -> Dataset:
    return source.load()


def make_objective(model: Model | Benchmark, source: object = None, protocol: object = None) -> Objective:
    """Return the objective of a model on a data set under a protocol.

    A `Benchmark` brings data and protocol itself; what is given of them is left aside.

    Raises
    ------
    UserError
        If a model has no data set or no protocol.
    """
    if isinstance(model, Benchmark):
        return model
    if not isinstance(source, Source) or not isinstance(protocol, Protocol):
        raise UserError(f"model {model.name} needs a data set and a protocol; choose both")
    return TrainingObjective(model, source, protocol)
