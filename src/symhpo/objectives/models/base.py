"""What a model is: a search space and how a classifier is built from a configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.errors import UserError
from symhpo.space import Configuration, Space, Value

__all__ = ["Classifier", "Model", "complete", "tuned_space"]


class Classifier(Protocol):
    """A scikit-learn style classifier."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Any:
        """Learn from rows and their labels."""

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return the labels of rows."""


@dataclass(frozen=True)
class Model(ABC):
    """A classifier whose hyperparameters are studied.

    A model is one subclass with its `search_space`, its `build`, and one file in ``conf/model``.

    Parameters
    ----------
    name : str
        The model's name in commands, folders and records.
    tuned : sequence of str, or "all"
        The hyperparameters that are tuned; the others keep their defaults.

    Raises
    ------
    UserError
        If a hyperparameter is unknown, or none is tuned.
    """

    name: str
    tuned: Sequence[str]

    search_space: ClassVar[Space]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tuned", tuned_space(self.name, self.search_space, self.tuned).names)

    @property
    def space(self) -> Space:
        """The space of the tuned hyperparameters."""
        return self.search_space.subset(self.tuned)

    @property
    def identity(self) -> dict[str, Any]:
        """Plain JSON data: all of the model that can change the cost of a configuration."""
        fixed = {h.name: h.default for h in self.search_space.hyperparameters if h.name not in self.tuned}
        return {"name": type(self).__name__, "space": self.space.to_json(), "fixed": fixed}

    def complete(self, configuration: Configuration) -> dict[str, Value]:
        """Return the configuration with the defaults of all other active hyperparameters.

        Raises
        ------
        UserError
            If the configuration has an unknown hyperparameter or a value out of bounds.
        """
        return complete(self.search_space, configuration)

    @abstractmethod
    def build(
        self,
        hyperparameters: dict[str, Any],
        *,
        n_features: int,
        n_classes: int,
        seed: int,
    ) -> Classifier:
        """Return the unfitted classifier of a complete configuration.

        Parameters
        ----------
        hyperparameters : dict
            The value of every active hyperparameter of the search space.
        n_features : int
            Number of columns after preprocessing.
        n_classes : int
        seed : int
        """


def tuned_space(name: str, space: Space, tuned: str | Sequence[str]) -> Space:
    """Return the space of the hyperparameters that are tuned, ``"all"`` or a list of names."""
    if tuned == "all":
        return space
    names = [tuned] if isinstance(tuned, str) else list(tuned)
    unknown = [n for n in names if n not in space.names]
    if unknown or not names:
        what = f"has no hyperparameter {', '.join(unknown)}" if unknown else "tunes nothing"
        own = ", ".join(space.names)
        raise UserError(f"model {name} {what}; set model.tuned to some of {own}, or to all")
    return space.subset(names)


def complete(space: Space, configuration: Configuration) -> dict[str, Value]:
    """Return a configuration with the defaults of the hyperparameters it leaves out, checked.

    Raises
    ------
    UserError
        If the configuration has a hyperparameter that the space lacks, or a value out of bounds.
    """
    X = space.to_array([{**space.defaults, **configuration}])
    return space.to_configurations(X)[0]
