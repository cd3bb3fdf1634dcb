"""Uniformly sampled configurations with their true cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from symhpo.errors import UserError
from symhpo.objectives import EvaluationTable, Objective, evaluate_many
from symhpo.sampling.trials import Trials
from symhpo.seeds import generator
from symhpo.seeds import seed as named_seed
from symhpo.space import Configuration, Space

__all__ = ["RandomSamples", "random_queries", "sample_random"]


@dataclass(frozen=True)
class RandomSamples:
    """Random configurations, those of a smaller size being the first of a larger one.

    Attributes
    ----------
    space : Space
    seed : int
        The run's.
    all_trials : Trials
    """

    space: Space
    seed: int
    all_trials: Trials

    def trials(self, size: int) -> Trials:
        """Return the first `size` trials."""
        if size > len(self.all_trials):
            raise UserError(f"there are {len(self.all_trials)} random trials, not {size}; raise budget")
        return self.all_trials.first(size)

    def save(self, folder: Path) -> None:
        """Write the trials as Parquet."""
        self.all_trials.save(folder / "trials.parquet", self.space)

    @classmethod
    def load(cls, folder: Path, space: Space, seed: int) -> RandomSamples:
        """Read what `save` wrote, sampled in this space under this seed."""
        return cls(space, seed, Trials.load(folder / "trials.parquet", space))


def random_queries(space: Space, n: int, seed: int) -> list[tuple[Configuration, int]]:
    """Return the `n` random configurations of a run's seed, each with the seed of its evaluation."""
    configurations = space.to_configurations(space.sample(n, generator(seed, "random")))
    return [(c, named_seed(seed, "random", index)) for index, c in enumerate(configurations)]


def sample_random(
    objective: Objective,
    n: int,
    *,
    seed: int,
    workers: int,
    journal_dir: Path,
    table: EvaluationTable | None = None,
    what: str = "random configurations",
) -> RandomSamples:
    """Evaluate `n` configurations, uniform on the hyperparameters' own scales, in parallel.

    Parameters
    ----------
    objective : Objective
    n : int
    seed : int
        The run's seed, from which those of sampling and of every evaluation are derived.
    workers : int
        Number of processes; 0 stays in this one.
    journal_dir : Path
        Folder that keeps finished evaluations; none is repeated.
    table : EvaluationTable, optional
        What it holds is not evaluated.
    what : str
        The work's name in the progress display.
    """
    space = objective.space
    configurations, seeds = zip(*random_queries(space, n, seed), strict=True) if n else ((), ())
    outcomes = evaluate_many(
        objective, configurations, seeds, workers=workers, journal_dir=journal_dir, table=table, what=what
    )
    return RandomSamples(space, seed, Trials.of(space, configurations, seeds, outcomes))
