"""Formulas of two or three hyperparameters hidden among more, to see whether they are found again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula
from symhpo.space import Hyperparameter, Space

__all__ = ["PLANTED", "Planted"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Planted:
    """A formula over hyperparameters a, b, c of five to eight, the others of which matter little.

    Attributes
    ----------
    text : str
        Over a (linear), b (logarithmic) and c (an integer).
    n_others : int
        Hyperparameters d0, d1, … that together change the cost by `nuisance`.
    nuisance : float
        Standard deviation of their effect, in units of that of the formula.
    """

    text: str
    n_others: int = 4
    nuisance: float = 0.1

    @cached_property
    def space(self) -> Space:
        """The formula's hyperparameters and the others."""
        others = [Hyperparameter(f"d{k}", "float", 0.0, 1.0, 0.5) for k in range(self.n_others)]
        return Space(
            [
                Hyperparameter("a", "float", 0.0, 1.0, 0.5),
                Hyperparameter("b", "float", 1e-4, 1.0, 1e-2, log=True),
                Hyperparameter("c", "int", 1, 10, 5),
                *others,
            ]
        )

    def cost(self, X: Array) -> Array:
        """Return the cost of configurations, shape (n,)."""
        names = [self.space.names.index(name) for name in ("a", "b", "c")]
        others = [j for j, name in enumerate(self.space.names) if name.startswith("d")]
        # The others: a sum of centred linear effects, of standard deviation 1.
        effect = (X[:, others] - 0.5).sum(axis=1) * np.sqrt(12 / len(others))
        return np.asarray(self._formula.evaluate(X[:, names]) + self.nuisance * self._spread * effect)

    @cached_property
    def _formula(self) -> Formula:
        return Formula.parse(self.text, ("a", "b", "c"))

    @cached_property
    def _spread(self) -> float:
        X = self.space.subset(["a", "b", "c"]).sample(2000, np.random.default_rng(0))
        return float(np.std(self._formula.evaluate(X)))


PLANTED = (
    Planted("0.2 + 0.5*a + 0.1*log10(b)"),
    Planted("0.1 + 0.08*Max(0, -2 - log10(b)) + 0.3*a", n_others=2),
    Planted("0.3 + 0.4*(a - 0.6)**2 - 0.03*log10(b)", n_others=3),
    Planted("0.5 + 0.1*a*log10(b)", n_others=5),
    Planted("Max(0.1, 0.05*c - 0.3*a)", n_others=2),
    Planted("0.6 - 0.4*tanh(2*a + 0.6*log10(b))"),
    Planted("0.2 + Min(0.3, 0.1*c*a)", n_others=3),
    Planted("0.05*c - 0.08*log10(b)*a", n_others=2),
)
