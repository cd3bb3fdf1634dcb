"""The models' faster classifiers against the libraries' own: equal predictions, CPU seconds side by side.

python experiments/bench_models.py --output results/models.json
python experiments/bench_models.py --datasets wine vehicle --configurations 3 --output models.json

Random configurations of each model's whole search space, under HPOBench's protocol; by default on
data sets that scikit-learn bundles.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.config import make
from symhpo.objectives.datasets import Dataset
from symhpo.objectives.models import (
    Classifier,
    LogisticRegression,
    Model,
    NeuralNetwork,
    RandomForest,
    XGBoost,
)
from symhpo.objectives.protocols import HPOBench
from symhpo.parallel import prepare_process
from symhpo.progress import progress
from symhpo.space import Configuration

MODELS = tuple(model(tuned="all") for model in (LogisticRegression, RandomForest, NeuralNetwork, XGBoost))
SGD_OF_THE_MODEL = {"loss": "log_loss", "learning_rate": "adaptive", "tol": None}
DATASETS = ("wine", "breast_cancer", "digits")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--datasets", nargs="+", default=DATASETS, help="names in conf/dataset")
    parser.add_argument("--configurations", type=int, default=5, help="of each model, random (5)")
    parser.add_argument("--output", type=Path, required=True, help="JSON file")
    arguments = parser.parse_args()
    prepare_process()
    log_to_stderr()
    with user_errors():
        rows = measure(arguments.datasets, arguments.configurations)
    print(f"{'model':<6}{'data set':<20}{'scikit-learn':>14}{'ours':>10}{'ratio':>8}   CPU s an evaluation")
    for row in rows:
        theirs, ours = row["scikit_learn_cpu_s"], row["cpu_s"]
        print(f"{row['model']:<6}{row['dataset']:<20}{theirs:>14.3f}{ours:>10.3f}{theirs / ours:>8.1f}")
    arguments.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(names: Sequence[str], n: int) -> list[dict[str, Any]]:
    """Return one row for each model and data set: mean CPU seconds of fit and prediction."""
    datasets = [make(compose([f"dataset={name}"]).dataset).load() for name in names]
    cases = [(model, dataset) for model in MODELS for dataset in datasets]
    seconds = list(progress(pairs(cases, n), "evaluations, theirs and ours", len(cases) * n))
    means = np.reshape(seconds, (len(cases), n, 2)).mean(axis=1)
    return [
        {"model": model.name, "dataset": name, "configurations": n, "scikit_learn_cpu_s": t, "cpu_s": o}
        for (model, _), name, (t, o) in zip(cases, list(names) * len(MODELS), means.tolist(), strict=True)
    ]


def pairs(cases: Sequence[tuple[Model, Dataset]], n: int) -> Iterator[tuple[float, float]]:
    """Yield the CPU seconds of scikit-learn and of the compiled model.

    Raises
    ------
    AssertionError
        If their predictions differ.
    """
    for model, dataset in cases:
        X = model.space.sample(n, np.random.default_rng(0))
        for seed, configuration in enumerate(model.space.to_configurations(X)):
            theirs, predicted = timed(counterpart(build(model, dataset, configuration, seed)), dataset, seed)
            ours, own = timed(build(model, dataset, configuration, seed), dataset, seed)
            np.testing.assert_array_equal(own, predicted)
            yield theirs, ours


def build(model: Model, dataset: Dataset, configuration: Configuration, seed: int) -> Classifier:
    """Return the model's classifier, not fitted."""
    sizes = {"n_features": dataset.n_features, "n_classes": dataset.n_classes}
    return model.build(model.complete(configuration), seed=seed, **sizes)


def counterpart(classifier: Any) -> Classifier:
    """Return the library's own classifier with the same parameters."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import SGDClassifier
    from sklearn.neural_network import MLPClassifier
    from xgboost import XGBClassifier

    if isinstance(classifier, XGBClassifier):
        return XGBClassifier(**classifier.get_params())  # type: ignore[no-any-return]

    theirs, fixed = {
        "FastForestClassifier": (RandomForestClassifier, {}),
        "FastSGDClassifier": (SGDClassifier, SGD_OF_THE_MODEL),
        "FastMLPClassifier": (MLPClassifier, {}),
    }[type(classifier).__name__]
    parameters = {k: v for k, v in vars(classifier).items() if k in theirs().get_params()}
    return theirs(**parameters, **fixed)  # type: ignore[no-any-return]


def timed(classifier: Classifier, dataset: Dataset, seed: int) -> tuple[float, Any]:
    """Return CPU seconds of fit and prediction, and what is predicted."""
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.fit(*HPOBench("hpobench").fitting_rows(dataset, seed))
    predicted = [classifier.predict(X) for X in (dataset.X_valid, dataset.X_test)]
    return time.process_time() - started, np.concatenate(predicted)


if __name__ == "__main__":
    main()
