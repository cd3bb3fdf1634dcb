"""The results folder of a study, small enough to commit, from its run folders and the store.

python experiments/export.py outputs/study --store store --destination results/study [--size 140]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from symhpo.cli import log_to_stderr, user_errors
from symhpo.results import export
from symhpo.results.layout import MAIN_SIZE


def main() -> None:
    """Export, and say how many runs stand behind the results."""
    parser = argparse.ArgumentParser(
        description="Write the results folder of all finished runs below a folder."
    )
    parser.add_argument("outputs", type=Path, help="folder with runs, at any depth")
    parser.add_argument("--store", type=Path, default=Path("store"), help="store of the artifacts")
    parser.add_argument("--destination", type=Path, required=True, help="such as results/study")
    parser.add_argument(
        "--size", type=int, default=MAIN_SIZE, help="size whose predictions and fronts are kept"
    )
    parser.add_argument(
        "--allow-mixed-versions", action="store_true", help="mix records of different code versions"
    )
    arguments = parser.parse_args()
    log_to_stderr()
    with user_errors():
        collection = export(
            arguments.outputs,
            arguments.store,
            arguments.destination,
            size=arguments.size,
            allow_mixed_versions=arguments.allow_mixed_versions,
        )
    print(collection.summary)
    print("written:", *sorted(path.name for path in arguments.destination.iterdir()))


if __name__ == "__main__":
    main()
