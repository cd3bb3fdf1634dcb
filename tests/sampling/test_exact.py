"""`optimizer=smac` is stock SMAC, number for number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symhpo.sampling import Smac, sample_bo


@pytest.mark.parametrize(
    ("hash_seed", "jobs"),
    [
        (0, [["numerical", 16], ["one", 6], ["integer", 8], ["categorical", 6], ["conditional", 6]]),
        (7, [["numerical", 8]]),
    ],
)
def test_trials_are_those_of_stock_smac_under_the_same_hash_seed(
    hash_seed: int, jobs: list[Any], analytic: Any, run_python: Callable[..., Any], tmp_path: Path
) -> None:
    script = Path(analytic.__file__).with_name("stock.py")
    stock = run_python(script, json.dumps(jobs), hash_seed=str(hash_seed))
    assert stock.returncode == 0, stock.stderr
    for (space_name, n_trials), (configurations, costs) in zip(jobs, json.loads(stock.stdout), strict=True):
        objective, optimizer = analytic.Analytic(space_name), Smac(hash_seed)
        journal = tmp_path / space_name
        trials = sample_bo(objective, optimizer, [n_trials], seed=3, journal_dir=journal).trials(n_trials)
        assert objective.space.to_configurations(trials.X) == configurations, space_name
        assert trials.cost.tolist() == costs


@pytest.mark.parametrize("d", [2, 3, 8])
@pytest.mark.parametrize("n", [1, 2, 5, 70])
def test_the_model_is_smacs_to_the_last_bit(n: int, d: int) -> None:
    from ConfigSpace import ConfigurationSpace, Float
    from smac import BlackBoxFacade, Scenario
    from smac.model.gaussian_process import GaussianProcess

    from symhpo.sampling.optimizers.exact import ArrayEI, ArrayGaussianProcess

    configspace = ConfigurationSpace()
    configspace.add([Float(f"x{j}", (0.0, 1.0)) for j in range(d)])
    scenario = Scenario(configspace)
    stock, ours = (
        model(configspace, kernel=BlackBoxFacade.get_kernel(scenario), seed=0)
        for model in (GaussianProcess, ArrayGaussianProcess)
    )
    rng = np.random.default_rng(0)
    X, y = rng.random((n, d)), rng.random((n, 1))
    for model in (stock, ours):
        model._train(X, y.copy(), optimize_hyperparameters=False)
    for theta in rng.uniform(*stock._gp.kernel.bounds.T, size=(10, d + 2)):
        value, gradient = stock._gp.log_marginal_likelihood(theta, eval_gradient=True)
        our_value, our_gradient = ours._gp.log_marginal_likelihood(theta, eval_gradient=True)
        assert value == our_value
        assert np.array_equal(gradient, our_gradient)

    ei, our_ei = BlackBoxFacade.get_acquisition_function(scenario), ArrayEI()
    ei.update(stock, eta=0.3)
    our_ei.update(ours, eta=0.3)
    for m in (1, 3, 64, 1000):
        T = rng.random((m, d))
        assert np.array_equal(stock.predict(T), ours.predict(T))
        assert np.array_equal(ei._compute(T), our_ei.of_vectors(T))
