"""Cluster profiles: what jobs ask for, one file a cluster in ``slurm/profiles/``."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from symhpo.errors import UserError

__all__ = ["PROFILES", "Profile"]

PROFILES = Path(__file__).resolve().parents[3] / "slurm" / "profiles"


@dataclass(frozen=True)
class Profile:
    """What a job asks for.

    Attributes
    ----------
    partition, account, qos : str
        As SLURM knows them; empty is the cluster's default.
    time : str
        Limit of a job, as sbatch takes it. A job that reaches it puts itself back into the queue.
    memory : str
        Of a job, such as ``4G``.
    cpus : int
        Of a job; also the number of worker processes of a run.
    jobs : int
        At most so many jobs run at once.
    runs_per_job : int
        Runs that one job is to take, if it is not faster or slower than others.
    signal_before : int
        Seconds before the time limit at which a job is told to end.
    options : tuple of str
        Further options of sbatch.
    setup : tuple of str
        Shell commands before Python starts, such as ``module load python``.
    """

    partition: str = ""
    account: str = ""
    qos: str = ""
    time: str = "04:00:00"
    memory: str = "4G"
    cpus: int = 1
    jobs: int = 100
    runs_per_job: int = 10
    signal_before: int = 120
    options: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()

    @classmethod
    def load(cls, name: str) -> Profile:
        """Read a profile by the name of its file in ``slurm/profiles/``, or by its path.

        Raises
        ------
        UserError
            If there is no such file, or it has a field that a profile does not, or a wrong value.
        """

        path = Path(name) if name.endswith(".yaml") else PROFILES / f"{name}.yaml"
        if not path.exists():
            known = ", ".join(sorted(found.stem for found in PROFILES.glob("*.yaml")))
            raise UserError(f"there is no cluster profile {path}: choose one of {known}, or write it")
        content = _read(path)
        known_fields = sorted(field.name for field in fields(cls))
        unknown = sorted(content.keys() - set(known_fields))
        if unknown:
            raise UserError(
                f"{path}: a profile has no field {', '.join(unknown)}; it has {', '.join(known_fields)}"
            )
        settings: dict[str, Any] = {}
        for name, value in content.items():
            if value is not None:
                _check(path, name, value, getattr(cls, name))
                settings[name] = tuple(value) if isinstance(value, list) else value
        profile = cls(**settings)
        if profile.signal_before >= _seconds(path, profile.time):
            # SLURM would send the signal at once, and the job would do nothing but requeue itself.
            raise UserError(
                f"{path}: signal_before ({profile.signal_before} s) has to be shorter "
                f"than time ({profile.time})"
            )
        return profile

    def sbatch_options(self) -> list[str]:
        """Return the options of sbatch."""
        named = {"partition": self.partition, "account": self.account, "qos": self.qos, "mem": self.memory}
        return [
            *(f"--{option}={value}" for option, value in named.items() if value),
            f"--time={self.time}",
            f"--cpus-per-task={self.cpus}",
            f"--signal=B:USR1@{self.signal_before}",
            *self.options,
        ]


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: a profile is a list of lines `field: value`")
    return {str(name): value for name, value in content.items()}


def _check(path: Path, name: str, value: object, default: object) -> None:
    """Refuse a value of another kind than the field's default."""
    if isinstance(default, str):
        # YAML reads 12:00:00 as the number 43200, which SLURM would take for minutes.
        is_right, kind = isinstance(value, str), "text, in quotes"
    elif isinstance(default, int):
        is_right, kind = type(value) is int and value > 0, "a whole number above 0"
    else:
        is_right = isinstance(value, list) and all(isinstance(item, str) for item in value)
        kind = "a list of texts"
    if not is_right:
        raise UserError(f"{path}: {name} is {value!r}; it has to be {kind}")


def _seconds(path: Path, limit: str) -> float:
    """Return the seconds of a time limit as sbatch takes it, such as 90, 04:00:00 or 1-12."""
    days, _, clock = limit.rpartition("-")
    units = (
        {1: (3600,), 2: (3600, 60), 3: (3600, 60, 1)} if days else {1: (60,), 2: (60, 1), 3: (3600, 60, 1)}
    )
    fields_of_clock = clock.split(":")
    if limit.lower() in ("infinite", "unlimited"):
        return math.inf
    if not all(text.isdecimal() for text in [days or "0", *fields_of_clock]) or len(fields_of_clock) > 3:
        raise UserError(f'{path}: time is {limit!r}; write it like "04:00:00" or "1-12:00:00"')
    parts = zip(fields_of_clock, units[len(fields_of_clock)], strict=True)
    return int(days or 0) * 86400 + sum(int(text) * unit for text, unit in parts)
