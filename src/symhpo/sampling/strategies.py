"""The three sampling strategies: where the training set of the regression comes from."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from symhpo.errors import UserError
from symhpo.regression.base import TrainingSet
from symhpo.sampling.bo import BoSamples
from symhpo.sampling.random import RandomSamples
from symhpo.sampling.trials import Trials
from symhpo.seeds import generator
from symhpo.space import Space

__all__ = ["Bo", "BoGp", "Random", "Strategy"]

logger = logging.getLogger(__name__)


class Strategy(Protocol):
    """A way to a training set."""

    name: str
    needs_optimizer: bool

    def training_set(self, samples: BoSamples | RandomSamples, size: int) -> TrainingSet:
        """Return the training set after `size` trials.

        Parameters
        ----------
        samples : BoSamples or RandomSamples
            Of SMAC where the strategy `needs_optimizer`, random ones otherwise.
        size : int

        Raises
        ------
        UserError
            If every evaluation failed.
        """
        ...


@dataclass(frozen=True)
class Bo:
    """The configurations that SMAC evaluated, with their true cost."""

    name: str = "bo"
    needs_optimizer: bool = True

    def training_set(self, samples: BoSamples | RandomSamples, size: int) -> TrainingSet:
        """Return SMAC's trials; the failed ones are left out."""
        return _of_trials(samples.space, samples.trials(size))


@dataclass(frozen=True)
class Random:
    """Uniformly sampled configurations with their true cost."""

    name: str = "random"
    needs_optimizer: bool = False

    def training_set(self, samples: BoSamples | RandomSamples, size: int) -> TrainingSet:
        """Return the first random trials; the failed ones are left out."""
        return _of_trials(samples.space, samples.trials(size))


@dataclass(frozen=True)
class BoGp:
    """Uniformly sampled configurations with the cost that SMAC's surrogate predicts.

    Attributes
    ----------
    n_labels : int
        Number of configurations, the same ones at every size.
    """

    n_labels: int = 400
    name: str = "bo_gp"
    needs_optimizer: bool = True

    def __post_init__(self) -> None:
        if self.n_labels < 1:
            raise UserError(f"strategy.n_labels is {self.n_labels}; set it to 1 or more")

    def training_set(self, samples: BoSamples | RandomSamples, size: int) -> TrainingSet:
        """Return configurations labelled by the surrogate at this size."""
        if not isinstance(samples, BoSamples):
            raise TypeError("bo_gp needs SMAC's surrogate")
        surrogate = samples.surrogate(size)
        X = samples.space.sample(self.n_labels, generator(samples.seed, "bo_gp"))
        evaluated = _succeeded(samples.trials(size).first(size - 1))
        return TrainingSet(samples.space, X, surrogate.predict(X)[0], len(evaluated.cost), surrogate)


def _of_trials(space: Space, trials: Trials) -> TrainingSet:
    kept = _succeeded(trials)
    return TrainingSet(space, kept.X, kept.cost, len(kept))


def _succeeded(trials: Trials) -> Trials:
    if trials.n_failed == len(trials):
        raise UserError(f"all {len(trials)} evaluations failed; mend the objective: {trials.reasons[0]}")
    if trials.n_failed:
        logger.warning("%d of %d evaluations failed and are left out", trials.n_failed, len(trials))
    return trials.where(trials.succeeded)
