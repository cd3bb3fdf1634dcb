"""The state of every line of a sweep, from the records, the workers' events and SLURM."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.store.records import DONE as DONE_MARKER
from symhpo.sweep import slurm
from symhpo.sweep.events import DONE, FAILED, STARTED, EventLog
from symhpo.sweep.manifest import Round, Sweep

__all__ = ["STATES", "Status"]

STATES = ("done", "running", "waiting", "failed", "lost", "missing")
"""`lost`: begun, not ended, and nobody works on it or will; `missing`: never begun, and nobody will."""

_RATE_WINDOW = 600.0


@dataclass
class _History:
    """What the events say of one line."""

    done: bool = False
    failed_in: int = -1
    reason: str = ""
    started: bool = False
    job: str | None = None
    runs: Mapping[str, str] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == STARTED:
            self.started, self.job, self.runs = True, event["job"], event["runs"]
        elif kind == DONE:
            self.done = True
        elif kind == FAILED and event["round"] >= self.failed_in:
            self.failed_in, self.reason, self.started = event["round"], event["reason"], False


class Status:
    """A look at a sweep at one moment.

    Parameters
    ----------
    sweep : Sweep

    Attributes
    ----------
    states : list of str
        One of `STATES` for each line, in the order of the manifest.
    alive : list of Round
        The rounds whose workers run or will run.
    trouble : str or None
        Why SLURM does not tell. What it has is then taken to be alive.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._taken_at = time.time()
        self._done_at: list[float] = []
        self._histories: dict[str, _History] = {}
        self.trouble: str | None = None
        # In this order, what ends while we look is seen as alive, or as ended, but never as lost.
        self.alive = self._living_rounds()
        running = set(sweep.leased())
        for event in sorted(EventLog(sweep.events).read(), key=lambda event: event["time"]):
            self._histories.setdefault(event["line"], _History()).add(event)
            if event["event"] == DONE:
                self._done_at.append(event["time"])
        self.states = self._line_states(running)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of lines in each state."""
        counted = Counter(self.states)
        return {state: counted[state] for state in STATES}

    @property
    def is_over(self) -> bool:
        """Whether nothing runs or will run."""
        return not (self.counts["running"] or self.counts["waiting"])

    @property
    def runs_per_minute(self) -> float:
        """Rate of the last ten minutes."""
        recent = [moment for moment in self._done_at if moment > self._taken_at - _RATE_WINDOW]
        if not recent:
            return 0.0
        return 60 * len(recent) / max(self._taken_at - min(recent), 1.0)

    @property
    def expected_end(self) -> float | None:
        """Unix time at which nothing will be left at the present rate; None where there is none."""
        rate = self.runs_per_minute
        left = self.counts["running"] + self.counts["waiting"]
        return self._taken_at + 60 * left / rate if rate and left else None

    def reasons(self) -> dict[int, str]:
        """Return why lines have failed or are lost, by their position in the manifest."""
        reasons, jobs = {}, {}
        for index, (line, state) in enumerate(zip(self._sweep.lines, self.states, strict=True)):
            history = self._histories.get(line.id)
            if history is not None and state == "failed":
                reasons[index] = history.reason
            elif history is not None and state == "lost":
                reasons[index] = "its process is gone"
                if history.job is not None:
                    jobs[index] = history.job
        if jobs:
            states = slurm.final_states(jobs.values())
            reasons.update({index: f"SLURM job {job}: {states[job]}" for index, job in jobs.items()})
        return reasons

    def runs(self, line_id: str) -> Mapping[str, str]:
        """Return the runs, ids and folders, as which a line was last started."""
        history = self._histories.get(line_id)
        return history.runs if history else {}

    def indices(self, *states: str) -> list[int]:
        """Return the positions of the lines in some states."""
        return [index for index, state in enumerate(self.states) if state in states]

    def _living_rounds(self) -> list[Round]:
        rounds = self._sweep.rounds()
        submitted = [one.job_name for one in rounds if one.launcher == "slurm"]
        try:
            alive = slurm.alive(submitted)
        except UserError as error:
            self.trouble = str(error)
            alive = set(submitted)
        return [one for one in rounds if one.job_name in alive or self._lives_here(one)]

    def _lives_here(self, one: Round) -> bool:
        holder = None if one.launcher == "slurm" else self._sweep.local_lease(one).holder()
        return holder is not None and not holder.is_gone

    def _line_states(self, running: Collection[str]) -> list[str]:
        to_come: dict[int, int] = {}  # the last living round of each line
        for one in self.alive:
            if not self._sweep.is_cancelled(one):
                indices = range(len(self._sweep.lines)) if one.lines is None else one.lines
                to_come.update(dict.fromkeys(indices, one.number))
        return [
            self._state(self._histories.get(line.id, _History()), line.id in running, to_come.get(index))
            for index, line in enumerate(self._sweep.lines)
        ]

    def _state(self, history: _History, running: bool, to_come: int | None) -> str:
        if history.done and all(Path(run, DONE_MARKER).exists() for run in history.runs.values()):
            return "done"
        if running:
            return "running"
        if to_come is not None and to_come > history.failed_in:
            return "waiting"
        if history.started:
            return "lost"
        return "failed" if history.failed_in >= 0 else "missing"
