"""The posterior of the Gaussian process' hyperparameters: SMAC's, with the right gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from symhpo.sampling.optimizers.likelihood import MarginalLikelihood, bounds, fit


def _likelihood(space: Any, n: int = 20) -> tuple[MarginalLikelihood, Any, Any]:
    rng = np.random.default_rng(0)
    inputs = np.nan_to_num(space.to_unit(space.sample(n, rng)), nan=-1.0)
    targets = rng.normal(size=n)
    likelihood = MarginalLikelihood(
        inputs,
        targets,
        np.array([h.type == "categorical" for h in space.hyperparameters]),
        has_conditions=any(h.condition is not None for h in space.hyperparameters),
    )
    return likelihood, inputs, targets


@pytest.mark.parametrize("space_name", ["numerical", "one", "categorical", "conditional"])
def test_the_gradient_is_the_values(space_name: str, analytic: Any) -> None:
    space = analytic.SPACES[space_name]
    likelihood, _, _ = _likelihood(space)
    rng = np.random.default_rng(1)
    for parameters in rng.uniform(*bounds(len(space)).T, size=(5, len(space) + 2)):
        parameters[-1] = rng.uniform(-6, 2)
        numerical = approx_fprime(parameters, lambda p: likelihood(p)[0], 1e-6)
        np.testing.assert_allclose(likelihood(parameters)[1], numerical, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("space_name", ["numerical", "one", "categorical", "conditional"])
def test_the_value_is_smacs_up_to_a_constant(space_name: str, analytic: Any) -> None:
    from smac import BlackBoxFacade, Scenario
    from smac.model.gaussian_process import GaussianProcess

    space = analytic.SPACES[space_name]
    _, inputs, targets = _likelihood(space)
    configspace = space.to_configspace()
    kernel = BlackBoxFacade.get_kernel(Scenario(configspace))
    stock = GaussianProcess(configspace, kernel=kernel, seed=0)
    stock._train(np.where(inputs == -1, np.nan, inputs), targets[:, None], optimize_hyperparameters=False)
    stock._all_priors = stock._get_all_priors(add_bound_priors=False)
    ours = MarginalLikelihood(
        inputs,
        (targets - targets.mean()) / targets.std(),
        np.array([h.type == "categorical" for h in space.hyperparameters]),
        has_conditions=any(h.condition is not None for h in space.hyperparameters),
    )
    # SMAC has the numerical length scales first.
    is_categorical = [h.type == "categorical" for h in space.hyperparameters]
    order = [0, *(1 + np.argsort(is_categorical, kind="stable")), len(space) + 1]
    # With hardly any noise the values are huge, and only their first digits mean something.
    limits = bounds(len(space))
    limits[-1] = -10, 2
    differences = [
        stock._nll(parameters[order])[0] - ours(parameters)[0]
        for parameters in np.random.default_rng(2).uniform(*limits.T, size=(10, len(space) + 2))
    ]
    np.testing.assert_allclose(differences, differences[0], rtol=1e-6)


def test_the_fit_finds_what_the_data_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.random((150, 2))
    r = np.abs(inputs[:, None, 0] - inputs[None, :, 0]) / 0.1 * np.sqrt(5)
    K = (1 + r + r**2 / 3) * np.exp(-r) + 0.01 * np.eye(150)
    targets = np.linalg.cholesky(K) @ rng.normal(size=150)
    likelihood = MarginalLikelihood(inputs, targets, np.zeros(2, dtype=bool), has_conditions=False)
    fitted = fit(likelihood, np.array([[0.0, 0.0, 0.0, -3.0]]))
    _, relevant, irrelevant, noise = np.exp(fitted)
    assert relevant < 0.2
    assert irrelevant > 1.0
    assert 0.005 < noise < 0.02
    truth = np.log([1.0, 0.1, 1.0, 0.01])
    assert likelihood(fitted)[0] < likelihood(truth)[0]
