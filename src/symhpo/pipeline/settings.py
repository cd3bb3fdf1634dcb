"""Whether a run's own settings are values that it can work with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, ListConfig

from symhpo.errors import UserError

__all__ = ["check_settings"]


@dataclass(frozen=True)
class _Rule:
    """What the values of some settings have to be, in code and in words."""

    names: tuple[str, ...]
    words: str
    holds: Callable[[Any], bool]


def check_settings(config: DictConfig) -> None:
    """Raise UserError for the first setting of a run that no run can work with.

    Parameters
    ----------
    config : DictConfig
        As composed; of its groups nothing is looked at.
    """
    for rule in _RULES:
        for name in rule.names:
            if not rule.holds(config[name]):
                raise UserError(f"{name}={config[name]} is not {rule.words}; correct it")


def _is_whole(value: Any, least: int, below: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < below


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, ListConfig) and all(holds(item) for item in value)


_RULES = (
    _Rule(("seed",), "a whole number from 0 to 2**32 - 1", lambda value: _is_whole(value, 0, 2**32)),
    _Rule(("workers", "bootstrap"), "a whole number of 0 or more", lambda value: _is_whole(value, 0)),
    _Rule(("budget",), "a whole number", lambda value: _is_whole(value, 0)),
    _Rule(
        ("sizes", "sampled_sizes"),
        "a list of whole numbers such as [20,40]",
        lambda value: _is_list(value, lambda item: _is_whole(item, 0)),
    ),
    _Rule(
        ("regressor_seeds",),
        "a list of seeds such as [0,3,6]",
        lambda value: _is_list(value, lambda item: _is_whole(item, 0, 2**32)),
    ),
    _Rule(
        ("baselines",),
        "a list of regressors such as [linear,constant]",
        lambda value: _is_list(value, lambda item: isinstance(item, str)),
    ),
    _Rule(
        ("time_limit",),
        "a number of seconds above 0",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf,
    ),
)
