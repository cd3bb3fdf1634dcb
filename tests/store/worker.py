"""A process of its own that computes one artifact slowly: `python worker.py ROOT STEPS SECONDS`.

It journals one line a step, skips the steps it finds in the journal, and prints what it does.
"""

import logging
import sys
import time
from pathlib import Path

from symhpo.errors import UserError
from symhpo.store import Journal, Key, Store, lease, read_journal


def key(steps: int) -> Key:
    return Key("bo", 1, {"steps": steps}, f"svm/steps={steps}")


def compute(root: Path, steps: int, seconds: float, lifetime: float) -> Path:
    def build(journal: Path, out: Path) -> None:
        print("building", flush=True)
        done = {line["step"] for line in read_journal(journal)}
        with Journal(journal) as lines:
            for step in range(steps):
                if step not in done:
                    time.sleep(seconds)
                    with (root / "steps.txt").open("a") as log:
                        log.write(f"{step}\n")
                    lines.append({"step": step})
                    print(f"step {step}", flush=True)
        for number in range(20):
            (out / f"part{number}").write_text(f"{number} " * 1000)

    return Store(root, lease_lifetime=lifetime).compute(
        key(steps), build, progress=lambda line: print(line, flush=True)
    )


if __name__ == "__main__":
    logging.basicConfig()
    lease.CLOCK_SLOP = 0.1
    try:
        compute(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print("finished", flush=True)
