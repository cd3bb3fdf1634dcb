"""The small synthetic study, written and exported once."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_study import small_study, write_study

from symhpo.results import Results, export


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``outputs``, ``store`` and the exported ``results``."""
    folder = tmp_path_factory.mktemp("study")
    write_study(small_study(), folder / "outputs", folder / "store")
    export(folder / "outputs", folder / "store", folder / "results")
    return folder


@pytest.fixture(scope="session")
def results(study: Path) -> Results:
    return Results.open(study / "results")
