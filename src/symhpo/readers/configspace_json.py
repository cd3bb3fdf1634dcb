"""Search spaces in ConfigSpace's JSON, of all its versions, read without the package.

Files of SMAC, BOHB and DeepCAVE have them: ``format_version`` 0.4 and older ``json_format_version``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from symhpo.errors import UserError
from symhpo.readers.json_files import read_json_file
from symhpo.space import Condition, Hyperparameter, Space

__all__ = ["DeclaredSpace", "read_space"]

NUMBERS: Mapping[str, Literal["float", "int"]] = {
    "uniform_float": "float",
    "normal_float": "float",
    "beta_float": "float",
    "uniform_int": "int",
    "normal_int": "int",
    "beta_int": "int",
}


@dataclass(frozen=True)
class DeclaredSpace:
    """A search space as a file declares it.

    Attributes
    ----------
    space : Space
    constants : tuple of str
        Hyperparameters that cannot vary, which are not in it.
    notes : tuple of str
        What it declares and `Space` cannot express.
    """

    space: Space
    constants: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_space(path: Path) -> DeclaredSpace:
    """Return the search space in a file; raise UserError if it holds none."""
    data = read_json_file(path)
    if not isinstance(data, dict) or not isinstance(data.get("hyperparameters"), list):
        raise UserError(f"{path} holds no search space; there is no list of hyperparameters in it")
    try:
        return _space(data)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is no search space of ConfigSpace: {error!r} is missing or wrong") from None


def _space(data: Mapping[str, Any]) -> DeclaredSpace:
    notes: list[str] = []
    constants: list[str] = []
    free: dict[str, Hyperparameter] = {}
    for item in data["hyperparameters"]:
        hyperparameter = _hyperparameter(item)
        if hyperparameter is None:
            constants.append(str(item["name"]))
        else:
            free[hyperparameter.name] = hyperparameter
    for item in data.get("conditions", ()):
        _add_condition(item, free, notes)
    if data.get("forbiddens"):
        notes.append("the search space forbids some combinations, which the explanation does not know")
    return DeclaredSpace(Space(free.values()), tuple(constants), tuple(notes))


def _hyperparameter(item: Mapping[str, Any]) -> Hyperparameter | None:
    name, kind = str(item["name"]), item["type"]
    if kind in ("constant", "unparametrized"):
        return None
    default = item.get("default_value", item.get("default"))
    if kind in ("categorical", "ordinal"):
        choices = item["choices"] if kind == "categorical" else item["sequence"]
        if len(choices) == 1:
            return None
        return Hyperparameter.categorical(name, choices, choices[0] if default is None else default)
    if kind not in NUMBERS:
        raise UserError(f"hyperparameter {name} has the type {kind!r}, which cannot be expressed")
    low, high = float(item["lower"]), float(item["upper"])
    if low == high:
        return None
    # A default is not always within the bounds of older files.
    inside = default if isinstance(default, (int, float)) and low <= default <= high else low
    if NUMBERS[kind] == "int":
        inside = round(inside)
    return Hyperparameter(name, NUMBERS[kind], low, high, inside, log=bool(item.get("log", False)))


def _add_condition(item: Mapping[str, Any], free: dict[str, Hyperparameter], notes: list[str]) -> None:
    """Give the child its condition; of a conjunction the part that its latest parent decides."""
    from dataclasses import replace

    kind = item["type"]
    if kind in ("AND", "OR"):
        parts = item.get("conditions", ())
        if kind == "OR" and len({part["parent"] for part in parts}) > 1:
            notes.append(f"when {item['child']} is active depends on several hyperparameters")
            return
        for part in parts:
            _add_condition({**part, "child": item["child"]}, free, notes)
        if len(parts) > 1:
            notes.append(f"of the conditions of {item['child']} the last one is used")
        return
    child, parent = str(item["child"]), str(item["parent"])
    if child not in free or parent not in free:
        return
    active = _active_values(kind, item, free[parent])
    if active is None:
        notes.append(f"the condition of {child} on {parent} ({kind}) cannot be expressed")
    elif active:
        free[child] = replace(free[child], condition=Condition(parent, tuple(active)))


def _active_values(kind: str, item: Mapping[str, Any], parent: Hyperparameter) -> list[Any] | None:
    if kind == "EQ":
        return [item["value"]]
    if kind == "IN":
        return list(item["values"])
    if parent.type == "categorical":
        possible: list[Any] = list(parent.choices)
    elif parent.type == "int":
        possible = list(range(int(parent.lower), int(parent.upper) + 1))
    else:
        return None
    value = item["value"]
    if kind == "NEQ":
        return [x for x in possible if x != value]
    if kind == "GT":
        return [x for x in possible if x > value]
    return [x for x in possible if x < value] if kind == "LT" else None
