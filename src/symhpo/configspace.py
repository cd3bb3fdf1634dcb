"""Exchange of search spaces with the package ConfigSpace, which SMAC and HPOBench use."""

from __future__ import annotations

from typing import Any

import ConfigSpace

from symhpo.errors import UserError
from symhpo.space import Condition, Hyperparameter, Space, Value

__all__ = ["from_configspace", "to_configspace"]


def to_configspace(space: Space, seed: int = 0) -> ConfigSpace.ConfigurationSpace:
    """Return a space of ours as ConfigSpace's; `seed` is that of its own sampler."""
    configspace = ConfigSpace.ConfigurationSpace(seed=seed)
    theirs = {h.name: _hyperparameter(h) for h in space.hyperparameters}
    configspace.add(*theirs.values())
    configspace.add(
        *(
            ConfigSpace.InCondition(theirs[h.name], theirs[h.condition.parent], list(h.condition.values))
            for h in space.hyperparameters
            if h.condition is not None
        )
    )
    return configspace


def from_configspace(configspace: Any) -> Space:
    """Return ConfigSpace's space as ours.

    Constants stay out of it: they are not tuned. Ordinals become categoricals.

    Raises
    ------
    UserError
        For forbidden clauses, conjunctions of conditions, and hyperparameters of other types.
    """
    if len(getattr(configspace, "forbidden_clauses", ())) > 0:
        raise UserError("the search space has forbidden clauses, which cannot be expressed; remove them")
    conditions: dict[str, Condition] = {}
    for condition in configspace.conditions:
        child, active = _condition(condition)
        if child in conditions:
            raise UserError(f"hyperparameter {child!r} has several conditions; at most one can be expressed")
        conditions[child] = active
    hyperparameters = [configspace[name] for name in configspace]
    return Space(
        [_ours(h, conditions.get(h.name)) for h in hyperparameters if not isinstance(h, ConfigSpace.Constant)]
    )


def _hyperparameter(h: Hyperparameter) -> Any:
    if h.type == "categorical":
        return ConfigSpace.CategoricalHyperparameter(h.name, list(h.choices), default_value=h.default)
    if h.type == "int":
        return ConfigSpace.UniformIntegerHyperparameter(
            h.name, int(h.lower), int(h.upper), default_value=int(h.default), log=h.log
        )
    return ConfigSpace.UniformFloatHyperparameter(
        h.name, float(h.lower), float(h.upper), default_value=float(h.default), log=h.log
    )


def _condition(condition: Any) -> tuple[str, Condition]:
    if isinstance(condition, ConfigSpace.EqualsCondition):
        values: list[Any] = [condition.value]
    elif isinstance(condition, ConfigSpace.InCondition):
        values = list(condition.values)
    else:
        raise UserError(f"the condition {condition} cannot be expressed; use equals or in")
    return condition.child.name, Condition(condition.parent.name, tuple(_plain(v) for v in values))


def _ours(h: Any, condition: Condition | None) -> Hyperparameter:
    if isinstance(h, (ConfigSpace.CategoricalHyperparameter, ConfigSpace.OrdinalHyperparameter)):
        choices = h.choices if isinstance(h, ConfigSpace.CategoricalHyperparameter) else h.sequence
        return Hyperparameter.categorical(
            h.name, [_plain(choice) for choice in choices], _plain(h.default_value), condition
        )
    if isinstance(h, (ConfigSpace.UniformFloatHyperparameter, ConfigSpace.UniformIntegerHyperparameter)):
        kind = "int" if isinstance(h, ConfigSpace.UniformIntegerHyperparameter) else "float"
        return Hyperparameter(
            h.name,
            kind,  # type: ignore[arg-type]
            _plain(h.lower),  # type: ignore[arg-type]
            _plain(h.upper),  # type: ignore[arg-type]
            _plain(h.default_value),
            log=bool(h.log),
            condition=condition,
        )
    raise UserError(f"hyperparameter {h.name!r} has the type {type(h).__name__}, which cannot be expressed")


def _plain(value: Any) -> Value:
    # ConfigSpace returns NumPy scalars.
    return value.item() if hasattr(value, "item") else value  # type: ignore[no-any-return]
