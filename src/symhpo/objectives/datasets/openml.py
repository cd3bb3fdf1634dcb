"""Classification tasks of OpenML (Vanschoren et al. 2014) with their own splits."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import numpy as np

from symhpo.errors import UserError
from symhpo.objectives.datasets.base import RawData, Source
from symhpo.store import Lease

__all__ = ["OpenMLTask"]

SERVER_TIMEOUT_SECONDS = 5
SECONDS_BETWEEN_ATTEMPTS = 0.1


@dataclass(frozen=True)
class OpenMLTask(Source):
    """One OpenML task: fold 0 of repeat 0 is the test part.

    Parameters
    ----------
    name : str
    task_id : int
    openml_name : str, optional
        The name that OpenML has for the data set.
    checksum : str, optional
        See `Source`.
    cache_dir : path, optional
        The folder that the `openml` package fills and reads; it must be writable. Without it
        the environment variable ``OPENML_CACHE_DIR`` says where, else the package's own default.
        A filled folder needs no network.
    """

    name: str
    task_id: int
    openml_name: str | None = None
    checksum: str | None = None
    cache_dir: str | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """Source, task and checksum; not the folder, which does not change a value."""
        return {"source": "openml", "task_id": self.task_id, "checksum": self.checksum}

    def read(self) -> RawData:
        """Get the data from the cache folder, or from OpenML into it."""
        # The package reports every step of its own.
        logging.getLogger("openml").setLevel(logging.WARNING)
        import openml

        root = _set_cache(self.cache_dir)
        try:
            with _exclusive(root):
                self._require_cache_or_server(root)
                return self._read()
        except (OSError, ValueError, ParseError, ExpatError, openml.exceptions.PyOpenMLError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise self._unavailable(root, reason) from error

    def _read(self) -> RawData:
        from openml import datasets, tasks

        task = tasks.get_task(self.task_id, download_data=False)
        if not isinstance(task, tasks.OpenMLClassificationTask):
            raise UserError(f"{self._label} is no classification; take another task")
        data = datasets.get_dataset(task.dataset_id, download_data=False)
        features, labels, categorical, _ = data.get_data(target=task.target_name)
        train_rows, test_rows = task.get_train_test_split_indices(repeat=0, fold=0)
        return RawData(
            features=features,
            labels=labels.astype(str).to_numpy(dtype=np.str_),
            categorical=np.array(categorical, dtype=bool),
            train_rows=train_rows,
            test_rows=test_rows,
            provenance={
                "source": "openml",
                "task_id": self.task_id,
                "dataset_id": task.dataset_id,
                "name": data.name,
                "version": data.version,
            },
        )

    def _require_cache_or_server(self, root: Path) -> None:
        # The package would try a dead server for ever (it sets no time limit) and, when it
        # gives up, delete the task's folder, so it is asked only if the server answers.
        import openml
        import requests

        missing = _missing_file(root, self.task_id)
        if missing is None:
            return
        openml.config.set_retry_policy("human", 1)
        server = openml.config.get_server_base_url()
        try:
            requests.head(server, timeout=SERVER_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise self._unavailable(root, f"{missing} is missing and {server} does not answer") from error

    @property
    def _label(self) -> str:
        return f"data set {self.name} (OpenML task {self.task_id})"

    def _unavailable(self, root: Path, reason: str) -> UserError:
        return UserError(
            f"{self._label} cannot be read ({reason}); "
            f"fill the cache folder {root} by running once with network access "
            f"(or copy a filled one there), or name another folder in OPENML_CACHE_DIR or dataset.cache_dir"
        )


def _set_cache(cache_dir: str | None) -> Path:
    import openml

    chosen = cache_dir or os.environ.get("OPENML_CACHE_DIR")
    if chosen:
        openml.config.set_root_cache_directory(str(Path(chosen).expanduser().resolve()))
    root = Path(openml.config.get_config_as_dict()["cachedir"])
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"the OpenML cache folder {root} cannot be made ({error.strerror}); "
            f"name another one in OPENML_CACHE_DIR or dataset.cache_dir"
        ) from error
    return root


@contextmanager
def _exclusive(root: Path) -> Iterator[None]:
    # The package writes into its cache with no regard for other processes.
    if not os.access(root, os.W_OK):
        raise PermissionError(f"{root} is not writable; the openml package writes beside the data")
    lease = Lease(root / ".symhpo.lock")
    while not lease.acquire():
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)
    try:
        yield
    finally:
        lease.release()


def _missing_file(root: Path, task_id: int) -> Path | None:
    """Return the first file that the task needs and the cache lacks."""
    import openml

    # The package keeps a folder for each server below the root.
    cache = Path(openml.config.get_cache_directory())
    task = cache / "tasks" / str(task_id)
    needed = [[task / "task.xml"], [task / "datasplits.arff"]]
    if (task / "task.xml").exists():
        dataset_id = _dataset_id(task / "task.xml")
        folder = cache / "datasets" / dataset_id
        needed += [[folder / "description.xml"], [folder / "features.xml"]]
        needed += [[folder / "dataset.arff", folder / f"dataset_{dataset_id}.pq"]]
    for alternatives in needed:
        if not any(file.exists() for file in alternatives):
            return alternatives[0].relative_to(root)
    return None


def _dataset_id(task_xml: Path) -> str:
    element = ElementTree.parse(task_xml).find(".//{http://openml.org/openml}data_set_id")
    if element is None or element.text is None:
        raise ValueError(f"{task_xml} names no data set")
    return element.text.strip()
