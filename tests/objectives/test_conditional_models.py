"""Models with categorical and conditional hyperparameters."""

from __future__ import annotations

import numpy as np
import pytest

from symhpo.objectives import TrainingObjective
from symhpo.objectives.datasets import Bundled
from symhpo.objectives.models import Model, NeuralNetworkSolver, SupportVectorMachineKernels
from symhpo.objectives.protocols import Holdout
from symhpo.space import Space

MODELS = [SupportVectorMachineKernels(), NeuralNetworkSolver()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
class TestSpace:
    def test_survives_json_and_configspace(self, model: Model) -> None:
        assert Space.from_json(model.space.to_json()) == model.space
        assert Space.from_configspace(model.space.to_configspace()) == model.space

    def test_build_gets_what_is_active(self, model: Model) -> None:
        X = model.space.sample(50, np.random.default_rng(0))
        for configuration in model.space.to_configurations(X):
            classifier = model.build(model.complete(configuration), n_features=4, n_classes=2, seed=0)
            arguments = classifier.get_params()  # type: ignore[attr-defined]
            for name, value in configuration.items():
                if name != "width":
                    assert arguments[name] == value

    def test_configurations_can_be_evaluated(self, model: Model) -> None:
        objective = TrainingObjective(model, Bundled("wine"), Holdout())
        configurations = model.space.to_configurations(model.space.sample(9, np.random.default_rng(3)))
        for h in model.space.hyperparameters:
            assert h.type != "categorical" or {c[h.name] for c in configurations} == set(h.choices)
        costs = [objective(configuration, 0).cost for configuration in configurations]
        assert all(0 <= cost <= 1 for cost in costs)
        assert len(set(costs)) > 2
        assert objective(configurations[0], 0).cost == costs[0]
