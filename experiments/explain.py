"""A formula of your own trials: a CSV file with one column a hyperparameter, and one with the cost.

python experiments/explain.py trials.csv --cost loss --log eta,alpha [--ignore date] [--max-nodes 12]
    [--output DIR]
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.errors import UserError
from symhpo.parallel import prepare_process
from symhpo.store.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from symhpo.regression import Front, Member, TrainingSet

logger = logging.getLogger(__name__)

# Values whose largest is so many times the smallest were probably searched on a log scale.
LOG_RATIO = 1000
# Smaller shares of the variance are not listed.
LEAST = 0.01
# One formula for each choice of a categorical takes more nodes than one formula.
MOST_NODES_WITH_CHOICES = 40


def main() -> None:
    """Fit, print the front with the chosen formula marked, write exports and drawings."""
    arguments = _parse()
    prepare_process()
    log_to_stderr()
    with user_errors():
        training_set = _read(arguments)
        if arguments.output is not None:
            make_folder(arguments.output)
        print(f"{len(training_set.y)} trials, std of the cost {training_set.y.std():.4g}", flush=True)
        _suggest_log(training_set)
        logger.info("looking for what matters")
        print(_importance(training_set, arguments.seed), flush=True)
        logger.info("looking for formulas")
        front, chosen = _fit(training_set, arguments.max_nodes, arguments.seed)
        _print(front, chosen, training_set)
        if arguments.output is not None:
            _write(chosen, training_set, arguments.output)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Learn a short formula of how hyperparameters drive the cost."
    )
    parser.add_argument("trials", type=Path, help="CSV file, one row a trial")
    parser.add_argument("--cost", default="cost", help="the column that was minimised (%(default)s)")
    parser.add_argument(
        "--log", type=_names, default=[], help="hyperparameters on log scale, separated by commas"
    )
    parser.add_argument(
        "--ignore", type=_names, default=[], help="columns that are no hyperparameters, separated by commas"
    )
    parser.add_argument("--max-nodes", type=_at_least(1), help="the best formula with at most so many nodes")
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of the regression (%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for text, LaTeX, Python, JSON and drawings")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of {least} or more")
        return int(text)

    return number


def _read(arguments: argparse.Namespace) -> TrainingSet:
    import pandas as pd

    from symhpo.explain import from_trials

    try:
        trials = pd.read_csv(arguments.trials)
    except (OSError, ValueError) as error:
        raise UserError(f"{arguments.trials} cannot be read as CSV: {error}") from error
    _require_names(trials, arguments.ignore)
    return from_trials(trials, arguments.cost, arguments.log, arguments.ignore)


def _require_names(trials: pd.DataFrame, ignored: list[str]) -> None:
    # What pandas calls a column without a name; its own tables have one, the index.
    unnamed = [name for name in trials if name.startswith("Unnamed: ") and name not in ignored]
    if unnamed:
        raise UserError(
            f"column {trials.columns.get_loc(unnamed[0]) + 1} has no name; name it, or leave it out, "
            f"--ignore {unnamed[0]!r}"
        )


def _suggest_log(training_set: TrainingSet) -> None:
    wide = [
        h.name
        for h in training_set.space.hyperparameters
        if h.type != "categorical" and not h.log and 0 < LOG_RATIO * h.lower <= h.upper
    ]
    if wide:
        names = ",".join(wide)
        logger.info(
            "%s: values over orders of magnitude; if searched on a log scale, add --log %s", names, names
        )


def _importance(training_set: TrainingSet, seed: int) -> str:
    """Return a line on the hyperparameters that matter, or why they are not known."""
    import numpy as np

    from symhpo.config import make
    from symhpo.importance import from_trials

    space, method = training_set.space, make(compose([]).importance)
    try:
        importance = from_trials(space, training_set.X, training_set.y, method=method, seed=seed)
    except UserError as error:
        return f"what matters is not known: {error}"
    if importance.explained <= 0:
        return "what matters is not known: a model of the trials sees no hyperparameter that changes the cost"
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
        longest = max(max_nodes, compose([]).regressor.max_nodes)
        overrides = ["selection=at_most", f"selection.nodes={max_nodes}", f"regressor.max_nodes={longest}"]
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
    from symhpo.formula.draw import save_tree
    from symhpo.formula.export import export

    choices = {h.name: h.choices for h in training_set.space.hyperparameters if h.choices}
    written = export(chosen.formula, training_set.X, choices=choices).save(folder / "formula")
    for path in [*written, *save_tree(chosen.formula, folder / "formula", formats=("pdf", "png"))]:
        print(path)


if __name__ == "__main__":
    main()
