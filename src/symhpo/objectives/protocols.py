"""How one configuration of a model is evaluated on a data set."""

from __future__ import annotations

import time
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.objectives.base import Evaluation
from symhpo.objectives.datasets import Dataset
from symhpo.objectives.models import Classifier, Model
from symhpo.space import Configuration

__all__ = ["HPOBench", "Holdout", "Protocol"]


@dataclass(frozen=True)
class Protocol(ABC):
    """The rows that a classifier is fitted on; its cost is 1 − accuracy on the validation part.

    Parameters
    ----------
    name : str
        The protocol's name in commands, folders and records.
    """

    name: str

    @abstractmethod
    def fitting_rows(self, dataset: Dataset, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return features (rows, columns) and labels (rows,) to fit on."""

    def evaluate(self, model: Model, dataset: Dataset, configuration: Configuration, seed: int) -> Evaluation:
        """Fit the model with a configuration and score it on the validation and the test part.

        Parameters
        ----------
        model : Model
        dataset : Dataset
        configuration : mapping
            Values of some of the model's hyperparameters; the others take their defaults.
        seed : int
            In [0, 2**32): the only source of randomness.
        """
        classifier = model.build(
            model.complete(configuration),
            n_features=dataset.n_features,
            n_classes=dataset.n_classes,
            seed=seed,
        )
        started = time.process_time()
        X, y = self.fitting_rows(dataset, seed)
        # One BLAS thread, so that results do not depend on the machine's load or number of cores.
        with _thread_limits(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classifier.fit(X, y)
            cost = _loss(classifier, dataset.X_valid, dataset.y_valid)
            test_cost = _loss(classifier, dataset.X_test, dataset.y_test)
        return Evaluation(cost, test_cost, time.process_time() - started)


@dataclass(frozen=True)
class HPOBench(Protocol):
    """What HPOBench (Eggensperger et al. 2021) measures, and so the paper, oddities included.

    The rows are drawn with replacement from the training *and* the validation part, so the
    classifier has seen about two thirds of the rows that it is scored on.
    """

    name: str = "hpobench"

    def fitting_rows(self, dataset: Dataset, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return a bootstrap of training and validation part stacked."""
        X = np.vstack([dataset.X_train, dataset.X_valid])
        y = np.concatenate([dataset.y_train, dataset.y_valid])
        rows = np.random.RandomState(seed).choice(np.arange(len(X)), size=len(X))
        return X[rows], y[rows]


@dataclass(frozen=True)
class Holdout(Protocol):
    """Fit on the training part, every row once; the validation part stays unseen."""

    name: str = "holdout"

    def fitting_rows(self, dataset: Dataset, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the training part."""
        return dataset.X_train, dataset.y_train


def _loss(classifier: Classifier, X: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    return float(1 - np.mean(classifier.predict(X) == y))


def _thread_limits() -> Any:
    return _thread_controller().limit(limits=1)


@cache
def _thread_controller() -> Any:
    # Looking for the loaded libraries takes milliseconds, so it is done once, after they are loaded.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
