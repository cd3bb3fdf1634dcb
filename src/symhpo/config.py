"""From a Hydra configuration to the objects of a run, and to its identity."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from symhpo.errors import UserError
from symhpo.objectives import Objective, make_objective
from symhpo.store.artifacts import Key

__all__ = [
    "CONF",
    "group_config",
    "make",
    "objective_of",
    "plain",
    "register_resolvers",
    "run_folder",
    "run_key",
]

CONF = Path(__file__).resolve().parents[2] / "conf"
"""The folder of configuration groups."""

# Beside the objective, everything that can change a run's rows. Where files are kept, how many
# workers there are and what the study is called cannot.
IDENTITY = (
    "landscape",
    "strategy",
    "optimizer",
    "regressor",
    "selection",
    "seed",
    "sizes",
    "budget",
    "regressor_seeds",
    "baselines",
    "bootstrap",
    "time_limit",
    "explanation",
    "importance",
)
# How Python says that a constructor is called with settings that it does not know, or without some.
WRONG_ARGUMENTS = re.compile(r"unexpected keyword argument|missing \d+ required|takes no arguments")
# Raised whenever the same settings give other rows from the same artifacts.
VERSION = 1


def make(config: DictConfig) -> Any:
    """Return the object that a configuration with ``_target_`` describes."""
    from hydra.utils import instantiate

    try:
        return instantiate(config, _convert_="all")
    except Exception as error:
        # Hydra wraps what a constructor raises; the user's own mistake is inside.
        cause = error.__cause__
        if isinstance(cause, UserError):
            raise cause from None
        if isinstance(cause, TypeError) and WRONG_ARGUMENTS.search(str(cause)):
            raise UserError(f"{config._target_} does not fit its settings: {cause}") from error
        raise


def objective_of(config: DictConfig) -> Objective:
    """Return the objective of a run: model, data set and protocol."""
    return make_objective(make(config.model), make(config.dataset), make(config.protocol))


def group_config(group: str, name: str) -> DictConfig:
    """Return one file of a configuration group."""
    path = CONF / group / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml")))
        raise UserError(f"there is no {group} {name!r}; there are {known}")
    config = OmegaConf.load(path)
    assert isinstance(config, DictConfig)
    return config


def plain(config: Any) -> Any:
    """Return a part of a configuration as plain JSON data, interpolations resolved."""
    return OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else config


def run_key(config: DictConfig) -> Key:
    """Return a run's identity; its path below ``<outputs>/<name>`` is the run's folder."""
    unused = set() if config.strategy.needs_optimizer else {"optimizer"}
    unused |= set() if config.get("explanation") else {"explanation", "importance"}
    names = [name for name in IDENTITY if name not in unused]
    settings = plain(OmegaConf.masked_copy(config, names))
    label = f"seed={config.seed}_{config.regressor.name}"
    return Key("run", VERSION, {"objective": objective_of(config).identity, **settings}, label)


def run_folder(config: DictConfig) -> Path:
    """Return a run's folder: seed and regressor to read, the start of its id to tell it apart."""
    below = Path(config.model.name, config.dataset.name, config.strategy.name)
    return Path(config.paths.outputs, config.name) / below / run_key(config).path.name


def register_resolvers() -> None:
    """Make ``${symhpo.run_folder:}`` known to OmegaConf."""
    OmegaConf.register_new_resolver(
        "symhpo.run_folder", lambda *, _root_: run_key(_root_).path.name, replace=True
    )
