"""Every table and figure of the study from its collected results, on one page.

python experiments/paper.py --results results/study --output paper [--only faithfulness beyond]
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from symhpo.cli import log_to_stderr, user_errors
from symhpo.paper import Outcome, execute, find_notebooks, write_index
from symhpo.progress import progress
from symhpo.results import Results

ANALYSIS = Path(__file__).resolve().parents[1] / "analysis"

logger = logging.getLogger(__name__)


def main() -> None:
    """Execute the notebooks, write the index; end with status 1 if a notebook failed."""
    parser = argparse.ArgumentParser(description="Make every table and figure from collected results.")
    parser.add_argument("--results", type=Path, default=Path("results/study"), help="folder of results")
    parser.add_argument("--output", type=Path, default=Path("paper"), help="where tables and figures go")
    parser.add_argument("--analysis", type=Path, default=ANALYSIS, help="folder of notebooks")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="execute these notebooks only")
    arguments = parser.parse_args()
    log_to_stderr()
    with user_errors():
        results = Results.open(arguments.results)
        notebooks = find_notebooks(arguments.analysis, arguments.only)
        outcomes: list[Outcome] = []
        for notebook in progress(notebooks, "notebooks", total=len(notebooks)):
            logger.info("executing %s", notebook.stem)
            outcomes.append(execute(notebook, arguments.results, arguments.output))
        command = f"make paper RESULTS={arguments.results}"
        index = write_index(outcomes, results.provenance, arguments.output, command)
    for outcome in outcomes:
        print(f"{outcome.name:22} {outcome.status:8} {outcome.message}")
    print(f"written: {index}")
    sys.exit(any(outcome.status == "failed" for outcome in outcomes))


if __name__ == "__main__":
    main()
