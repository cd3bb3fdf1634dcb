"""Progress: a bar on a terminal, log lines elsewhere; the items come through untouched."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from symhpo import progress as module
from symhpo.progress import progress


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """The log lines of work whose standard error is no terminal."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    caplog.set_level(logging.INFO, logger="symhpo.progress")
    return caplog


def test_last_line_says_that_all_is_done(lines: pytest.LogCaptureFixture) -> None:
    assert list(progress("abc", "letters", 3)) == ["a", "b", "c"]
    assert lines.messages == ["letters: 3 of 3"]


def test_what_was_done_before_counts(lines: pytest.LogCaptureFixture) -> None:
    assert list(progress("c", "letters", 3, done=2)) == ["c"]
    assert lines.messages == ["letters: 3 of 3"]


def test_a_line_now_and_then(lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock that moves six seconds with every look: a line after every second item.
    seconds = iter(range(0, 1000, 6))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    list(progress(range(4), "items", 100))
    assert lines.messages
    assert set(lines.messages) < {f"items: {i} of 100" for i in range(1, 5)}


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    caplog.set_level(logging.INFO, logger="symhpo.progress")
    assert list(progress("abc", "letters", 3)) == ["a", "b", "c"]
    assert "letters" in terminal.getvalue()
    assert "3" in terminal.getvalue()
    assert not caplog.messages


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_items_are_taken_one_by_one(stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", stream())
    taken = []

    def items() -> Iterator[int]:
        for i in range(3):
            taken.append(i)
            yield i

    shown = progress(items(), "items", 3)
    next(shown)
    assert taken == [0]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_errors_come_through(stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", stream())

    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(progress(items(), "items", 2))
