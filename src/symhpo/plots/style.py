"""The look of all figures, and how a figure is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.store.files import clear_disk_errors, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PAGE_WIDTH", "new_figure", "save", "style"]

PAGE_WIDTH = 7.0
"""Width of a printed page's text, in inches."""

FORMATS = ("pdf", "png")


@contextmanager
def style() -> Iterator[None]:
    """Draw with the project's style file, ``symhpo.mplstyle``, and leave other figures alone."""
    import matplotlib.style

    with as_file(files("symhpo.plots") / "symhpo.mplstyle") as path, matplotlib.style.context(path):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that no global state of matplotlib knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def save(figure: Figure, path: Path) -> tuple[Path, ...]:
    """Write a figure as PDF and as PNG, each whole or not at all.

    Parameters
    ----------
    figure : Figure
    path : Path
        Where to, without a suffix.

    Returns
    -------
    tuple of Path
        The PDF and the PNG.

    Raises
    ------
    UserError
        If the disk is full or read-only.
    """
    paths = tuple(path.with_name(f"{path.name}.{kind}") for kind in FORMATS)
    with style(), clear_disk_errors(path.parent):
        for kind, target in zip(FORMATS, paths, strict=True):
            # Without a date the same figure gives the same bytes.
            metadata = {"CreationDate": None} if kind == "pdf" else None
            with write_whole(target) as aside:
                figure.savefig(aside, format=kind, metadata=metadata)
    return paths
