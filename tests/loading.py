"""Tasks that load data sets, which worker processes import."""

from __future__ import annotations

from typing import Any

from symhpo.objectives.datasets import Source


def load_checksum(source: Source) -> Any:
    return source.load().provenance["checksum"]
