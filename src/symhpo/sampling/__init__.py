"""Sampling: SMAC's trials and surrogates, random trials, and the strategies that make training sets."""

from symhpo.sampling.bo import BoSamples, SmacResult, SmacRun, bo_runs, run_smac, sample_bo
from symhpo.sampling.optimizers import Optimizer, Smac, SmacFast
from symhpo.sampling.random import RandomSamples, random_queries, sample_random
from symhpo.sampling.strategies import Bo, BoGp, Random, Strategy
from symhpo.sampling.surrogate import Surrogate
from symhpo.sampling.trials import Trials

__all__ = [
    "Bo",
    "BoGp",
    "BoSamples",
    "Optimizer",
    "Random",
    "RandomSamples",
    "Smac",
    "SmacFast",
    "SmacResult",
    "SmacRun",
    "Strategy",
    "Surrogate",
    "Trials",
    "bo_runs",
    "random_queries",
    "run_smac",
    "sample_bo",
    "sample_random",
]
