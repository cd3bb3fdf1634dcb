"""Writing that is whole or not at all: files and folders written aside, flushed, then renamed."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from symhpo.errors import UserError

__all__ = [
    "TEMPORARY",
    "clear_disk_errors",
    "make_folder",
    "private_name",
    "publish_folder",
    "read_json",
    "remove_folder",
    "remove_temporary",
    "sync_file",
    "sync_folder",
    "write_json",
    "write_whole",
]

_REASONS = {
    errno.ENOSPC: "no space is left on the disk; free some and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file would exceed the allowed file size (ulimit -f); raise it and run again",
    errno.EROFS: "the file system is read-only; choose another folder and run again",
    errno.EACCES: "permission is denied; make the folder writable or choose another one",
    errno.ENOTDIR: "a part of the path is a file; choose another folder",
    errno.EPERM: "the operation is not permitted; make the folder writable or choose another one",
}
TEMPORARY = ".tmp"
"""How the name of a file ends that is being written."""
_SECONDS_OF_SILENCE = 120.0
"""After which a file that another host was writing is taken to be abandoned."""
_counter = itertools.count()


@contextmanager
def clear_disk_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk or a read-only folder into one `UserError` line that names `folder`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0)
        if reason is None:
            raise
        raise UserError(f"cannot write to {folder}: {reason} (finished results are untouched)") from error


def make_folder(folder: Path) -> None:
    """Make a folder that the user named, with those above it.

    Raises
    ------
    UserError
        If that is not possible: a file stands there, the disk is full, permission is denied.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"{error.strerror}; choose another folder")
        raise UserError(f"cannot make the folder {folder}: {reason}") from error


def private_name(suffix: str = "") -> str:
    """Return a file name that no other writer uses: host, process id, counter, random part."""
    random_part = os.urandom(4).hex()
    return f"{socket.gethostname()}-{os.getpid()}-{next(_counter)}-{random_part}{suffix}"


def sync_file(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Flush every file and folder below `folder`, and itself, to the disk."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(parent, name))
        sync_file(Path(parent))


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{private_name(TEMPORARY)}")
    try:
        yield aside
        sync_file(aside)
        aside.replace(path)
        sync_file(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove the files below a folder that their writers did not live to finish."""
    for path in folder.rglob(f".*{TEMPORARY}"):
        if not _is_being_written(path):
            path.unlink(missing_ok=True)


def _is_being_written(path: Path) -> bool:
    """Whether the writer that a temporary file's name tells of lives, or may live on another host."""
    import psutil

    host, pid = path.name.rsplit("-", 3)[:2]
    if host.endswith(f"-{socket.gethostname()}"):
        return pid.isdigit() and psutil.pid_exists(int(pid))
    try:
        return time.time() - path.stat().st_mtime < _SECONDS_OF_SILENCE
    except FileNotFoundError:
        return False


def write_json(path: Path, content: Any) -> None:
    """Write plain JSON for people (indented, keys in the given order), whole or not at all."""
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    with write_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file; None where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return json.loads(text)


def publish_folder(scratch: Path, target: Path) -> bool:
    """Flush a private folder and rename it to its final name.

    Returns
    -------
    bool
        False where the target exists: it stays as it is and `scratch` is left to the caller.
    """
    sync_folder(scratch)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # A rename onto a folder that is not empty fails, so the first publication wins.
        scratch.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    sync_file(target.parent)
    return True


def remove_folder(folder: Path) -> None:
    """Remove a folder with all below it, which others may be removing at the same time."""
    shutil.rmtree(folder, ignore_errors=True)
