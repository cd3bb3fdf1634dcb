"""Planted formulas of many kinds: which ones the default engine finds again.

python experiments/fuzz.py [--quick] [--kinds KIND ...] [--workers N] [--output results/fuzz.json]

Fixed seeds, no noise. A formula counts as found if its nRMSE on fresh configurations is at most 0.01; the
goals are for formulas of at most 20 nodes and at least 80 trials. The exit status is 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.config import make
from symhpo.parallel import run_tasks
from symhpo.progress import progress
from symhpo.regression.fuzz.cases import KINDS
from symhpo.regression.fuzz.measures import Outcome, Task, failed, measure, summary
from symhpo.store.provenance import Stopwatch, provenance

PER_KIND, QUICK = 28, 5
# Wall seconds for one case.
TIMEOUT = 300.0


def main() -> None:
    """Fit all cases, print a row for each kind, write every case."""
    parser = argparse.ArgumentParser(description="Which planted formulas the default engine finds again.")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} cases of each kind, not {PER_KIND}")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--output", type=Path, help="JSON file of all cases")
    arguments = parser.parse_args()
    log_to_stderr()
    stopwatch = Stopwatch()
    with user_errors():
        config = compose([])
        engine, selection = make(config.regressor), make(config.selection)
        per_kind = QUICK if arguments.quick else PER_KIND
        tasks = [Task(kind, k, engine, selection) for kind in arguments.kinds for k in range(per_kind)]
        results = run_tasks(measure, tasks, workers=arguments.workers, timeout=TIMEOUT)
        outcomes: list[Outcome | None] = [None] * len(tasks)
        for result in progress(results, "planted formulas", len(tasks)):
            failure = result.failure
            outcomes[result.index] = failed(tasks[result.index], failure.reason) if failure else result.value
    everything = [outcome for outcome in outcomes if outcome is not None]
    table = summary(everything)
    sys.stdout.write(table.to_string(index=False, float_format=lambda x: f"{x:.2f}") + "\n")
    if arguments.output is not None:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        made = provenance(
            run_id="fuzz",
            config={"engine": repr(engine), "selection": repr(selection), "per_kind": per_kind},
            overrides=sys.argv[1:],
            stopwatch=stopwatch,
            status="done",
        )
        content = {
            "provenance": made,
            "summary": json.loads(table.to_json(orient="records")),
            "cases": [outcome.to_json() for outcome in everything],
        }
        arguments.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if bool(table.reached.all()) else 1)


if __name__ == "__main__":
    main()
