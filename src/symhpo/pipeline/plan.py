"""One run as objects: what the stages of the pipeline work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from symhpo.config import group_config, make, objective_of, plain, run_folder, run_key
from symhpo.errors import UserError
from symhpo.objectives import EvaluationTable, LandscapeDesign, Objective
from symhpo.pipeline.settings import check_settings
from symhpo.regression.base import Regressor, Selection
from symhpo.sampling import BoGp, Optimizer, Strategy
from symhpo.store import Key

__all__ = ["Engine", "Plan"]


@dataclass(frozen=True)
class Engine:
    """A regressor with the seeds it runs under and the settings that identify it."""

    settings: dict[str, Any]
    seeds: tuple[int | None, ...]
    is_baseline: bool = False

    @cached_property
    def regressor(self) -> Regressor:
        """The regressor, made fit for categorical hyperparameters."""
        from symhpo.regression.mixed import MixedRegressor

        return MixedRegressor(make(OmegaConf.create(self.settings)))

    @property
    def name(self) -> str:
        """The regressor's name in the records."""
        return str(self.settings["name"])


@dataclass(frozen=True)
class Plan:
    """A run: a cell under one strategy, seed and regressor.

    Attributes
    ----------
    config : DictConfig
        As composed.
    overrides : sequence of str
        What the user changed.
    objective : Objective
    """

    config: DictConfig
    overrides: Sequence[str]
    objective: Objective

    @classmethod
    def from_config(cls, config: DictConfig, overrides: Sequence[str] = ()) -> Plan:
        """Return the plan of a configuration.

        Raises
        ------
        UserError
            If a size is larger than the budget or not sampled, a setting has a value that makes no
            sense, or anything named in the configuration is unknown.
        """
        check_settings(config)
        sizes = list(config.sizes)
        if not sizes or min(sizes) < 1 or max(sizes) > config.budget:
            raise UserError(
                f"sizes={sizes} do not fit a budget of {config.budget} trials; raise budget or lower sizes"
            )
        if sorted(set(sizes)) != sizes:
            raise UserError(f"sizes={sizes} are not rising; sort them and name each once")
        sampled = list(config.sampled_sizes)
        if not set(sizes) <= set(sampled) or max(sampled) > config.budget:
            raise UserError(
                f"sampled_sizes={sampled} have to hold sizes={sizes} and stay within the budget of "
                f"{config.budget} trials; add what is missing, or leave sampled_sizes out"
            )
        plan = cls(config, list(overrides), objective_of(config))
        # Names that nobody knows and settings that make no sense show before any work is done.
        for part in ("engines", "selection", "design", "strategy", "optimizer"):
            getattr(plan, part)
        for engine in plan.engines:
            _ = engine.regressor
        if config.get("explanation") is not None:
            make(config.explanation)
            make(config.importance)
            if not isinstance(plan.strategy, BoGp):
                raise UserError("an explanation needs the optimizer's surrogate; set strategy=bo_gp")
        return plan

    @cached_property
    def key(self) -> Key:
        """The run's identity."""
        return run_key(self.config)

    @cached_property
    def folder(self) -> Path:
        """Where the run's results go."""
        return run_folder(self.config)

    @property
    def name(self) -> str:
        """The run in words, for progress and messages."""
        return f"{self.cell} {self.config.strategy.name} seed={self.config.seed}"

    @property
    def cell(self) -> str:
        """Model and data set in words."""
        return f"{self.config.model.name}/{self.config.dataset.name}"

    @property
    def label(self) -> str:
        """Readable part of the path of the cell's artifacts."""
        protocol = getattr(self.config.protocol, "name", "own")
        return f"{self.cell}/{protocol}/{'+'.join(self.objective.space.names)}"

    @property
    def sizes(self) -> list[int]:
        """Numbers of trials at which the regression is fitted."""
        return list(self.config.sizes)

    @property
    def sampled_sizes(self) -> list[int]:
        """Numbers of trials for which the optimiser's runs and surrogates are kept."""
        return list(self.config.sampled_sizes)

    @cached_property
    def evaluations(self) -> EvaluationTable:
        """The evaluations that the run starts from."""
        folder = self.config.paths.get("evaluations")
        return EvaluationTable(None if folder is None else Path(folder))

    @cached_property
    def strategy(self) -> Strategy:
        """The way to a training set."""
        strategy: Strategy = make(self.config.strategy)
        return strategy

    @cached_property
    def optimizer(self) -> Optimizer:
        """Who runs the Bayesian optimisation."""
        optimizer: Optimizer = make(self.config.optimizer)
        return optimizer

    @cached_property
    def design(self) -> LandscapeDesign:
        """The points of the landscape."""
        design: LandscapeDesign = make(self.config.landscape)
        return design

    @cached_property
    def selection(self) -> Selection:
        """The choice from a front."""
        selection: Selection = make(self.config.selection)
        return selection

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """The regressor chosen, then the baselines."""
        baselines = [
            Engine(plain(group_config("regressor", name)), (None,), is_baseline=True)
            for name in self.config.baselines
            if name != self.config.regressor.name
        ]
        return (Engine(plain(self.config.regressor), tuple(self.config.regressor_seeds)), *baselines)

    def settings(self, *groups: str) -> dict[str, Any]:
        """Return the objective's identity and some groups of the configuration, as plain JSON data."""
        return {"objective": self.objective.identity} | {group: plain(self.config[group]) for group in groups}
