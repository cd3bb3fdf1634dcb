"""Hydra's override grammar without Hydra's application: expansion and quick composition."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from symhpo.errors import UserError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

__all__ = ["Composer"]


class Composer:
    """Expands sweep overrides and composes the configuration of each run.

    Composing from files takes Hydra about 0.1 s. Runs of a sweep differ mostly in plain values, so
    what the choices of groups give is composed once and the values are then put in as Hydra does.

    Parameters
    ----------
    folder : Path
        The configuration's folder.
    name : str
        The primary configuration in it.

    Examples
    --------
    >>> with Composer(CONF, "run") as composer:
    ...     runs = composer.expand(["model=glob(*)", "seed=0,3"])
    ...     config = composer.compose(runs[0])
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder.absolute()
        self.name = name
        self._composed: dict[tuple[str, ...], DictConfig] = {}
        self._groups: dict[str, bool] = {}
        self._context: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> Composer:
        from hydra import initialize_config_dir
        from hydra._internal.config_loader_impl import ConfigLoaderImpl
        from hydra.core.global_hydra import GlobalHydra
        from hydra.core.override_parser.overrides_parser import OverridesParser

        # Within an application of Hydra its configuration is there already.
        is_there = GlobalHydra.instance().is_initialized()
        self._context = (
            nullcontext() if is_there else initialize_config_dir(str(self.folder), version_base="1.3")
        )
        self._context.__enter__()
        loader = GlobalHydra.instance().config_loader()
        assert isinstance(loader, ConfigLoaderImpl)
        self._loader = loader
        self._parser = OverridesParser.create(config_loader=self._loader)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)

    def expand(self, overrides: Sequence[str]) -> list[list[str]]:
        """Return the overrides of each run, in the order in which ``-m`` would start them.

        Raises
        ------
        UserError
            If an override cannot be parsed.
        HydraException
            If it is a sweep without an end, such as ``interval``.
        """
        from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

        parsed = [self._parse(override) for override in overrides]
        runs: list[list[str]]
        (runs,) = BasicSweeper.split_arguments(parsed, None)
        return runs

    def check(self, runs: Sequence[Sequence[str]]) -> None:
        """Compose every choice of a group, and one value of everything else, once.

        Raises
        ------
        HydraException
            If a group has no such choice, or a key does not exist.
        """
        seen: set[str] = set()
        checked: set[str] = set()
        for run in runs:
            new = [override for override in run if override not in seen]
            seen.update(new)
            subjects = {self._subject(override) for override in new}
            if subjects - checked:
                checked |= subjects
                self.compose(run)

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Return a run's configuration, the same that Hydra composes from files."""
        parsed = self._parser.parse_overrides(list(overrides))
        values = [override for override in parsed if not self._is_group(override.key_or_group)]
        choices = tuple(str(o.input_line) for o in parsed if self._is_group(o.key_or_group))
        if choices not in self._composed:
            from hydra import compose

            self._composed[choices] = compose(self.name, list(choices))
        config = copy.deepcopy(self._composed[choices])
        self._loader._apply_overrides_to_config(values, config)
        return config

    def _parse(self, override: str) -> Override:
        from hydra.errors import HydraException

        try:
            (parsed,) = self._parser.parse_overrides([override])
        except HydraException as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"cannot read the override {override!r}: {reason}") from error
        return parsed

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self._loader.repository.group_exists(key))
        return self._groups[key]

    def _subject(self, override: str) -> str:
        """Return what makes an override worth a check of its own: a choice, or a key."""
        key = override.partition("=")[0].lstrip("+~").partition("@")[0]
        return override if self._is_group(key) else key
