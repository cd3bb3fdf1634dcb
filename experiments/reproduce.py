"""One cell, computed again and compared with the committed rows, bit for bit, timings aside.

python experiments/reproduce.py svm/vehicle [--start nothing] [--results results/study] [--engine operon]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from symhpo.cli import log_to_stderr, user_errors
from symhpo.parallel import prepare_process

MOST_LINES = 20


def main() -> None:
    """Compute and compare; end with status 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description="Compute a cell again and compare it with committed results."
    )
    parser.add_argument("cell", help="as in the tables, such as svm/vehicle")
    parser.add_argument("--results", type=Path, default=Path("results/study"), help="folder of results")
    parser.add_argument("--engine", default="operon", help="regressor whose runs are repeated")
    parser.add_argument(
        "--work", type=Path, help="empty folder for runs and artifacts, kept; temporary without it"
    )
    parser.add_argument(
        "--start",
        choices=("evaluations", "nothing"),
        default="evaluations",
        help="what is not evaluated again",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that evaluate and fit")
    arguments = parser.parse_args()
    prepare_process()
    log_to_stderr()
    with user_errors(), tempfile.TemporaryDirectory(prefix="reproduce-") as temporary:
        work = arguments.work or Path(temporary)
        same = reproduce(
            arguments.cell, arguments.results, arguments.engine, work, arguments.workers, arguments.start
        )
    sys.exit(not same)


def reproduce(cell: str, folder: Path, engine: str, work: Path, workers: int, start: str) -> bool:
    """Compute the cell's runs below a folder, print what differs, and return whether nothing does."""
    from symhpo.pipeline import execute
    from symhpo.results import Results, compare
    from symhpo.results.reproduction import changed_versions, committed_records, plans_of
    from symhpo.store.collect import collect

    results = Results.open(folder)
    committed = committed_records(results, cell, engine)
    execute(plans_of(results, committed, work, workers=workers, from_nothing=start == "nothing"))
    differences = compare(collect(work / "outputs").records, committed)
    runs = committed["run_id"].nunique()
    if differences.empty:
        print(f"{cell}: {len(committed)} rows of {runs} runs are equal bit for bit (timings aside)")
        return True
    print(f"{cell}: {len(differences)} values differ in {len(committed)} rows of {runs} runs")
    print(differences.assign(run_id=differences["run_id"].str[:8]).head(MOST_LINES).to_string(index=False))
    for line in changed_versions(results):
        print(line)
    return False


if __name__ == "__main__":
    main()
