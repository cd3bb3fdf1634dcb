"""Executing the notebooks of the analysis."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from symhpo.errors import UserError
from symhpo.paper.report import OUTPUT, RESULTS
from symhpo.results import MissingResultsError
from symhpo.store.files import write_whole

__all__ = ["Outcome", "execute", "find_notebooks"]

ORDER = (
    "answers",
    "faithfulness",
    "learning_curves",
    "complexity",
    "landscapes",
    "formulas",
    "many_hyperparameters",
    "beyond",
)
TIME_LIMIT = 3600


@dataclass(frozen=True)
class Outcome:
    """How the execution of a notebook ended.

    Attributes
    ----------
    name : str
        Of the notebook.
    title : str
        Its first heading.
    status : {"done", "missing", "failed"}
        ``missing``: the results do not hold what it is about.
    message : str
        Why it is not done.
    """

    name: str
    title: str
    status: Literal["done", "missing", "failed"]
    message: str = ""


def find_notebooks(folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """Return the notebooks of a folder in the order of the paper; others follow by name.

    Parameters
    ----------
    folder : Path
    names : collection of str, optional
        The ones that are wanted; all without it.

    Raises
    ------
    UserError
        If there is none, or not one of those wanted.
    """
    found = sorted(folder.glob("*.ipynb"), key=lambda p: (_position(p.stem), p.stem))
    known = [path.stem for path in found]
    unknown = sorted(set(names or ()) - set(known))
    if unknown or not found:
        raise UserError(f"{folder} holds no notebook {', '.join(unknown) or '*.ipynb'}; it has {known}")
    return [path for path in found if names is None or path.stem in names]


def execute(notebook: Path, results: Path, output: Path) -> Outcome:
    """Execute a notebook on a results folder and keep it, with its outputs, beside its files.

    Parameters
    ----------
    notebook : Path
    results : Path
        The results folder.
    output : Path
        The paper's folder; the notebook leaves its files in ``output/<name>``.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        content,
        timeout=TIME_LIMIT,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    # Who shares the machine need not read what goes to and from the kernel.
    client.create_kernel_manager().transport_encryption = "auto"
    environment = os.environ | {
        RESULTS: str(results.absolute()),
        OUTPUT: str(output.absolute()),
        # What the kernel prints about frozen modules is no output of ours.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    name, title = notebook.stem, _title(content)
    try:
        client.execute(env=environment)
        outcome = Outcome(name, title, "done")
    except CellExecutionError as error:
        is_missing = error.ename == MissingResultsError.__name__
        message = error.evalue if is_missing else str(error)
        outcome = Outcome(name, title, "missing" if is_missing else "failed", message)
    with write_whole(output / name / notebook.name) as aside:
        nbformat.write(content, aside)  # type: ignore[no-untyped-call]
    return outcome


def _position(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _title(content: dict[str, list[dict[str, str]]]) -> str:
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown" and cell["source"].startswith("# "):
            return cell["source"].splitlines()[0].removeprefix("# ")
    return ""
