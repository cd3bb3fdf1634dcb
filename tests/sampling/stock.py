"""A script that runs stock SMAC on analytic objectives and prints its trials as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from smac import BlackBoxFacade, Scenario

sys.path.insert(0, str(Path(__file__).parent))
from analytic import SPACES, cost_of

SEED = 3


def trials(space_name: str, n_trials: int) -> list[list[Any]]:
    """Return configurations and costs of a run of stock SMAC."""
    space = SPACES[space_name]

    def objective(configuration: Any, seed: int = 0) -> float:
        return cost_of(space, dict(configuration))

    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space.to_configspace(SEED),
            output_directory=Path(folder),
            deterministic=True,
            n_trials=n_trials,
            seed=SEED,
        )
        smac = BlackBoxFacade(scenario, objective, logging_level=False)
        smac.optimize()
        history = list(smac.runhistory.items())
    configurations = [dict(smac.runhistory.get_config(key.config_id)) for key, _ in history]
    return [space.to_configurations(space.to_array(configurations)), [value.cost for _, value in history]]


if __name__ == "__main__":
    print(json.dumps([trials(*job) for job in json.loads(sys.argv[1])]))
