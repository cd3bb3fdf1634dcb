"""Cluster profiles: what jobs ask for, one file a cluster in ``slurm/profiles/``."""

from __future__ import annotations

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
            If there is no such file, or it has a field that a profile does not.
        """
        import yaml

        path = Path(name) if name.endswith(".yaml") else PROFILES / f"{name}.yaml"
        if not path.exists():
            known = ", ".join(sorted(found.stem for found in PROFILES.glob("*.yaml")))
            raise UserError(f"there is no cluster profile {path}: choose one of {known}, or write it")
        content = yaml.safe_load(path.read_text()) or {}
        known_fields = sorted(field.name for field in fields(cls))
        unknown = sorted(content.keys() - set(known_fields))
        if unknown:
            raise UserError(
                f"{path}: a profile has no field {', '.join(unknown)}; it has {', '.join(known_fields)}"
            )
        settings: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in content.items()
        }
        return cls(**settings)

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
