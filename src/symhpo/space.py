"""Hyperparameters and the spaces they span: names, types, bounds, scales, conditions.

A set of configurations is a float64 array of shape ``(n, d)`` in true units, its columns in the
order of ``Space.names``. A categorical value is stored as the index of its choice, a
hyperparameter that its condition switches off as NaN.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.errors import UserError

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["Condition", "Configuration", "Hyperparameter", "Space", "Value"]

Value: TypeAlias = float | int | str | bool
Configuration: TypeAlias = Mapping[str, Value]
Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """A hyperparameter is active where its parent has one of some values."""

    parent: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter.

    Attributes
    ----------
    name : str
    type : {"float", "int", "categorical"}
    lower, upper : float
        Bounds in true units, both included; for a categorical 0 and the index of its last choice.
    log : bool
        Whether its own scale is logarithmic.
    default : float, int, str or bool
    choices : tuple
        The values of a categorical, empty otherwise.
    condition : Condition, optional
        When it is active; always, if there is none.
    """

    name: str
    type: Literal["float", "int", "categorical"]
    lower: float
    upper: float
    default: Value
    log: bool = False
    choices: tuple[Value, ...] = ()
    condition: Condition | None = None

    @classmethod
    def categorical(
        cls, name: str, choices: Sequence[Value], default: Value, condition: Condition | None = None
    ) -> Hyperparameter:
        """Return a categorical hyperparameter with the given choices."""
        return cls(
            name, "categorical", 0, len(choices) - 1, default, choices=tuple(choices), condition=condition
        )

    def __post_init__(self) -> None:
        bounds = f"hyperparameter {self.name}: the interval [{self.lower}, {self.upper}]"
        if not self.lower <= self.upper:
            raise UserError(f"{bounds} is empty; correct it in its search space")
        if self.log and self.lower <= 0:
            raise UserError(f"{bounds} must be positive for log: true; correct it in its search space")
        self.to_number(self.default)

    def to_number(self, value: Value) -> float:
        """Return a value as it stands in an array; raise UserError if it is not allowed."""
        if self.type == "categorical":
            if value not in self.choices:
                raise UserError(f"hyperparameter {self.name}: {value!r} is not one of {list(self.choices)}")
            return float(self.choices.index(value))
        # ConfigSpace and JSON round in the last digits, also at the bounds.
        slack = 1e-9 * max(abs(self.lower), abs(self.upper))
        if (
            isinstance(value, (str, bool))
            or not self.lower - slack <= value <= self.upper + slack
            or (self.type == "int" and value != int(value))
        ):
            raise UserError(
                f"hyperparameter {self.name}: {value!r} is not {self.type} in "
                f"[{self.lower:g}, {self.upper:g}]"
            )
        return float(value)

    def to_value(self, number: float) -> Value:
        """Return the value that stands in an array as `number`."""
        if self.type == "categorical":
            return self.choices[round(number)]
        return round(number) if self.type == "int" else float(number)

    def to_unit(self, x: Array) -> Array:
        """Map true units to ConfigSpace's vector scale: [0, 1], or the index of a choice."""
        if self.type == "categorical":
            return x
        low, high = self._scale(np.array([self.lower, self.upper]))
        if low == high:
            return np.where(np.isnan(x), np.nan, 0.0)
        return np.asarray((self._scale(x) - low) / (high - low))

    def from_unit(self, u: Array) -> Array:
        """Map ConfigSpace's vector scale to true units; integers are rounded as ConfigSpace does."""
        if self.type == "categorical":
            return np.round(u)
        low, high = self._scale(np.array([self.lower, self.upper]))
        x = u * (high - low) + low
        x = np.exp(x) if self.log else x
        x = np.round(x) if self.type == "int" else x
        return np.asarray(np.clip(x, self.lower, self.upper))

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw `n` values, uniform on the hyperparameter's own scale; every integer has its equal cell."""
        if self.type == "categorical":
            return rng.integers(len(self.choices), size=n).astype(np.float64)
        return self.quantile(rng.random(n))

    def quantile(self, u: Array) -> Array:
        """Return the quantiles at `u`, in [0, 1], of the distribution that `sample` draws from."""
        if self.type == "categorical":
            return np.minimum(np.floor(u * len(self.choices)), self.upper)
        margin = 0.5 if self.type == "int" else 0.0
        low, high = self._scale(np.array([self.lower - margin, self.upper + margin]))
        x = low + (high - low) * u
        x = np.exp(x) if self.log else x
        x = np.round(x) if self.type == "int" else x
        return np.asarray(np.clip(x, self.lower, self.upper))

    def grid(self, points: int) -> Array:
        """Return the protocol's axis of a test grid: midpoints of `points` cells on the own scale.

        Integer axes are truncated, made unique and get the upper bound appended; the axis of a
        categorical is its choices.
        """
        if self.type == "categorical":
            return np.arange(len(self.choices), dtype=np.float64)
        low, high = self._scale(np.array([self.lower, self.upper]))
        x = low + (np.arange(points) + 0.5) * (high - low) / points
        x = np.exp(x) if self.log else x
        if self.type == "int":
            x = np.unique(np.append(np.trunc(x), self.upper))
        return np.asarray(x)

    def _scale(self, x: Array) -> Array:
        return np.log(x) if self.log else x


