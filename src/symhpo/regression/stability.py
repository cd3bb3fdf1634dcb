"""How sure a formula is: a bootstrap over the evaluations and seeds behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symhpo import seeds
from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.regression.base import Regressor, Selection, TrainingSet
from symhpo.regression.constants import Parametrised

if TYPE_CHECKING:
    from symhpo.sampling.surrogate import Surrogate

__all__ = ["Estimate", "Stability", "stability"]

Array: TypeAlias = NDArray[np.float64]

N_HELD_OUT = 1000


@dataclass(frozen=True)
class Estimate:
    """A number with a percentile interval over bootstrap samples."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.lower:.4g}, {self.upper:.4g}]"


@dataclass(frozen=True)
class Stability:
    """What a bootstrap says of a formula.

    Attributes
    ----------
    template : str
        The formula with ``c0``, ``c1``, ... in the place of its constants.
    held_out : {"surrogate labels", "out of bag"}
        What errors are measured on: new uniform configurations, labelled by the surrogate that
        labelled the training set, or, where there is none, the rows that a sample leaves out.
    level : float
        Probability that an interval covers.
    n_samples : int
        Bootstrap samples on which the constants were fitted again, the structure kept.
    n_not_finite : int
        Those of them after which the formula has no finite value on what is held out; they are in no
        interval of an error.
    rmse : Estimate or None
        On what is held out. The value is the formula's own; out of bag, the samples' median. None if
        no sample left a finite one.
    constants : mapping of str to Estimate
        By their names in the template. Constants that can make up for each other, such as a factor
        and all that it multiplies, have wide intervals.
    n_refits : int
        Bootstrap samples on which the engine ran again, each with another seed.
    refit_rmse : Estimate or None
        Of the formulas chosen then, their median as the value; None without refits.
    disagreement : Estimate or None
        RMSE between the values of the formulas chosen then and of this one on uniform configurations,
        divided by the standard deviation of this one's; their median as the value. Formulas of
        different structure can describe the same surface.
    n_same_structure : int
        How often the formula chosen then had the same structure, constants aside.
    n_same_structure_on_front : int
        How often any formula of the front had it.
    """

    template: str
    held_out: str
    level: float
    n_samples: int
    n_not_finite: int
    rmse: Estimate | None
    constants: Mapping[str, Estimate]
    n_refits: int
    refit_rmse: Estimate | None
    disagreement: Estimate | None
    n_same_structure: int
    n_same_structure_on_front: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stability:
        """Return what `to_json` described."""
        errors = {
            name: Estimate(**data[name]) if data[name] is not None else None
            for name in ("rmse", "refit_rmse", "disagreement")
        }
        constants = {name: Estimate(**constant) for name, constant in data["constants"].items()}
        return cls(**{**data, **errors, "constants": constants})

    def describe(self) -> str:
        """Return the result as lines of text."""
        lines = [
            f"{self.template}   ({self.level:.0%} intervals, {self.n_samples} bootstrap samples)",
            f"  RMSE, {self.held_out}: {self.rmse or 'not finite'}",
            *(f"  {name} = {constant}" for name, constant in self.constants.items()),
        ]
        if self.n_not_finite:
            lines.append(f"  not finite after {self.n_not_finite} samples")
        if self.n_refits:
            lines += [
                f"  engine run again on {self.n_refits} samples: RMSE {self.refit_rmse or 'not finite'}",
                f"  difference from this formula / its spread: {self.disagreement or 'undefined'}",
                f"  same structure chosen {self.n_same_structure} times, on the front "
                f"{self.n_same_structure_on_front} times",
            ]
        return "\n".join(lines)


