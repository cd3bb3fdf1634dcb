"""Evaluate landscapes and samples of whole cells and write them as tables that runs start from.

python experiments/make_evaluations.py svm/vehicle nn/credit_g --journals journals
python experiments/make_evaluations.py rf/car --protocol holdout --optimize --journals journals --workers 2

Stopped at any moment, it goes on where it was. A cell's table is written when the cell is whole; what the
tables hold is not evaluated again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.errors import UserError
from symhpo.parallel import prepare_process

SEEDS = (0, 3, 6, 9, 12)


def main() -> None:
    """Evaluate the cells one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cells", nargs="+", help="model/dataset")
    parser.add_argument("--protocol", default="hpobench", help="hpobench or holdout (hpobench)")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of runs (0 3 6 9 12)")
    parser.add_argument("--journals", type=Path, required=True, help="folder that keeps unfinished cells")
    parser.add_argument("--optimize", action="store_true", help="keep the trials of the optimiser, too")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    prepare_process()
    log_to_stderr()
    with user_errors():
        for cell in arguments.cells:
            model, _, dataset = cell.partition("/")
            if not dataset:
                raise UserError(f"{cell} is no cell; write it as model/dataset")
            from symhpo.pipeline.cells import evaluate_cell

            overrides = [f"model={model}", f"dataset={dataset}", f"protocol={arguments.protocol}"]
            evaluate_cell(
                compose(overrides),
                arguments.seeds,
                arguments.journals,
                workers=arguments.workers,
                optimize=arguments.optimize,
            )


if __name__ == "__main__":
    main()
