"""JSON as tools write it: read whole, with one line for what is damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from symhpo.errors import UserError

__all__ = ["lines_of", "read_json_file"]


def read_json_file(path: Path) -> Any:
    """Return what a JSON file holds; NaN and Infinity are numbers, as Python's writer has them.

    Raises
    ------
    UserError
        If it cannot be read or is damaged.
    """
    text = _text(path)
    if not text.strip():
        raise UserError(f"{path} is empty; the run that wrote it may not have begun")
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(
            f"{path} is no whole JSON file ({error}); it may be half-written: copy it again"
        ) from None


def lines_of(path: Path) -> Iterator[Any]:
    """Yield what the lines of a JSON lines file hold; a damaged last line, half-written, is left out.

    Raises
    ------
    UserError
        If it cannot be read, or a line before the last is damaged.
    """
    lines = [line for line in _text(path).splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except ValueError:
            if number < len(lines):
                raise UserError(f"{path}, line {number}: this is no JSON; copy the file again") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text in UTF-8; it is not what its name says") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
