"""Random formulas of several kinds over random search spaces, and costs that follow them exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from symhpo.formula import Formula
from symhpo.regression.base import TrainingSet
from symhpo.seeds import generator
from symhpo.space import Hyperparameter, Space

__all__ = ["KINDS", "Case", "draw"]

Array = NDArray[np.float64]
Rng = np.random.Generator
# A formula's text over some hyperparameters; each decides how many of them it uses.
Shape = Callable[[Rng, Sequence[Hyperparameter]], str]

# Numbers of trials: the first cases of a kind have too few for any promise.
FEW, MANY = (2, 5, 12, 30), (80, 100, 130, 200, 300, 500)
# Configurations that formulas are scored on, beside the training set.
FRESH = 1000
# Type, bounds and scale of ordinary hyperparameters.
REAL = (
    ("float", 1e-5, 1.0, True),
    ("float", 1e-3, 1e3, True),
    ("float", 0.0, 1.0, False),
    ("float", 0.1, 0.9, False),
    ("float", -2.0, 5.0, False),
)
WHOLE = (("int", 1, 20, False), ("int", 8, 1024, True), ("int", 1, 10, False))
POSITIVE = tuple(axis for axis in REAL + WHOLE if axis[1] > 0)


@dataclass(frozen=True)
class Case:
    """A planted formula with its training set and other configurations to score it on.

    Attributes
    ----------
    kind : str
    planted : Formula
    training_set : TrainingSet
    fresh : array of shape (m, d)
    costs : array of shape (m,)
        What the planted formula gives there.
    scored : bool
        Whether the formula can be found: not where the costs hide it.
    """

    kind: str
    planted: Formula
    training_set: TrainingSet
    fresh: Array
    costs: Array
    scored: bool = True


def draw(kind: str, number: int) -> Case:
    """Return one case of a kind; the same number is the same case."""
    counts = (*FEW, *MANY)
    n = counts[number] if number < len(counts) else MANY[(number - len(FEW)) % len(MANY)]
    return KINDS[kind](kind, n, generator(0, "fuzz", kind, number))


def _space(rng: Rng, axes: Sequence[tuple[str, float, float, bool]], d: int) -> Space:
    chosen = [axes[k] for k in rng.integers(len(axes), size=d)]
    return Space(
        Hyperparameter(f"x{j}", "int" if type_ == "int" else "float", lower, upper, lower, log=log)
        for j, (type_, lower, upper, log) in enumerate(chosen)
    )


def _feature(h: Hyperparameter) -> tuple[str, float, float]:
    """Return a hyperparameter on its own scale, with its bounds there."""
    if h.log:
        return f"log10({h.name})", math.log10(h.lower), math.log10(h.upper)
    return h.name, h.lower, h.upper


def _sign(rng: Rng) -> float:
    return float(rng.choice([-1.0, 1.0]))


def _text(value: float) -> str:
    return f"({value:.10g})"


def _slope(rng: Rng, h: Hyperparameter) -> str:
    """Return a product of the feature that varies by 0.3 to 1 over the space."""
    f, low, high = _feature(h)
    return f"{_text(_sign(rng) * rng.uniform(0.3, 1.0) / (high - low))}*{f}"


def _centred(rng: Rng, h: Hyperparameter) -> str:
    f, low, high = _feature(h)
    return f"({f} - {_text(low + rng.uniform(0.2, 0.8) * (high - low))})"


def _number(rng: Rng) -> str:
    return _text(rng.uniform(0.1, 1.0))


def _power(rng: Rng, h: Hyperparameter, largest: float = 8.0) -> str:
    """Return a power that varies by a factor of 2 to `largest` over the space."""
    exponent = math.log(rng.uniform(2.0, largest)) / math.log(h.upper / h.lower)
    return f"{h.name}**{_text(_sign(rng) * exponent)}"


def sums(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A plane in up to four features."""
    return " + ".join([_number(rng), *(_slope(rng, h) for h in hs[: int(rng.integers(1, 5))])])


