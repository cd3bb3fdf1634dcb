"""Analytic objectives and the script that optimises them, for all tests of the room."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("analytic.py")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("analytic", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["analytic"] = module
    spec.loader.exec_module(module)
    return module


ANALYTIC = _load()


@pytest.fixture(scope="session")
def analytic() -> Any:
    """The module of analytic objectives."""
    return ANALYTIC


@pytest.fixture(scope="session")
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python in a new process, under a hash seed of its own."""

    def run(*arguments: str | Path, hash_seed: str = "random") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(params=["smac", "smac_fast"])
def optimizer_name(request: pytest.FixtureRequest) -> str:
    """Every optimiser, by name."""
    return str(request.param)
