"""Executing the notebooks of the analysis."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from symhpo.errors import UserError
from symhpo.paper.report import ENTRIES, OUTPUT, RESULTS
from symhpo.results import MissingResultsError
from symhpo.store.files import read_json, write_whole

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
    texts : tuple of Text
        What the notebook says, its first heading aside.
    """

    name: str
    title: str
    status: Literal["done", "missing", "failed"]
    message: str = ""
    texts: tuple[Text, ...] = ()


class Text(NamedTuple):
    """Markdown of a notebook.

    Attributes
    ----------
    markdown : str
    position : int
        Tables, figures and notes that the notebook leaves before it.
    """

    markdown: str
    position: int


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
    left: dict[int, int] = {}

    def count(*, cell_index: int, **_: Any) -> None:
        left[cell_index] = len(read_json(output / name / ENTRIES) or [])

    client.on_cell_executed = count
    try:
        client.execute(env=environment)
        outcome = Outcome(name, title, "done", texts=_texts(content, left))
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


def _texts(content: dict[str, list[dict[str, str]]], left: dict[int, int]) -> tuple[Text, ...]:
    """Return what a notebook says; `left` counts the entries that there are after each code cell."""
    texts, position = [], 0
    for i, cell in enumerate(content["cells"]):
        position = left.get(i, position)
        if cell["cell_type"] == "markdown":
            lines = cell["source"].splitlines()
            markdown = "\n".join(lines[1:] if cell["source"].startswith("# ") else lines).strip()
            texts.append(Text(markdown, position))
    return tuple(text for text in texts if text.markdown)
