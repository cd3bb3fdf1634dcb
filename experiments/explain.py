"""A formula of your own trials: a CSV file with one column a hyperparameter, and one with the cost.

python experiments/explain.py trials.csv --cost loss --log eta,alpha [--max-nodes 12] [--output DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.cli import compose, user_errors
from symhpo.parallel import prepare_process

if TYPE_CHECKING:
    from symhpo.regression import Front, Member, TrainingSet

# Smaller shares of the variance are not listed.
LEAST = 0.01
# One formula for each choice of a categorical takes more nodes than one formula.
MOST_NODES_WITH_CHOICES = 40


def main() -> None:
    """Fit, print the front with the chosen formula marked, write exports and drawings."""
    parser = argparse.ArgumentParser(
        description="Learn a short formula of how hyperparameters drive the cost."
    )
    parser.add_argument("trials", type=Path, help="CSV file, one row a trial")
    parser.add_argument("--cost", default="cost", help="the column that was minimised (%(default)s)")
    parser.add_argument("--log", default="", help="hyperparameters on log scale, separated by commas")
    parser.add_argument("--max-nodes", type=int, help="the best formula with at most so many nodes")
    parser.add_argument("--seed", type=_seed, default=0, help="of the regression (%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for text, LaTeX, Python, JSON and drawings")
    arguments = parser.parse_args()
    prepare_process()
    with user_errors():
        training_set = _read(arguments.trials, arguments.cost, arguments.log)
        print(f"{len(training_set.y)} trials, std of the cost {training_set.y.std():.4g}")
        print(_importance(training_set, arguments.seed), flush=True)
        front, chosen = _fit(training_set, arguments.max_nodes, arguments.seed)
        _print(front, chosen, training_set)
        if arguments.output is not None:
            _write(chosen, training_set, arguments.output)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 on")
    return int(text)


def _read(path: Path, cost: str, log: str) -> TrainingSet:
    import pandas as pd

    from symhpo.errors import UserError
    from symhpo.explain import from_trials

    try:
        trials = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as CSV: {error}") from error
    return from_trials(trials, cost, [name.strip() for name in log.split(",") if name.strip()])


def _importance(training_set: TrainingSet, seed: int) -> str:
    """Return a line on the hyperparameters that matter, or why they are not known."""
    import numpy as np

    from symhpo.config import make
    from symhpo.errors import UserError
    from symhpo.importance import from_trials

    space, method = training_set.space, make(compose([]).importance)
    try:
        importance = from_trials(space, training_set.X, training_set.y, method=method, seed=seed)
    except UserError as error:
        return f"what matters is not known: {error}"
    shares = dict(zip(space.names, importance.main, strict=True))
    for i, j in zip(*np.triu_indices(len(space), k=1), strict=True):
        shares[f"{space.names[i]} × {space.names[j]}"] = importance.pairs[i, j]
    named = [
        f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda s: -s[1]) if share >= LEAST
    ]
    return f"share of the variance, by a model of the trials: {', '.join(named) or 'none'}"


def _fit(training_set: TrainingSet, max_nodes: int | None, seed: int) -> tuple[Front, Member]:
    from symhpo.config import make
    from symhpo.regression.mixed import MixedRegressor

    if max_nodes is not None:
        overrides = ["selection=at_most", f"selection.nodes={max_nodes}"]
    else:
        has_choices = any(h.choices for h in training_set.space.hyperparameters)
        most = MOST_NODES_WITH_CHOICES if has_choices else compose([]).selection.max_nodes
        # More nodes than every other trial has could fit chance.
        overrides = [f"selection.max_nodes={max(1, min(most, len(training_set.y) // 2))}"]
    config = compose(overrides)
    front = MixedRegressor(make(config.regressor)).fit(training_set, seed=seed)
    return front, make(config.selection)(front, training_set)


def _print(front: Front, chosen: Member, training_set: TrainingSet) -> None:
    from symhpo.regression.finding import is_finding
    from symhpo.regression.mixed import legend
    from symhpo.summary import readable_formula

    for member in front.members:
        mark = "→" if member is chosen else " "
        text = readable_formula(member.formula.text)
        print(f"{mark} {member.nodes:3d} nodes  RMSE {member.rmse:.4g}  {text}")
    print("the chosen formula", is_finding(chosen, training_set)[1])
    if legend(training_set.space):
        print(legend(training_set.space))


def _write(chosen: Member, training_set: TrainingSet, folder: Path) -> None:
    from symhpo.errors import UserError
    from symhpo.formula.draw import save_tree
    from symhpo.formula.export import export

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {error}") from error
    written = export(chosen.formula, training_set.X).save(folder / "formula")
    for path in [*written, *save_tree(chosen.formula, folder / "formula", formats=("pdf", "png"))]:
        print(path)


if __name__ == "__main__":
    main()
