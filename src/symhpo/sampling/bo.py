"""Bayesian optimisation: SMAC's trials, and its surrogate at every size of the study.

SMAC starts from a Sobol design of min(8 d, n / 4) configurations, so a run of n trials is the
beginning of a longer one only where both have the same design. The evaluation of trial i has the
seed ``seed(run_seed, "bo", i)`` in every SMAC run of a seed: the designs' common beginning, the same
configurations under the same seeds, is evaluated once.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symhpo.errors import UserError
from symhpo.objectives import EvaluationTable, Journal, Objective, Outcome, evaluate
from symhpo.parallel import Failure
from symhpo.progress import progress
from symhpo.sampling.optimizers import Optimizer
from symhpo.sampling.surrogate import Surrogate
from symhpo.sampling.trials import Trials
from symhpo.seeds import seed as named_seed
from symhpo.space import Configuration, Space

if TYPE_CHECKING:
    from smac import BlackBoxFacade, Scenario
    from smac.runhistory import TrialInfo

__all__ = ["BoSamples", "SmacResult", "SmacRun", "bo_runs", "run_smac", "sample_bo"]

logger = logging.getLogger(__name__)

INDEX = "runs.json"
DESIGN_PER_HYPERPARAMETER = 8
DESIGN_RATIO = 0.25
# What SMAC is told of a failed evaluation while none has succeeded.
FIRST_CRASH_COST = 1.0


@dataclass(frozen=True)
class SmacRun:
    """One run of SMAC.

    Attributes
    ----------
    n_trials : int
    sizes : tuple of int
        Numbers of trials, rising, for which this run stands: it begins like a run of each of them.
    """

    n_trials: int
    sizes: tuple[int, ...]


def bo_runs(sizes: Iterable[int], n_hyperparameters: int) -> list[SmacRun]:
    """Return the SMAC runs that give the trials and the surrogate for every size.

    Raises
    ------
    UserError
        If there is no size, or one below 2: SMAC has no surrogate before its second trial.
    """
    by_design: dict[int, list[int]] = {}
    for size in sorted(set(sizes)):
        if size < 2:
            raise UserError(f"size {size} is too small for SMAC; set sizes to 2 or more")
        by_design.setdefault(_design_size(size, n_hyperparameters), []).append(size)
    if not by_design:
        raise UserError("there are no sizes; set sizes to one or more numbers of trials")
    return [SmacRun(group[-1], tuple(group)) for group in by_design.values()]


@dataclass(frozen=True)
class SmacResult:
    """What a SMAC run gave.

    Attributes
    ----------
    run : SmacRun
    trials : Trials
    surrogates : dict
        For each of the run's sizes, the model that SMAC held when it had seen all trials but the last.
    overhead_seconds : float
        CPU time beside the evaluations.
    """

    run: SmacRun
    trials: Trials
    surrogates: dict[int, Surrogate]
    overhead_seconds: float

    def save(self, folder: Path, space: Space) -> dict[str, Any]:
        """Write Parquet for the trials and NPZ for the surrogates; return the rest as plain JSON data."""
        self.trials.save(folder / f"trials_{self.run.n_trials}.parquet", space)
        for size, surrogate in self.surrogates.items():
            surrogate.save(folder / f"surrogate_{size}.npz")
        return asdict(self.run) | {"overhead_seconds": self.overhead_seconds}

    @classmethod
    def load(cls, folder: Path, space: Space, entry: dict[str, Any]) -> SmacResult:
        """Read what `save` wrote and returned."""
        run = SmacRun(entry["n_trials"], tuple(entry["sizes"]))
        trials = Trials.load(folder / f"trials_{run.n_trials}.parquet", space)
        surrogates = {size: Surrogate.load(folder / f"surrogate_{size}.npz") for size in run.sizes}
        return cls(run, trials, surrogates, entry["overhead_seconds"])


@dataclass(frozen=True)
class BoSamples:
    """The outcome of all SMAC runs of a seed.

    Attributes
    ----------
    space : Space
    seed : int
        The run's, which is SMAC's.
    results : tuple of SmacResult
    """

    space: Space
    seed: int
    results: tuple[SmacResult, ...]

    def trials(self, size: int) -> Trials:
        """Return the `size` trials of a SMAC run of that many."""
        return self._result(size).trials.first(size)

    def surrogate(self, size: int) -> Surrogate:
        """Return SMAC's model when it had seen `size` trials but for the last."""
        return self._result(size).surrogates[size]

    def save(self, folder: Path) -> None:
        """Write the results, and an index of them."""
        index = [result.save(folder, self.space) for result in self.results]
        (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, space: Space, seed: int) -> BoSamples:
        """Read what `save` wrote, sampled in this space under this seed."""
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return cls(space, seed, tuple(SmacResult.load(folder, space, entry) for entry in index))

    def _result(self, size: int) -> SmacResult:
        for result in self.results:
            if size in result.run.sizes:
                return result
        sizes = sorted(size for result in self.results for size in result.run.sizes)
        raise UserError(f"there is no SMAC run for size {size}; there are {sizes}")