@dataclass(frozen=True)
class Space:
    """A search space: hyperparameters in ConfigSpace's order (parents before their children, then by name).

    Attributes
    ----------
    hyperparameters : tuple of Hyperparameter

    Raises
    ------
    UserError
        If a name is there twice, or a hyperparameter is conditional on one that is not there or,
        through others, on itself.
    """

    hyperparameters: tuple[Hyperparameter, ...]

    def __init__(self, hyperparameters: Iterable[Hyperparameter]) -> None:
        by_name: dict[str, Hyperparameter] = {}
        for h in hyperparameters:
            if h.name in by_name:
                raise UserError(f"hyperparameter {h.name!r} is there twice; rename or remove one")
            by_name[h.name] = h
        ordered = sorted(by_name.values(), key=lambda h: (_generation(h, by_name), h.name))
        object.__setattr__(self, "hyperparameters", tuple(ordered))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the hyperparameters, in the order of an array's columns."""
        return tuple(h.name for h in self.hyperparameters)

    def __len__(self) -> int:
        return len(self.hyperparameters)

    def __getitem__(self, name: str) -> Hyperparameter:
        for hyperparameter in self.hyperparameters:
            if hyperparameter.name == name:
                return hyperparameter
        raise UserError(f"unknown hyperparameter {name!r}; there are {', '.join(self.names)}")

    @property
    def defaults(self) -> dict[str, Value]:
        """The default of every hyperparameter."""
        return {h.name: h.default for h in self.hyperparameters}

    def subset(self, names: Iterable[str]) -> Space:
        """Return the space of some of the hyperparameters.

        Raises
        ------
        UserError
            If a name is unknown, or a hyperparameter is taken without the one it is conditional on.
        """
        return Space([self[name] for name in names])

    def to_array(self, configurations: Iterable[Configuration]) -> Array:
        """Return configurations as an array of shape (n, d).

        Raises
        ------
        UserError
            If a configuration has an unknown hyperparameter, lacks an active one, or has a value
            out of bounds.
        """
        rows = [self._row(configuration) for configuration in configurations]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self))

    def to_configurations(self, X: ArrayLike) -> list[dict[str, Value]]:
        """Return an array's rows as configurations: integers as int, inactive hyperparameters left out."""
        return [
            {h.name: h.to_value(x) for h, x in zip(self.hyperparameters, row, strict=True) if not np.isnan(x)}
            for row in np.asarray(X, dtype=np.float64)
        ]

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw `n` configurations, uniform on the hyperparameters' own scales; shape (n, d).

        Every hyperparameter has a stream of its own, so that fewer configurations are a prefix of more.
        """
        streams = rng.spawn(len(self))
        X = np.empty((n, len(self)))
        for j, (h, stream) in enumerate(zip(self.hyperparameters, streams, strict=True)):
            X[:, j] = h.sample(n, stream)
        return self.deactivate(X)

    def quantile(self, U: Array) -> Array:
        """Return the quantiles at `U`, in [0, 1], shape (n, d), with every hyperparameter active."""
        return _columns([h.quantile(U[:, j]) for j, h in enumerate(self.hyperparameters)], len(U))

    def grid(self, points: int) -> Array:
        """Return the test grid: the product of the hyperparameters' axes (see `Hyperparameter.grid`)."""
        X = np.array(list(itertools.product(*(h.grid(points) for h in self.hyperparameters))))
        return _unique_rows(self.deactivate(X.reshape(-1, len(self))))

    def deactivate(self, X: Array) -> Array:
        """Return `X` with NaN where a hyperparameter's condition does not hold."""
        X = X.copy()
        for j, h in enumerate(self.hyperparameters):
            if h.condition is not None:
                parent = self[h.condition.parent]
                active = [parent.to_number(value) for value in h.condition.values]
                X[~np.isin(X[:, self.names.index(parent.name)], active), j] = np.nan
        return X

    def to_unit(self, X: ArrayLike) -> Array:
        """Map true units, shape (n, d), to the vectors that ConfigSpace and SMAC's models use."""
        X = np.asarray(X, dtype=np.float64)
        return _columns([h.to_unit(X[:, j]) for j, h in enumerate(self.hyperparameters)], len(X))

    def from_unit(self, U: ArrayLike) -> Array:
        """Map ConfigSpace's vectors, shape (n, d), to true units."""
        U = np.asarray(U, dtype=np.float64)
        return _columns([h.from_unit(U[:, j]) for j, h in enumerate(self.hyperparameters)], len(U))

    def features(self, X: ArrayLike) -> Array:
        """Return regression features: log10 of the log-scaled hyperparameters, the others as they are."""
        X = np.asarray(X, dtype=np.float64)
        return _columns(
            [np.log10(X[:, j]) if h.log else X[:, j] for j, h in enumerate(self.hyperparameters)], len(X)
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Return the space as plain JSON data."""
        return [_hyperparameter_to_json(h) for h in self.hyperparameters]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> Space:
        """Return the space that `to_json` described."""
        return cls([_hyperparameter_from_json(item) for item in data])

    def to_configspace(self, seed: int = 0) -> ConfigurationSpace:
        """Return the same space as ConfigSpace's class, with ConfigSpace's own sampler seeded."""
        from symhpo.configspace import to_configspace

        return to_configspace(self, seed)

    @classmethod
    def from_configspace(cls, configspace: ConfigurationSpace) -> Space:
        """Return ConfigSpace's space as ours; raise UserError for what it cannot express."""
        from symhpo.configspace import from_configspace

        return from_configspace(configspace)

    def _row(self, configuration: Configuration) -> list[float]:
        for name in configuration:
            self[name]
        row = []
        for h in self.hyperparameters:
            if not self._is_active(h, configuration):
                row.append(np.nan)
            elif h.name in configuration:
                row.append(h.to_number(configuration[h.name]))
            else:
                raise UserError(f"a configuration lacks the hyperparameter {h.name!r}")
        return row

    def _is_active(self, h: Hyperparameter, configuration: Configuration) -> bool:
        if h.condition is None:
            return True
        parent = self[h.condition.parent]
        return self._is_active(parent, configuration) and configuration.get(parent.name) in h.condition.values


def _generation(
    h: Hyperparameter, by_name: Mapping[str, Hyperparameter], descendants: tuple[str, ...] = ()
) -> int:
    if h.condition is None:
        return 0
    if h.name in descendants:
        raise UserError(f"hyperparameter {h.name!r} depends on itself; break the circle of conditions")
    if h.condition.parent not in by_name:
        raise UserError(f"hyperparameter {h.name!r} depends on {h.condition.parent!r}; tune both or neither")
    return 1 + _generation(by_name[h.condition.parent], by_name, (*descendants, h.name))


def _columns(columns: list[Array], n: int) -> Array:
    return np.column_stack(columns) if columns else np.empty((n, 0))


def _unique_rows(X: Array) -> Array:
    # np.unique takes NaNs of two rows for different values.
    seen = dict.fromkeys(tuple(None if np.isnan(x) else float(x) for x in row) for row in X)
    return np.array(list(seen), dtype=np.float64)


def _hyperparameter_to_json(h: Hyperparameter) -> dict[str, Any]:
    data: dict[str, Any] = {"name": h.name, "type": h.type, "default": h.default}
    if h.type == "categorical":
        data["choices"] = list(h.choices)
    else:
        data |= {"lower": h.lower, "upper": h.upper, "log": h.log}
    if h.condition is not None:
        data["condition"] = {"parent": h.condition.parent, "values": list(h.condition.values)}
    return data


def _hyperparameter_from_json(data: Mapping[str, Any]) -> Hyperparameter:
    condition = data.get("condition")
    active = Condition(condition["parent"], tuple(condition["values"])) if condition else None
    if data["type"] == "categorical":
        return Hyperparameter.categorical(data["name"], data["choices"], data["default"], active)
    return Hyperparameter(
        data["name"],
        data["type"],
        data["lower"],
        data["upper"],
        data["default"],
        log=data["log"],
        condition=active,
    )
