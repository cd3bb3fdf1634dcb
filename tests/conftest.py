"""Shared fixtures: what a test may need from the machine, with the reason where it is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from symhpo.parallel import prepare_process

prepare_process()

# Continuous integration judges a change, not the luck of a draw; elsewhere every run tries new examples.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    without_cache = not os.environ.get("OPENML_CACHE_DIR")
    without_slurm = shutil.which("slurmctld") is None or shutil.which("munged") is None
    for item in items:
        if without_cache and item.get_closest_marker("openml_cache"):
            item.add_marker(pytest.mark.skip(reason="needs the OpenML cache: set OPENML_CACHE_DIR"))
        if without_slurm and item.get_closest_marker("slurm"):
            item.add_marker(pytest.mark.skip(reason="needs SLURM: install slurm-wlm and munge"))


@pytest.fixture
def openml_cache() -> Path:
    """Folder of the OpenML cache."""
    if not os.environ.get("OPENML_CACHE_DIR"):
        pytest.skip("needs the OpenML cache: set OPENML_CACHE_DIR")
    return Path(os.environ["OPENML_CACHE_DIR"])


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not _ran("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        pytest.skip("cannot mount a small tmpfs: needs root and a machine that allows it")
    yield folder
    _ran("umount", "-l", str(folder))


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Make a folder read-only, for root too: by a read-only mount of it onto itself."""
    mounted: list[Path] = []

    def make(folder: Path) -> None:
        if _ran("mount", "--bind", str(folder), str(folder)):
            mounted.append(folder)
            if _ran("mount", "-o", "remount,bind,ro", str(folder)):
                return
        folder.chmod(0o555)
        try:
            (folder / "probe").touch()
        except OSError:
            return
        pytest.skip("cannot make a folder read-only here: permissions do not bind root, mounts are refused")

    yield make
    for folder in mounted:
        _ran("umount", "-l", str(folder))
