"""One table of all records below a folder.

python experiments/collect.py outputs/demo [--output FILE] [--allow-mixed-versions]
"""

import argparse
import logging
import sys
from pathlib import Path

from symhpo.errors import UserError
from symhpo.store.collect import collect, write_table


def main() -> None:
    """Collect, write Parquet and CSV, and say how many runs stand behind the table."""
    parser = argparse.ArgumentParser(description="Collect the records of all finished runs below a folder.")
    parser.add_argument("folder", type=Path, help="such as outputs/demo; searched at any depth")
    parser.add_argument("--output", type=Path, help="table to write, as .parquet and .csv (FOLDER/collected)")
    parser.add_argument(
        "--allow-mixed-versions", action="store_true", help="mix records of different code versions"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    collection = collect(arguments.folder, allow_mixed_versions=arguments.allow_mixed_versions)
    written = write_table(collection.records, arguments.output or arguments.folder / "collected")
    print(collection.summary)
    print("written:", *written)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