def stability(
    formula: Formula,
    regressor: Regressor,
    training_set: TrainingSet,
    selection: Selection,
    *,
    seed: int,
    n_samples: int = 200,
    n_refits: int = 10,
    level: float = 0.9,
) -> Stability:
    """Bootstrap a formula (percentile intervals, Efron and Tibshirani 1993, chapter 13).

    What is drawn, with replacement, are the true evaluations. Where a surrogate labelled the
    training set, it is conditioned on the evaluations drawn, its kernel kept, and labels the
    training configurations anew; else the evaluations are the rows of the training set.

    Parameters
    ----------
    formula : Formula
        Chosen from the front that the regressor found on the training set.
    regressor, training_set, selection
        What it came from.
    seed : int
        Every draw, and every seed of the engine, is derived from it.
    n_samples : int
        Bootstrap samples for the intervals of the error and of the constants.
    n_refits : int
        Runs of the engine; each costs a fit.
    level : float
        Probability that the intervals cover, in (0, 1).

    Raises
    ------
    UserError
        If there are fewer than two evaluations, or an engine refuses a sample.
    """
    if training_set.n_evaluations < 2:
        raise UserError("a bootstrap needs at least two evaluations; set bootstrap=0")
    resample = _Resampling(training_set, seed)
    parametrised = Parametrised(formula)
    constants, errors = [], []
    for i in range(n_samples):
        sample, test = resample(i)
        constants.append(parametrised.fit(sample.X, sample.y))
        errors.append(_rmse(parametrised.evaluate(test.X, constants[-1]), test.y))
    refits = [
        _Refit.of(regressor, selection, *resample(i), seed=seeds.seed(seed, "stability", "engine", i))
        for i in range(n_refits)
    ]
    held_out = resample.held_out
    points = training_set.space.sample(N_HELD_OUT, seeds.generator(seed, "stability", "points"))
    values = formula.evaluate(points)
    spread = float(np.std(values)) or np.nan
    own_rmse = None if held_out is None else _rmse(formula.evaluate(held_out.X), held_out.y)
    return Stability(
        template=parametrised.template.text,
        held_out="out of bag" if held_out is None else "surrogate labels",
        level=level,
        n_samples=n_samples,
        n_not_finite=int(np.count_nonzero(~np.isfinite(errors))),
        rmse=_estimate(errors, level, own_rmse),
        constants={
            name: Estimate(float(value), *_interval(samples, level))
            for name, samples, value in zip(
                parametrised.names, np.transpose(constants), parametrised.constants, strict=True
            )
        },
        n_refits=n_refits,
        refit_rmse=_estimate([refit.rmse for refit in refits], level),
        disagreement=_estimate(
            [_rmse(refit.formula.evaluate(points), values) / spread for refit in refits], level
        ),
        n_same_structure=sum(refit.formula.structure == formula.structure for refit in refits),
        n_same_structure_on_front=sum(formula.structure in refit.structures for refit in refits),
    )


class _Resampling:
    """Bootstrap samples of a training set, the same one for the same number.

    Attributes
    ----------
    held_out : TrainingSet or None
        What errors are measured on; None where it is what each sample leaves out.
    """

    def __init__(self, training_set: TrainingSet, seed: int) -> None:
        self.training_set = training_set
        self.seed = seed
        self.held_out: TrainingSet | None = None
        surrogate, space = training_set.surrogate, training_set.space
        if surrogate is not None and surrogate.space == space:
            X = space.sample(N_HELD_OUT, seeds.generator(seed, "stability", "held out"))
            self.held_out = replace(training_set, X=X, y=surrogate.predict(X)[0])

    def __call__(self, i: int) -> tuple[TrainingSet, TrainingSet]:
        """Return a sample, and what errors are measured on."""
        rng = seeds.generator(self.seed, "stability", i)
        if self.held_out is not None and self.training_set.surrogate is not None:
            surrogate = _resampled(self.training_set.surrogate, rng)
            y = surrogate.predict(self.training_set.X)[0]
            return replace(self.training_set, y=y, surrogate=surrogate), self.held_out
        n = len(self.training_set.y)
        drawn, left_out = _draw(n, rng)
        return self._rows(drawn), self._rows(left_out)

    def _rows(self, rows: NDArray[np.intp]) -> TrainingSet:
        return replace(self.training_set, X=self.training_set.X[rows], y=self.training_set.y[rows])


def _draw(n: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw n of n rows with replacement; return them and those left out, of which there are some."""
    left_out = np.array([], dtype=np.intp)
    while len(left_out) == 0:
        drawn = rng.integers(n, size=n)
        left_out = np.setdiff1d(np.arange(n), drawn)
    return drawn, left_out


def _resampled(surrogate: Surrogate, rng: np.random.Generator) -> Surrogate:
    """Return the surrogate conditioned on a bootstrap sample of its evaluations."""
    # An evaluation drawn twice says no more than once: the noise is far below the signal.
    rows = np.unique(_draw(len(surrogate.targets), rng)[0])
    return surrogate.fitted(
        surrogate.space,
        surrogate.inputs[rows],
        surrogate.targets[rows],
        amplitude=surrogate.amplitude,
        length_scales=surrogate.length_scales,
        noise=surrogate.noise,
        cost_mean=surrogate.cost_mean,
        cost_std=surrogate.cost_std,
    )


@dataclass(frozen=True)
class _Refit:
    """What the engine finds on a bootstrap sample: the formula chosen, its error, all structures found."""

    formula: Formula
    rmse: float
    structures: frozenset[str]

    @classmethod
    def of(
        cls, regressor: Regressor, selection: Selection, sample: TrainingSet, test: TrainingSet, *, seed: int
    ) -> _Refit:
        front = regressor.fit(sample, seed=seed)
        formula = selection(front, sample).formula
        structures = frozenset(member.formula.structure for member in front.members)
        return cls(formula, _rmse(formula.evaluate(test.X), test.y), structures)


def _rmse(values: Array, y: Array) -> float:
    return float(np.sqrt(np.mean((values - y) ** 2)))


def _estimate(samples: Sequence[float], level: float, value: float | None = None) -> Estimate | None:
    """Return a value, by default the median, with its interval; None if no sample is finite."""
    finite = np.array(samples)[np.isfinite(samples)]
    if len(finite) == 0 or not np.isfinite(value or 0.0):
        return None
    return Estimate(float(np.median(finite)) if value is None else value, *_interval(finite, level))


def _interval(samples: Array, level: float) -> tuple[float, float]:
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