def sample_bo(
    objective: Objective,
    optimizer: Optimizer,
    sizes: Sequence[int],
    *,
    seed: int,
    journal_dir: Path,
    table: EvaluationTable | None = None,
    what: str = "BO",
) -> BoSamples:
    """Run SMAC as often as the sizes need.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
    sizes : sequence of int
        Numbers of trials.
    seed : int
        SMAC's seed, from which the evaluations' are derived.
    journal_dir : Path
        Folder that keeps finished evaluations: started again, none is repeated, and the trials are
        those of an undisturbed run.
    table : EvaluationTable, optional
        A trial that it holds is not evaluated; if that is all, no data are loaded.
    what : str
        The work's name in the progress display.

    Raises
    ------
    UserError
        If the search space has fewer configurations than trials.
    """
    results = [
        run_smac(
            objective,
            optimizer,
            run,
            seed=seed,
            journal_dir=journal_dir,
            table=table,
            what=f"{what}, {run.n_trials}",
        )
        for run in bo_runs(sizes, len(objective.space))
    ]
    return BoSamples(objective.space, seed, tuple(results))


def run_smac(
    objective: Objective,
    optimizer: Optimizer,
    run: SmacRun,
    *,
    seed: int,
    journal_dir: Path,
    table: EvaluationTable | None = None,
    what: str = "BO",
) -> SmacResult:
    """Run SMAC once; see `sample_bo`.

    An evaluation that fails is a trial without a cost. SMAC is told that it crashed, at the worst
    cost so far.
    """
    from threadpoolctl import threadpool_limits

    evaluations = _Evaluations(objective, seed, Journal(journal_dir), table or EvaluationTable(None))
    surrogates = {}
    started = time.process_time()
    # The last digits of a factorisation depend on the number of threads.
    with threadpool_limits(limits=1), _scenario(objective.space, run.n_trials, seed, journal_dir) as scenario:
        smac, model = optimizer.build(scenario)
        for size in progress(range(1, run.n_trials + 1), what, run.n_trials):
            info = _ask(smac, size)
            if size in run.sizes:
                surrogates[size] = model.surrogate(objective.space)
            smac.tell(info, evaluations.next(info.config), save=False)
    overhead = time.process_time() - started - evaluations.cpu_seconds
    if evaluations.n_found:
        logger.info(
            "%s: %d of %d evaluations are from %s",
            what,
            evaluations.n_found,
            run.n_trials,
            evaluations.table.folder,
        )
    return SmacResult(run, evaluations.trials, surrogates, overhead)


class _Evaluations:
    """The evaluations of one SMAC run, none done twice over all processes that share a journal."""

    def __init__(self, objective: Objective, run_seed: int, journal: Journal, table: EvaluationTable) -> None:
        self._objective = objective
        self._run_seed = run_seed
        self._journal = journal
        self._known = journal.read()
        self.table = table
        self.n_found = 0
        self._done: list[tuple[Configuration, int, Outcome]] = []
        self.cpu_seconds = 0.0

    def next(self, smac_configuration: Any) -> Any:
        """Evaluate the configuration of the next trial and return what SMAC is told of it."""
        from smac.runhistory import StatusType, TrialValue

        configuration = _plain(self._objective.space, smac_configuration)
        outcome = self._outcome(configuration, named_seed(self._run_seed, "bo", len(self._done)))
        if isinstance(outcome, Failure):
            costs = [done.cost for _, _, done in self._done if not isinstance(done, Failure)]
            return TrialValue(cost=max(costs, default=FIRST_CRASH_COST), status=StatusType.CRASHED)
        return TrialValue(cost=outcome.cost)

    @property
    def trials(self) -> Trials:
        """The trials so far."""
        configurations, seeds, outcomes = zip(*self._done, strict=True)
        return Trials.of(self._objective.space, configurations, seeds, outcomes)

    def _outcome(self, configuration: Configuration, seed: int) -> Outcome:
        key = json.dumps([configuration, seed], sort_keys=True)
        found = self.table.find(self._objective, configuration, seed)
        if found is not None:
            self._known[key] = found
            self.n_found += 1
        elif key not in self._known:
            # Outside `evaluate`, so that data that are not to be had are no failed trial.
            self._objective.prepare()
            started = time.process_time()
            self._known[key] = evaluate(self._objective, configuration, seed)
            self.cpu_seconds += time.process_time() - started
            self._journal.append(key, configuration, seed, self._known[key])
        self._done.append((configuration, seed, self._known[key]))
        return self._known[key]


def _plain(space: Space, smac_configuration: Any) -> Configuration:
    # ConfigSpace returns NumPy scalars.
    return space.to_configurations(space.to_array([dict(smac_configuration)]))[0]


def _ask(smac: BlackBoxFacade, size: int) -> TrialInfo:
    from smac.main.exceptions import ConfigurationSpaceExhaustedException

    try:
        return smac.ask()
    except (StopIteration, ConfigurationSpaceExhaustedException):
        raise UserError(
            f"the search space has no configuration left for trial {size}; set sizes to {size - 1} or less"
        ) from None


@contextmanager
def _scenario(space: Space, n_trials: int, seed: int, journal_dir: Path) -> Iterator[Scenario]:
    from smac import Scenario

    logging.getLogger("smac").setLevel(logging.ERROR)
    journal_dir.mkdir(parents=True, exist_ok=True)
    # SMAC insists on writing its own state, which is not needed here.
    with tempfile.TemporaryDirectory(dir=journal_dir, prefix="smac_") as folder:
        yield Scenario(
            space.to_configspace(seed),
            name="run",
            output_directory=Path(folder),
            deterministic=True,
            n_trials=n_trials,
            seed=seed,
        )


def _design_size(n_trials: int, n_hyperparameters: int) -> int:
    return max(1, min(DESIGN_PER_HYPERPARAMETER * n_hyperparameters, int(np.floor(DESIGN_RATIO * n_trials))))
