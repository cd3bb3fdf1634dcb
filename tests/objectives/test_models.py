"""Models: every one against the same contract, and what is particular to one."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from symhpo.errors import UserError
from symhpo.objectives.models import (
    Classifier,
    LogisticRegression,
    Model,
    NeuralNetwork,
    RandomForest,
    SupportVectorMachine,
    XGBoost,
)
from symhpo.regression.domain import corners
from symhpo.space import Condition, Hyperparameter, Space

MODELS = (LogisticRegression, NeuralNetwork, RandomForest, SupportVectorMachine, XGBoost)

# Name: (type, lower, upper, log, default), the protocol's own table.
SEARCH_SPACES = {
    "lr": {"alpha": ("float", 1e-5, 1, True, 1e-3), "eta0": ("float", 1e-5, 1, True, 1e-2)},
    "svm": {"C": ("float", 2**-10, 2**10, True, 1.0), "gamma": ("float", 2**-10, 2**10, True, 0.1)},
    "rf": {
        "max_depth": ("int", 1, 50, True, 10),
        "max_features": ("float", 0, 1, False, 0.5),
        "min_samples_leaf": ("int", 1, 20, False, 1),
        "min_samples_split": ("int", 2, 128, True, 32),
    },
    "xgboost": {
        "colsample_bytree": ("float", 0.1, 1, False, 1),
        "eta": ("float", 2**-10, 1, True, 0.3),
        "max_depth": ("int", 1, 50, True, 10),
        "reg_lambda": ("float", 2**-10, 2**10, True, 1),
    },
    "nn": {
        "alpha": ("float", 1e-8, 1, True, 1e-3),
        "batch_size": ("int", 4, 256, True, 32),
        "depth": ("int", 1, 3, False, 3),
        "learning_rate_init": ("float", 1e-5, 1, True, 1e-3),
        "width": ("int", 16, 1024, True, 64),
    },
}
PAIRS = {
    "lr": ("alpha", "eta0"),
    "svm": ("C", "gamma"),
    "rf": ("max_depth", "max_features"),
    "xgboost": ("colsample_bytree", "eta"),
    "nn": ("alpha", "batch_size"),
}


def build(model: Model, configuration: dict[str, Any], *, n_features: int = 10, n_classes: int = 2) -> Any:
    hyperparameters = model.complete(configuration)
    return model.build(hyperparameters, n_features=n_features, n_classes=n_classes, seed=3)


@pytest.mark.parametrize("model_class", MODELS, ids=lambda c: c.__name__)
class TestContract:
    def test_search_space_and_tuned_pair_are_the_protocols(self, model_class: type[Model]) -> None:
        model = model_class()  # type: ignore[call-arg]
        space = {
            h.name: (h.type, h.lower, h.upper, h.log, h.default) for h in model.search_space.hyperparameters
        }
        assert space == SEARCH_SPACES[model.name]
        assert model.space.names == PAIRS[model.name]

    def test_any_subset_can_be_tuned(self, model_class: type[Model]) -> None:
        for names in (model_class.search_space.names[-1:], model_class.search_space.names, ["all"][0]):
            model = model_class(tuned=names)  # type: ignore[call-arg]
            assert model.space.names == (model.search_space.names if names == "all" else names)

    def test_unknown_hyperparameters_are_refused_with_the_models_list(self, model_class: type[Model]) -> None:
        with pytest.raises(UserError) as caught:
            model_class(tuned=["bogus", model_class.search_space.names[0]])  # type: ignore[call-arg]
        for name in ("bogus", *model_class.search_space.names):
            assert name in str(caught.value)
        with pytest.raises(UserError, match="tunes nothing"):
            model_class(tuned=[])  # type: ignore[call-arg]

    def test_what_is_not_tuned_keeps_its_default(self, model_class: type[Model]) -> None:
        model = model_class()  # type: ignore[call-arg]
        first = model.search_space.hyperparameters[0]
        assert model.complete({}) == model.search_space.defaults
        assert model.complete({first.name: first.upper})[first.name] == first.upper

    @pytest.mark.parametrize("wrong", [{"bogus": 1.0}, "above", "text"])
    def test_a_wrong_configuration_is_refused(self, model_class: type[Model], wrong: Any) -> None:
        h = model_class.search_space.hyperparameters[0]
        values = {"above": {h.name: 2 * h.upper}, "text": {h.name: "1"}}
        with pytest.raises(UserError):
            model_class().complete(values.get(wrong, wrong) if isinstance(wrong, str) else wrong)  # type: ignore[call-arg]

    def test_identity_is_json_and_tells_cells_apart(self, model_class: type[Model]) -> None:
        names = model_class.search_space.names
        identities = [
            json.dumps(model_class(tuned=tuned).identity)  # type: ignore[call-arg]
            for tuned in (names[:1], names[1:2], names)
        ]
        assert len(set(identities)) == 3

    def test_builds_at_every_corner_of_its_space(self, model_class: type[Model]) -> None:
        model = model_class(tuned="all")  # type: ignore[call-arg]
        for configuration in model.space.to_configurations(corners(model.space)):
            assert callable(build(model, configuration).fit)

    def test_can_be_pickled(self, model_class: type[Model]) -> None:
        model = model_class()  # type: ignore[call-arg]
        assert pickle.loads(pickle.dumps(model)) == model


def test_one_name_may_stand_without_a_list() -> None:
    assert SupportVectorMachine(tuned="gamma").space.names == ("gamma",)


@pytest.mark.parametrize(
    ("max_features", "n_features", "columns"), [(0.0, 61, 1), (1.0, 61, 61), (0.5, 61, 8), (0.5, 5, 2)]
)
def test_rf_max_features_is_an_exponent(max_features: float, n_features: int, columns: int) -> None:
    forest = build(RandomForest(), {"max_features": max_features}, n_features=n_features)
    assert forest.max_features == columns
    assert isinstance(forest.max_features, int)


def test_xgboost_takes_the_objective_of_the_number_of_classes() -> None:
    assert build(XGBoost(), {}).objective == "binary:logistic"
    multiclass = build(XGBoost(), {}, n_classes=7)
    assert multiclass.objective == "multi:softmax"
    assert multiclass.get_params()["num_class"] == 7


def test_nn_layers_are_depth_times_width() -> None:
    assert build(NeuralNetwork(), {"depth": 2, "width": 16}).hidden_layer_sizes == [16, 16]


@dataclass(frozen=True)
class Kernels(Model):
    """A model with a categorical hyperparameter and one that depends on it."""

    name: str = "kernels"
    tuned: Sequence[str] = ("kernel", "degree")
    search_space: ClassVar[Space] = Space(
        [
            Hyperparameter.categorical("kernel", ["rbf", "poly"], "rbf"),
            Hyperparameter("degree", "int", 1, 5, 3, condition=Condition("kernel", ("poly",))),
            Hyperparameter("C", "float", 0.1, 10.0, 1.0, log=True),
        ]
    )

    def build(self, hyperparameters: dict[str, Any], **_: Any) -> Classifier:
        from sklearn.svm import SVC

        classifier: Classifier = SVC(**hyperparameters)
        return classifier


class TestConditionalHyperparameters:
    def test_are_there_only_where_they_are_active(self) -> None:
        model = Kernels()
        assert model.complete({}) == {"kernel": "rbf", "C": 1.0}
        assert model.complete({"kernel": "poly"}) == {"kernel": "poly", "degree": 3, "C": 1.0}
        assert model.complete({"kernel": "poly", "degree": 5, "C": 2.0})["degree"] == 5

    def test_are_tuned_with_their_parent_only(self) -> None:
        with pytest.raises(UserError, match="kernel"):
            Kernels(tuned=["degree"])
        assert Kernels(tuned=["C"]).space.names == ("C",)

    def test_reach_the_classifier(self) -> None:
        assert build(Kernels(), {"kernel": "poly", "degree": 2}).degree == 2
        X = np.array([[0.0], [1.0], [2.0], [3.0]])
        assert build(Kernels(), {}).fit(X, [0, 0, 1, 1]).predict(X).tolist() == [0, 0, 1, 1]


def test_the_tree_method_is_part_of_the_identity_where_it_is_set() -> None:
    assert "tree_method" not in XGBoost().identity
    assert XGBoost(tree_method="exact").identity["tree_method"] == "exact"
    with pytest.raises(UserError, match="tree_method"):
        XGBoost(tree_method="quick")
