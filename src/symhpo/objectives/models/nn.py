"""Multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Hyperparameter, Space

__all__ = ["NeuralNetwork"]


@dataclass(frozen=True)
class NeuralNetwork(Model):
    """scikit-learn's ``MLPClassifier``: `depth` layers of `width` units, Adam, 243 epochs at most."""

    name: str = "nn"
    tuned: Sequence[str] = ("alpha", "batch_size")

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter("alpha", "float", 1e-8, 1.0, default=1e-3, log=True),
            Hyperparameter("batch_size", "int", 4, 256, default=32, log=True),
            Hyperparameter("depth", "int", 1, 3, default=3),
            Hyperparameter("learning_rate_init", "float", 1e-5, 1.0, default=1e-3, log=True),
            Hyperparameter("width", "int", 16, 1024, default=64, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from symhpo.objectives.classifiers.perceptron import FastMLPClassifier

        arguments = dict(hyperparameters)
        depth, width = arguments.pop("depth"), arguments.pop("width")
        return FastMLPClassifier(
            **arguments,
            hidden_layer_sizes=[width] * depth,
            activation="relu",
            solver="adam",
            max_iter=243,
            random_state=np.random.RandomState(seed),
        )
