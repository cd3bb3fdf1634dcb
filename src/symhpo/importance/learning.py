"""A Gaussian process learned from trials that no optimiser's model stands behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from symhpo.sampling.optimizers.likelihood import MarginalLikelihood, bounds
from symhpo.sampling.surrogate import INACTIVE, Surrogate
from symhpo.seeds import generator
from symhpo.space import Space

__all__ = ["learn_surrogate"]

Array = NDArray[np.float64]

# Time grows with the cube of the number of trials; length scales take it hundreds of times.
MOST_TRIALS, MOST_TRIALS_OF_LENGTH_SCALES = 600, 300
# Logarithms of all length scales where searches begin, and the number of further, random beginnings.
FIRST_LENGTH_SCALES = (-1.0, 0.0, 1.0)
RANDOM_STARTS = 2
# Logarithm of the largest length scale. SMAC stays near 1, the width of the space; a hyperparameter
# that does nothing wants more.
LARGEST_LENGTH_SCALE = 3.0
FIRST_NOISE = -6.0


def learn_surrogate(space: Space, X: Array, y: Array, *, seed: int) -> Surrogate:
    """Return the Gaussian process, of SMAC's model family, that explains trials best.

    Parameters
    ----------
    space : Space
    X : array of shape (n, d)
        Configurations in true units. Of more than 600 a random part is used.
    y : array of shape (n,)
        Their costs, finite and not all equal.
    seed : int
    """
    rng = generator(seed, "surrogate")
    if len(y) > MOST_TRIALS_OF_LENGTH_SCALES:
        kept = rng.permutation(len(y))[:MOST_TRIALS]
        X, y = X[kept], y[kept]
    inputs = np.nan_to_num(space.to_unit(X), nan=INACTIVE)
    mean, std = float(np.mean(y)), float(np.std(y))
    targets = (y - mean) / std
    # In random order where there are more.
    part = slice(MOST_TRIALS_OF_LENGTH_SCALES)
    likelihood = MarginalLikelihood(
        inputs[part],
        targets[part],
        np.array([h.type == "categorical" for h in space.hyperparameters]),
        has_conditions=any(h.condition is not None for h in space.hyperparameters),
    )
    parameters = _fit(likelihood, len(space), rng)
    amplitude, noise = np.exp(parameters[[0, -1]]).tolist()
    return Surrogate.fitted(
        space,
        inputs,
        targets,
        amplitude=amplitude,
        length_scales=np.exp(parameters[1:-1]),
        # Equal configurations have a positive definite matrix with some noise only.
        noise=max(noise, 1e-8),
        cost_mean=mean,
        cost_std=std,
    )


def _fit(likelihood: MarginalLikelihood, d: int, rng: np.random.Generator) -> Array:
    """Return the logarithms of amplitude, length scales and noise that L-BFGS-B reaches."""
    from scipy.optimize import fmin_l_bfgs_b

    limits = bounds(d)
    limits[1:-1, 1] = LARGEST_LENGTH_SCALE
    starts = [np.array([0.0, *[scale] * d, FIRST_NOISE]) for scale in FIRST_LENGTH_SCALES]
    starts += [
        np.array([0.0, *rng.uniform(min(FIRST_LENGTH_SCALES), max(FIRST_LENGTH_SCALES), d), FIRST_NOISE])
        for _ in range(RANDOM_STARTS)
    ]
    optima = [fmin_l_bfgs_b(likelihood, start, bounds=limits.tolist()) for start in starts]
    return np.asarray(min(optima, key=lambda optimum: float(optimum[1]))[0])
