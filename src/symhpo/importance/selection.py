"""The choice of the hyperparameters that matter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from symhpo.errors import UserError
from symhpo.importance.base import Importance, UnexplainedError
from symhpo.space import Space

__all__ = ["Choice", "top_hyperparameters"]

# Less than this share of the variance in main effects and pairs is within the error of the methods.
FEWEST_EXPLAINED = 0.05


@dataclass(frozen=True)
class Choice:
    """Chosen hyperparameters.

    Attributes
    ----------
    names : tuple of str
        In the space's order.
    share : float
        What they explain of the variance that main effects and pairs explain; see `Importance.share`.
    wanted : float
        The share that was asked for.
    method : str
    """

    names: tuple[str, ...]
    share: float
    wanted: float
    method: str

    def to_json(self) -> dict[str, Any]:
        """Return the choice as plain JSON data."""
        return asdict(self) | {"names": list(self.names)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Choice:
        """Return the choice that `to_json` described."""
        return cls(**data | {"names": tuple(data["names"])})

    @property
    def statement(self) -> str:
        """One line for the record."""
        reached = "as wanted" if self.share >= self.wanted else f"less than the {self.wanted:.0%} wanted"
        return (
            f"{', '.join(self.names)} explain {self.share:.1%} of the variance of main effects and "
            f"pairs ({self.method}), {reached}"
        )


def top_hyperparameters(importance: Importance, *, share: float = 0.9, at_most: int = 4) -> Choice:
    """Return the smallest set of hyperparameters that explains a share of the variance.

    Of sets of the same size the one that explains most is taken. Where no set of `at_most`
    explains the share, it is the best of that size. A conditional hyperparameter comes with the ones
    that it depends on, since without them it has no meaning.

    Parameters
    ----------
    importance : Importance
    share : float
        In (0, 1]; see `Importance.share`.
    at_most : int
        Largest size of the set; a number beyond that of the hyperparameters means all of them.

    Raises
    ------
    UserError
        If a parameter is out of its range, or no hyperparameter explains anything worth the name.
    """
    if not 0 < share <= 1:
        raise UserError(f"importance: the share of variance {share} is not in (0, 1]; set it to 0.9 or so")
    if at_most < 1:
        raise UserError(
            f"importance: at most {at_most} hyperparameters leave nothing; set at_most to 1 or more"
        )
    if 0 < importance.explained < FEWEST_EXPLAINED:
        raise UnexplainedError(
            f"main effects and pairs explain only {importance.explained:.1%} of the variance, so that no few "
            "hyperparameters matter; evaluate more trials, or look whether the cost is mostly noise"
        )
    best: tuple[str, ...] = ()
    for size in range(1, min(at_most, len(importance.names)) + 1):
        candidates = list(_closed_sets(importance.space, size))
        if not candidates:
            continue
        best = max(candidates, key=importance.share)
        if importance.share(best) >= share:
            break
    return Choice(best, importance.share(best), share, importance.method)


def _closed_sets(space: Space, size: int) -> Iterator[tuple[str, ...]]:
    parents = {h.name: h.condition.parent for h in space.hyperparameters if h.condition is not None}
    for names in itertools.combinations(space.names, size):
        if all(parents[name] in names for name in names if name in parents):
            yield names
