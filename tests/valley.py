"""An objective with a known landscape and faults to order, which worker processes import."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symhpo.errors import UserError
from symhpo.objectives import Evaluation, Journal, LandscapeDesign, compute_landscape
from symhpo.space import Configuration, Hyperparameter, Space

SPACE = Space(
    [
        Hyperparameter("depth", "int", 1, 8, 3),
        Hyperparameter("rate", "float", 1e-4, 1.0, 0.01, log=True),
    ]
)


@dataclass
class Valley:
    """Cost = rate + depth / 10 + seed / 1000; every call leaves a line in `calls`.

    At depth 1 it does what `fault` says: "raise", "nan", "die", "die once" (unless `calls` has a
    line of that point), "hang", or "full disk" (from then on the process cannot write journals).
    """

    calls: Path
    fault: str = ""
    seconds: float = 0.0
    prepared: bool = False
    broken: bool = False

    @property
    def space(self) -> Space:
        return SPACE

    @property
    def identity(self) -> dict[str, Any]:
        return {"valley": self.fault}

    @property
    def provenance(self) -> dict[str, Any]:
        return {"source": "tests"}

    def prepare(self) -> None:
        if self.broken:
            raise UserError("the valley is not there; dig one")
        self.prepared = True

    def __call__(self, configuration: Configuration, seed: int) -> Evaluation:
        line = f"{configuration['depth']} {configuration['rate']!r} {seed}"
        seen = self.calls.exists() and line in self.calls.read_text().splitlines()
        with self.calls.open("a") as file:
            file.write(line + "\n")
        time.sleep(self.seconds)
        cost = configuration["rate"] + configuration["depth"] / 10 + seed / 1000
        if configuration["depth"] == 1:
            cost = self._faulty(cost, seen)
        return Evaluation(cost, None, 0.25)

    def _faulty(self, cost: float, seen: bool) -> float:
        if self.fault == "raise":
            raise ArithmeticError("no cost\nat the bottom")
        if self.fault == "die" or (self.fault == "die once" and not seen):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "full disk":
            Journal.append = _full_disk  # type: ignore[method-assign]
        if self.fault == "hang":
            time.sleep(60)
        return float("nan") if self.fault == "nan" else cost


def _full_disk(*_: Any) -> None:
    raise UserError("the disk is full")


def main() -> None:
    """Compute a landscape slowly, to be killed meanwhile: CALLS JOURNAL OUTPUT WORKERS."""
    calls, journal, output, workers = sys.argv[1:]
    objective = Valley(Path(calls), seconds=0.05)
    design = LandscapeDesign(points_per_axis=4, seeds=[0, 3])
    landscape = compute_landscape(objective, design, journal_dir=Path(journal), workers=int(workers))
    landscape.save(Path(output))


if __name__ == "__main__":
    main()
