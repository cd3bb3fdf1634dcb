"""Multilayer perceptron with a choice of activations and solvers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from symhpo.objectives.models.base import Classifier, Model
from symhpo.space import Condition, Hyperparameter, Space

__all__ = ["NeuralNetworkSolver"]


@dataclass(frozen=True)
class NeuralNetworkSolver(Model):
    """scikit-learn's ``MLPClassifier`` of two layers, 243 epochs (L-BFGS: iterations) at most."""

    name: str = "nn_solver"
    tuned: Sequence[str] | str = "all"

    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter.categorical("activation", ("relu", "tanh", "logistic"), default="relu"),
            Hyperparameter("alpha", "float", 1e-8, 1.0, default=1e-3, log=True),
            Hyperparameter(
                "learning_rate_init",
                "float",
                1e-5,
                1.0,
                default=1e-3,
                log=True,
                condition=Condition("solver", ("adam", "sgd")),
            ),
            Hyperparameter(
                "momentum", "float", 0.0, 0.99, default=0.9, condition=Condition("solver", ("sgd",))
            ),
            Hyperparameter.categorical("solver", ("adam", "sgd", "lbfgs"), default="adam"),
            Hyperparameter("width", "int", 4, 128, default=32, log=True),
        ]
    )

    def build(
        self, hyperparameters: dict[str, Any], *, n_features: int, n_classes: int, seed: int
    ) -> Classifier:
        """Return the classifier."""
        from symhpo.objectives.classifiers.perceptron import FastMLPClassifier

        arguments = dict(hyperparameters)
        return FastMLPClassifier(
            hidden_layer_sizes=[arguments.pop("width")] * 2,
            **arguments,
            batch_size=32,
            max_iter=243,
            random_state=np.random.RandomState(seed),
        )
