"""Artifacts: stage results that several runs share, each computed once and published whole.

How to use it:

>>> store = Store(Path("store"))
>>> key = Key("bo", 1, {"objective": objective.identity, "seed": 0}, "svm/vehicle/bo/seed=0")
>>> folder = store.compute(key, build)      # at once where the artifact exists
>>> def build(journal: Path, out: Path) -> None:
...     # journal: keep what must survive a crash here (see symhpo.store.journal)
...     # out: write the artifact's files here; published when build returns

On disk: ``<root>/<stage>/<label>-<first 8 of the id>/`` with ``artifact.json``; unfinished work is
in ``<root>/.unfinished/<id>/``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from symhpo.store.files import (
    clear_disk_errors,
    private_name,
    publish_folder,
    read_json,
    remove_folder,
    write_json,
)
from symhpo.store.lease import LIFETIME, Lease
from symhpo.store.stopping import ArtifactBusy, may_wait

__all__ = ["Key", "Store", "canonical_json", "digest"]

Build: TypeAlias = Callable[[Path, Path], None]
"""``build(journal, out)``: compute an artifact into the folder `out`."""

ARTIFACT = "artifact.json"
TARGET = "target.json"
UNFINISHED = ".unfinished"
_LONGEST_PAUSE = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """What identifies an artifact.

    Parameters
    ----------
    stage : str
        Name of the stage, such as ``"landscape"``.
    version : int
        Version of the stage's code: raised whenever the same settings give another result.
    settings : mapping
        Exactly the settings that can change the artifact, as plain JSON.
    label : str
        Readable path, such as ``"svm/vehicle/bo/seed=0"``; no part of the identity.
    """

    stage: str
    version: int
    settings: Mapping[str, Any]
    label: str

    @cached_property
    def id(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of stage, version and settings."""
        identity = {"stage": self.stage, "version": self.version, "settings": self.settings}
        return digest(canonical_json(identity))

    @property
    def path(self) -> Path:
        """Folder of the artifact below the store's root."""
        return Path(self.stage, f"{self.label}-{self.id[:8]}")


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a plain value: sorted keys, no spaces, shortest exact floats.

    Raises
    ------
    TypeError
        If something is not plain JSON (a key that is no string, a tuple, a NumPy number).
    ValueError
        If a number is not finite.
    """
    _check_plain(value, "settings")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=dict)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """Artifacts below one folder, shared by any number of processes and hosts.

    Parameters
    ----------
    root : Path
        The store's folder; made when the first artifact is computed.
    lease_lifetime : float
        Seconds after which a process that gives no sign of life loses its lease.
    """

    def __init__(self, root: Path | str, *, lease_lifetime: float = LIFETIME) -> None:
        self.root = Path(root).absolute()
        self._lease_lifetime = lease_lifetime

    def find(self, key: Key) -> Path | None:
        """Return the folder of a finished artifact; None where there is none."""
        folder = self.root / key.path
        stored = read_json(folder / ARTIFACT)
        if stored is None:
            return None
        if stored["id"] != key.id:
            raise RuntimeError(f"{folder} holds the artifact {stored['id']}, not {key.id}")
        return folder

    def compute(
        self,
        key: Key,
        build: Build,
        *,
        progress: Callable[[str], None] = logger.info,
        provenance: Callable[[], Mapping[str, Any]] | None = None,
    ) -> Path:
        """Return the artifact's folder, computing it where it does not exist.

        Of several processes that need the same artifact one computes it and the others wait.

        Parameters
        ----------
        key : Key
            The artifact's identity.
        build : callable
            ``build(journal, out)`` writes the artifact's files into the folder `out`, which is
            published when it returns. `journal` is a folder that all attempts share and that
            outlives a crash; each attempt appends to files of its own there.
        progress : callable
            Receives a line of text when the computation starts, and when this process waits
            for another one.
        provenance : callable, optional
            Gives a plain JSON object to be stored with the artifact, called after `build`.

        Raises
        ------
        UserError
            If the disk is full or read-only. Nothing is left half-written.
        ArtifactBusy
            If another process computes it, within `symhpo.store.stopping.without_waiting`.
        """
        found = self.find(key)
        if found is not None:
            return found
        with clear_disk_errors(self.root):
            work = self._work(key)
            work.parent.mkdir(parents=True, exist_ok=True)
            lease = Lease(work.with_suffix(".lock"), lifetime=self._lease_lifetime)
            found = self._wait(key, lease, progress)
            if found is not None:
                return found
            try:
                progress(f"computing {key.stage} {key.label}")
                return self._build(key, build, work, provenance)
            finally:
                lease.release()

    def clean(self, *, journals: bool = False) -> int:
        """Remove what dead attempts left behind; return the number of artifacts concerned.

        Work that a living process holds a lease on is left alone.

        Parameters
        ----------
        journals : bool
            Whether the journals of unfinished artifacts go too. A later attempt then starts
            from nothing.
        """
        folder = self.root / UNFINISHED
        names = {path.name.partition(".")[0] for path in folder.glob("*")}
        cleaned = 0
        for name in sorted(names):
            work = folder / name
            lease = Lease(work.with_suffix(".lock"), lifetime=self._lease_lifetime)
            with lease.hold() as held:
                if held:
                    self._clean(work, journals=journals)
                    lease.remove_stray_claims()
                    cleaned += 1
        return cleaned

    def _clean(self, work: Path, *, journals: bool) -> None:
        target = read_json(work / TARGET)
        if journals or target is None or (self.root / target / ARTIFACT).exists():
            remove_folder(work)
        for out in work.glob("out-*"):
            remove_folder(out)

    def _work(self, key: Key) -> Path:
        return self.root / UNFINISHED / key.id

    def _wait(self, key: Key, lease: Lease, progress: Callable[[str], None]) -> Path | None:
        """Wait until the artifact exists (returned) or the lease is ours (None)."""
        pause, told = 0.05, None
        while True:
            if lease.acquire():
                found = self._find_anew(key)
                if found is not None:
                    lease.release()
                return found
            holder = lease.holder()
            if not may_wait():
                raise ArtifactBusy(f"{holder} computes {key.stage} {key.label}")
            if holder is not None and holder.claim != told:
                progress(f"waiting for {key.stage} {key.label}: {holder} computes it")
                told = holder.claim
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            found = self._find_anew(key)
            if found is not None:
                return found

    def _find_anew(self, key: Key) -> Path | None:
        # Listing the folder makes an NFS client forget that a name did not exist.
        for _ in (self.root / key.path).parent.glob("*"):
            break
        return self.find(key)

    def _build(
        self,
        key: Key,
        build: Build,
        work: Path,
        provenance: Callable[[], Mapping[str, Any]] | None,
    ) -> Path:
        journal, out = work / "journal", work / f"out-{private_name()}"
        journal.mkdir(parents=True, exist_ok=True)
        out.mkdir()
        write_json(work / TARGET, str(key.path))
        target = self.root / key.path
        try:
            build(journal, out)
            about = {
                "id": key.id,
                "stage": key.stage,
                "version": key.version,
                "label": key.label,
                "settings": dict(key.settings),
                "provenance": dict(provenance()) if provenance else {},
            }
            write_json(out / ARTIFACT, about)
            publish_folder(out, target)
        except Exception:
            # Another process has published, and removed the work under our feet: the one that took the
            # lease over, or the one that it was taken from.
            if self._find_anew(key) is not None:
                return target
            raise
        finally:
            remove_folder(out)
            if self.find(key) is not None:
                remove_folder(work)
        return target


def _check_plain(value: Any, where: str) -> None:
    if value is None or type(value) in (bool, int, str):
        return
    if type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}: an identity has finite numbers only")
    elif type(value) is list:
        for index, item in enumerate(value):
            _check_plain(item, f"{where}[{index}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if type(name) is not str:
                raise TypeError(f"{where} has the key {name!r}: keys have to be strings")
            _check_plain(item, f"{where}.{name}")
    else:
        raise TypeError(f"{where} is a {type(value).__name__}, which is no plain JSON: {value!r}")
