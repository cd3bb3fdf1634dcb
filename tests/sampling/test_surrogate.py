"""Surrogates predict what SMAC's models predict, in any process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symhpo.sampling import Surrogate

SPACES = ["numerical", "one", "integer", "categorical", "conditional"]
PREDICT = """
import json, sys
from pathlib import Path
import numpy as np
from symhpo.sampling import Surrogate
surrogate = Surrogate.load(Path(sys.argv[1]))
X = np.array(json.load(open(sys.argv[2])), dtype=float)
assert "smac" not in sys.modules and "sklearn" not in sys.modules
print(json.dumps([values.tolist() for values in surrogate.predict(X)]))
"""


def trained_model(optimizer: Any, analytic: Any, space_name: str, folder: Path, n: int = 15) -> Any:
    """Return the optimiser's model, trained on random configurations."""
    from smac import Scenario

    space = analytic.SPACES[space_name]
    configspace = space.to_configspace()
    scenario = Scenario(configspace, name="run", output_directory=folder, deterministic=True, n_trials=100)
    _, model = optimizer.build(scenario)
    configspace.seed(5)
    configurations = configspace.sample_configuration(n)
    vectors = np.array([configuration.get_array() for configuration in configurations])
    costs = np.array([[analytic.cost_of(space, dict(c))] for c in configurations])
    model.train(vectors, costs)
    return model


@pytest.mark.parametrize("space_name", SPACES)
def test_predictions_of_another_process_are_the_models(
    space_name: str, optimizer_name: str, analytic: Any, run_python: Callable[..., Any], tmp_path: Path
) -> None:
    space = analytic.SPACES[space_name]
    model = trained_model(analytic.OPTIMIZERS[optimizer_name], analytic, space_name, tmp_path)
    X = space.sample(300, np.random.default_rng(0))
    vectors = np.array([c.get_array() for c in space.to_configspace(1).sample_configuration(2)])
    assert vectors.shape[1] == X.shape[1]
    mean, variance = model.predict(space.to_unit(X))

    path, points = tmp_path / "surrogate.npz", tmp_path / "points.json"
    model.surrogate(space).save(path)
    points.write_text(json.dumps(X.tolist()))
    loaded_mean, loaded_std = json.loads(run_python("-c", PREDICT, path, points).stdout)
    np.testing.assert_allclose(loaded_mean, mean.ravel(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(loaded_std, np.sqrt(variance.ravel()), rtol=0, atol=1e-9)


def test_the_same_surrogate_gives_the_same_bytes(analytic: Any, tmp_path: Path) -> None:
    surrogate = _surrogate(analytic.SPACES["categorical"])
    surrogate.save(tmp_path / "a.npz")
    Surrogate.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_without_noise_the_mean_interpolates_and_far_away_it_is_the_prior(analytic: Any) -> None:
    surrogate = _surrogate(analytic.SPACES["numerical"], noise=1e-10, length_scale=1e-3)
    X = surrogate.space.from_unit(surrogate.inputs)
    mean, std = surrogate.predict(X)
    np.testing.assert_allclose(mean, 0.4 + 0.2 * surrogate.targets, atol=1e-6)
    assert std.max() < 1e-4
    mean, std = surrogate.predict([[0.02, 9.9]])
    np.testing.assert_allclose([mean[0], std[0]], [0.4, 0.2 * np.sqrt(2.0)], rtol=1e-6)


def test_many_points_are_predicted_as_few(analytic: Any) -> None:
    surrogate = _surrogate(analytic.SPACES["numerical"])
    X = surrogate.space.sample(10_000, np.random.default_rng(1))
    np.testing.assert_allclose(surrogate.predict(X)[0][-7:], surrogate.predict(X[-7:])[0], rtol=1e-12)
    assert surrogate.predict(X[:0])[0].shape == (0,)


def _surrogate(space: Any, noise: float = 1e-3, length_scale: float = 0.3) -> Surrogate:
    rng = np.random.default_rng(0)
    return Surrogate.fitted(
        space,
        space.to_unit(space.sample(10, rng)),
        rng.normal(size=10),
        amplitude=2.0,
        length_scales=np.full(len(space), length_scale),
        noise=noise,
        cost_mean=0.4,
        cost_std=0.2,
    )
