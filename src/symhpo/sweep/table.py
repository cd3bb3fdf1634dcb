"""How a sweep stands, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from symhpo.sweep.status import STATES, Status

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["reasons_text", "status_line", "status_table"]

_STYLES = {"done": "green", "running": "cyan", "failed": "red", "lost": "red", "missing": "yellow"}


def status_line(status: Status) -> str:
    """Return one line: the number of runs in each state, the rate and the expected end."""
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    return f"{len(status.states)} runs: {counts}{_pace(status)}"


def status_table(status: Status, title: str) -> Table:
    """Return the same as a table."""
    from rich.table import Table

    table = Table(title=title, caption=_pace(status).lstrip(", ") or None)
    for state in STATES:
        table.add_column(state, justify="right", style=_STYLES.get(state))
    table.add_row(*(str(status.counts[state]) for state in STATES))
    return table


def reasons_text(status: Status, overrides: Mapping[int, tuple[str, ...]], most: int = 10) -> list[str]:
    """Return a line for each run that failed or is lost, `most` at most."""
    reasons = status.reasons()
    lines = [
        f"{status.states[index]}: {' '.join(overrides[index])}: {reason}"
        for index, reason in list(reasons.items())[:most]
    ]
    if len(reasons) > most:
        lines.append(f"… and {len(reasons) - most} more")
    return lines


def _pace(status: Status) -> str:
    if status.is_over or not status.runs_per_minute:
        return ""
    end = status.expected_end
    until = f", expected end {datetime.fromtimestamp(end):%a %H:%M}" if end else ""
    return f", {status.runs_per_minute:.1f} runs a minute{until}"
