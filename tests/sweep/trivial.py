"""A runner whose runs cost as little, or as much, as a test asks for.

Each cell has an artifact of `trials` evaluations, journalled one by one and shared by its runs;
every evaluation leaves a line in ``<outputs>/evaluations/``, so that repeated ones can be counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from symhpo.errors import UserError
from symhpo.store import Journal, Key, RunFolder, Store, read_journal
from symhpo.store.provenance import Stopwatch, provenance


class TrivialWork:
    def __init__(self, config, overrides) -> None:
        self.config = config
        self.overrides = list(overrides)
        settings = {"cell": config.cell.name, "seed": config.seed, "trials": config.trials}
        self.key = Key("run", 1, settings, f"{config.cell.name}/seed={config.seed}")
        self.outputs = Path(config.paths.outputs, config.name).absolute()
        self.folder = RunFolder(self.outputs / self.key.path, self.key.id)

    @property
    def runs(self) -> dict[str, str]:
        return {self.key.id: str(self.folder.path)}

    def execute(self) -> None:
        if self.folder.is_done():
            return
        stopwatch = Stopwatch()
        self.folder.start(self.overrides)
        with self.folder.lease().hold() as held:
            assert held, "computed twice at the same time"
            costs = self.trials()
            self.provoke()
            self.publish(costs, stopwatch)

    def trials(self) -> list[float]:
        config = self.config
        key = Key("bo", 1, {"cell": config.cell.name, "trials": config.trials}, config.cell.name)

        def build(journal: Path, out: Path) -> None:
            done = {line["trial"]: line["cost"] for line in read_journal(journal)}
            with Journal(journal) as lines:
                for trial in range(config.trials):
                    if trial not in done:
                        time.sleep(config.seconds)
                        self.count(trial)
                        done[trial] = (trial * 37 % 101) / 101
                        lines.append({"trial": trial, "cost": done[trial]})
            (out / "costs.json").write_text(json.dumps([done[trial] for trial in range(config.trials)]))

        return json.loads((Store(config.paths.store).compute(key, build) / "costs.json").read_text())

    def count(self, trial: int) -> None:
        folder = self.outputs / "evaluations"
        folder.mkdir(exist_ok=True)
        with (folder / f"{os.uname().nodename}-{os.getpid()}.txt").open("a") as file:
            file.write(f"{self.config.cell.name} {trial}\n")

    def provoke(self) -> None:
        fault = self.config.fault
        if fault == "odd":
            fault = "exception" if self.config.seed % 2 else "none"
        if fault != "none" and not (self.outputs / "repaired").exists():
            getattr(self, f"fault_{fault}")()

    def fault_exception(self) -> None:
        self.folder.fail({"status": "failed", "reason": "boom", "traceback": "Traceback: boom\n"})
        raise ZeroDivisionError("boom")

    def fault_user(self) -> None:
        raise UserError("no data set: fill the folder")

    def fault_memory(self) -> None:
        raise MemoryError

    def fault_leave(self) -> None:
        raise SystemExit(0)

    def fault_vanish(self) -> None:
        os._exit(0)

    def fault_abort(self) -> None:
        os.abort()

    def fault_crash(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def fault_deaf(self) -> None:
        """As in compiled code, which lets no signal handler of Python run."""
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1, signal.SIGTERM, signal.SIGALRM))
        (self.outputs / "deaf").touch()
        time.sleep(3600)

    def fault_swallow(self) -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.1)

    def publish(self, costs: list[float], stopwatch: Stopwatch) -> None:
        import pandas as pd

        config = self.config
        row = {
            "run_id": self.key.id,
            "model": config.cell.name,
            "seed": config.seed,
            "n_samples": len(costs),
            "rmse": sum(costs) / (config.seed + 1),
            "cpu_fit": stopwatch.cpu_seconds(),
        }
        table = pd.DataFrame({"cost": costs})
        about = provenance(
            run_id=self.key.id,
            config={},
            overrides=self.overrides,
            stopwatch=stopwatch,
            status="done",
            stages={"bo": 1},
        )
        self.folder.publish(records=[row], predictions=table, training_set=table, provenance=about)


def work(config, overrides) -> TrivialWork:
    return TrivialWork(config, overrides)