def products(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A monomial in up to three hyperparameters."""
    used = hs[: int(rng.integers(1, 4))]
    return "*".join([_number(rng), *(_power(rng, h, 8.0 ** (1 / len(used)) + 1) for h in used)])


def interactions(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A product of two features, each about a centre or not, beside a constant."""
    f, g = (_centred(rng, h) if rng.random() < 0.5 else _feature(h)[0] for h in hs[:2])
    spans = [high - low for _, low, high in map(_feature, hs[:2])]
    return f"{_number(rng)} + {_text(_sign(rng) * rng.uniform(0.5, 2.0) / math.prod(spans))}*{f}*{g}"


def quadratics(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A valley about a point, in one or two features."""
    terms = [_number(rng)]
    for h in hs[: int(rng.integers(1, 3))]:
        _, low, high = _feature(h)
        terms.append(f"{_text(rng.uniform(1.0, 3.0) / (high - low) ** 2)}*{_centred(rng, h)}**2")
    return " + ".join(terms)


def tanh(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A saturating function of one feature."""
    f, low, high = _feature(hs[0])
    slope = _sign(rng) * rng.uniform(2.0, 12.0) / (high - low)
    middle = low + rng.uniform(0.2, 0.8) * (high - low)
    height = _text(_sign(rng) * rng.uniform(0.1, 1.0))
    return f"{_number(rng)} + {height}*tanh({_text(-slope * middle)} + {_text(slope)}*{f})"


def logarithms(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A logarithm that sets in at some value of one hyperparameter, or of two."""
    used = hs[: int(rng.integers(1, 3))]
    inner = " + ".join(f"{_text(10 ** rng.uniform(0.5, 3.0) / h.upper)}*{h.name}" for h in used)
    return f"{_number(rng)} + {_text(_sign(rng) * rng.uniform(0.1, 0.5))}*log10(1 + {inner})"


def ratios(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A quotient of hyperparameters, or of sums with them."""
    x = hs[0]
    half = _text(x.lower + (x.upper - x.lower) * rng.uniform(0.1, 0.8))
    form = int(rng.integers(3 if len(hs) > 1 else 2))
    if form == 0:
        return f"{_number(rng)} + {_number(rng)}*{x.name}/({x.name} + {half})"
    if form == 1:
        return f"{_number(rng)} + {_text(rng.uniform(0.1, 1.0) * x.upper)}/({x.name} + {half})"
    top = f"({_number(rng)} + {_text(rng.uniform(0.5, 2.0) / hs[1].upper)}*{hs[1].name})"
    return f"{top}/({x.name} + {half})"


def plateaus(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    """A slope cut off on one side or both, a plane cut off, a valley of two slopes."""
    f, low, high = _feature(hs[0])
    at = np.sort(low + np.array([rng.uniform(0.2, 0.45), rng.uniform(0.55, 0.8)]) * (high - low))
    slope = _sign(rng) * rng.uniform(0.5, 2.0) / (high - low)
    base = float(rng.uniform(0.1, 1.0))
    floor, ceiling = sorted(base + slope * (at - at[0]))
    ramp = f"{_text(base - slope * at[0])} + {_text(slope)}*{f}"
    form = int(rng.integers(5 if len(hs) > 1 else 4))
    if form < 2:
        return f"Max({_text(floor)}, {ramp})" if form else f"Min({_text(ceiling)}, {ramp})"
    if form == 2:
        return f"Min({_text(ceiling)}, Max({_text(floor)}, {ramp}))"
    if form == 3:
        other = -slope * rng.uniform(0.3, 2.0)
        return f"Max({ramp}, {_text(base - other * at[0])} + {_text(other)}*{f})"
    return f"Max({_text(floor)}, {ramp} + {_text(0.5 * slope * (high - low))}*{_centred01(hs[1])})"


def _centred01(h: Hyperparameter) -> str:
    """Return a feature scaled to run from -1/2 to 1/2."""
    f, low, high = _feature(h)
    return f"({_text(1 / (high - low))}*{f} - {_text(low / (high - low) + 0.5)})"


ORDINARY = (sums, interactions, quadratics, plateaus)


def _ordinary(rng: Rng, hs: Sequence[Hyperparameter]) -> str:
    return ORDINARY[int(rng.integers(len(ORDINARY)))](rng, hs)


def _case(kind: str, n: int, rng: Rng, space: Space, text: str) -> Case:
    planted = Formula.parse(text, space.names)
    X, fresh = space.sample(n, rng), space.sample(FRESH, rng)
    training_set = TrainingSet(space, X, planted.evaluate(X), n)
    return Case(kind, planted, training_set, fresh, planted.evaluate(fresh))


def _of(
    shape: Shape,
    axes: Sequence[tuple[str, float, float, bool]] = REAL + WHOLE,
    dimensions: tuple[int, int] = (1, 4),
    costs: Callable[[Rng, str], str] = lambda _, text: text,
) -> Callable[[str, int, Rng], Case]:
    """Return the kind of a shape over random spaces of some axes, its costs in other units if need be."""

    def drawn(kind: str, n: int, rng: Rng) -> Case:
        d = int(rng.integers(dimensions[0], dimensions[1] + 1))
        space = _space(rng, axes, max(2, d) if shape in (interactions, _ordinary) else d)
        hs = [space.hyperparameters[j] for j in rng.permutation(len(space))]
        return _case(kind, n, rng, space, costs(rng, shape(rng, hs)))

    return drawn


def _duplicates(kind: str, n: int, rng: Rng) -> Case:
    """Most rows are there several times, as an optimiser repeats its best configurations."""
    case = _of(_ordinary)(kind, n, rng)
    rows = np.r_[np.arange(n), rng.choice(max(1, n // 10), size=n)]
    t = case.training_set
    return replace(case, training_set=TrainingSet(t.space, t.X[rows], t.y[rows], len(rows)))


def _outlier(kind: str, n: int, rng: Rng) -> Case:
    """One cost is a million higher: the formula cannot be told from squared errors."""
    case = _of(_ordinary)(kind, n, rng)
    y = case.training_set.y.copy()
    y[int(rng.integers(n))] += 1e6
    return replace(case, training_set=replace(case.training_set, y=y), scored=False)


def _constant(kind: str, n: int, rng: Rng) -> Case:
    """All costs are equal, or differ by the last digit; or all configurations are equal."""
    case = _of(_ordinary)(kind, n, rng)
    t, form = case.training_set, int(rng.integers(3))
    if form == 2:
        return replace(case, training_set=replace(t, X=t.X[[0] * n], y=t.y), scored=False)
    y = np.full(n, t.y[0])
    if form == 1:
        y[rng.integers(n)] = np.nextafter(y[0], 2)
    return replace(case, training_set=replace(t, y=y), scored=False)


def _categoricals(kind: str, n: int, rng: Rng) -> Case:
    """A formula for each choice of a categorical, or one with an addend for a choice."""
    numbers = _space(rng, REAL + WHOLE, int(rng.integers(2, 4)))
    choices = ("rbf", "poly", "linear")[: int(rng.integers(2, 4))]
    kernel = Hyperparameter.categorical("kernel", choices, choices[0])
    shapes = [(plateaus, sums)[int(rng.integers(2))](rng, numbers.hyperparameters[:2]) for _ in choices]
    last = len(choices) - 1
    if rng.random() < 0.5:
        pieces = [f"({s}, Eq(kernel, {k}))" for k, s in enumerate(shapes[:last])]
        text = f"Piecewise({', '.join(pieces)}, ({shapes[last]}, True))"
    else:
        text = f"{shapes[0]} + {_number(rng)}*Piecewise((1, Eq(kernel, 0)), (0, True))"
    return _case(kind, n, rng, Space([kernel, *numbers.hyperparameters]), text)


def _scaled(rng: Rng, text: str) -> str:
    return f"{10 ** rng.uniform(-12, 12):.6g}*({text})"


def _offset(rng: Rng, text: str) -> str:
    return f"{_sign(rng) * 10 ** rng.uniform(3, 6):.6g} + {text}"


def _near_constant(rng: Rng, text: str) -> str:
    return f"{_number(rng)} + {10 ** rng.uniform(-9, -5):.6g}*({text})"


NARROW = tuple(
    (type_, lower, lower + width, log)
    for type_, lower, width, log in (
        ("float", 0.5, 1e-3, False),
        ("float", 100.0, 1e-3, False),
        ("float", 0.0, 1e-7, False),
        ("float", 1.0, 0.02, True),
    )
)
ODD = (
    ("float", 0.0, 3e-9, False),
    ("float", 2e7, 5e9, False),
    ("float", 1e-13, 1e-6, True),
    ("float", 1e5, 1e11, True),
    ("float", -4e8, 1e9, False),
    ("int", 1, 2_000_000, False),
)

KINDS: Mapping[str, Callable[[str, int, Rng], Case]] = {
    "sums": _of(sums),
    "products": _of(products, POSITIVE),
    "interactions": _of(interactions),
    "quadratics": _of(quadratics),
    "plateaus": _of(plateaus),
    "tanh": _of(tanh, dimensions=(1, 3)),
    "log10(1 + ...)": _of(logarithms, POSITIVE, (1, 3)),
    "ratios": _of(ratios, POSITIVE, (1, 3)),
    "six hyperparameters": _of(_ordinary, dimensions=(5, 6)),
    "integers": _of(_ordinary, WHOLE),
    "categoricals": _categoricals,
    "duplicated rows": _duplicates,
    "narrow ranges": _of(_ordinary, NARROW, (1, 3)),
    "odd units": _of(_ordinary, ODD, (1, 3)),
    "scaled costs": _of(_ordinary, costs=_scaled),
    "large offsets": _of(_ordinary, costs=_offset),
    "near-constant costs": _of(_ordinary, costs=_near_constant),
    "constant costs": _constant,
    "an outlier of 1e6": _outlier,
}
