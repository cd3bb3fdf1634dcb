"""All three strategies and the baselines for one small cell on bundled data: table and figures.

make demo
python experiments/demo.py dataset=wine
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.cli import compose, log_to_stderr, user_errors
from symhpo.parallel import prepare_process

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from symhpo.pipeline import Plan

STRATEGIES = ("bo", "random", "bo_gp")


def main(overrides: list[str]) -> None:
    """Compute the runs that are missing, print the table, write the figures."""
    from symhpo.pipeline import execute
    from symhpo.summary import stability_summary, summary

    prepare_process()
    log_to_stderr()
    if {"-h", "--help"} & set(overrides):
        print(f"{__doc__}\nArguments are overrides, as of run.py.")
        return
    with user_errors():
        plans = _plans(overrides)
        execute(plans)
        records = _read(plans, "records.parquet")
        print(summary(records))
        print(stability_summary(records))
        for path in _figures(plans, records):
            print(path)


def _plans(overrides: list[str]) -> list[Plan]:
    from symhpo.pipeline import Plan

    plans = []
    for strategy in STRATEGIES:
        changed = ["experiment=demo", f"strategy={strategy}", *overrides]
        plans.append(Plan.from_config(compose(changed), changed))
    return plans


def _read(plans: list[Plan], name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(
        [pd.read_parquet(p.folder / name).assign(strategy=p.strategy.name) for p in plans], ignore_index=True
    )


def _figures(plans: list[Plan], records: pd.DataFrame) -> Iterator[Path]:
    from symhpo.formula import Formula
    from symhpo.formula.draw import save_tree
    from symhpo.plots import save

    cell = plans[0]
    folder = Path(cell.config.paths.outputs, cell.config.name, "figures")
    folder.mkdir(parents=True, exist_ok=True)
    yield from save(_landscapes(plans), folder / "landscapes")
    is_chosen = (records["strategy"] == "bo_gp") & (records["regressor"] == cell.config.regressor.name)
    chosen = records[is_chosen].iloc[0]
    yield from save(_front(chosen, records), folder / "front")
    formula = Formula.parse(chosen["formula"], cell.objective.space.names)
    yield from save_tree(formula, folder / "formula", formats=("pdf", "png"))


def _front(chosen: pd.Series, records: pd.DataFrame) -> Figure:
    import pandas as pd

    from symhpo.plots import methods
    from symhpo.plots.front import front

    is_baseline = records["regressor"].isin(["gp", "linear", "constant"])
    baselines = records[is_baseline & (records["strategy"] == chosen["strategy"])].assign(label=methods)
    return front(
        pd.DataFrame(json.loads(chosen["front"])),
        chosen=chosen["nodes"],
        references=dict(zip(baselines["label"], baselines["nrmse"], strict=True)),
        title=f"{chosen['model']} on {chosen['dataset']}, SR (BO-GP), {chosen['n_samples']} trials",
    )


def _landscapes(plans: list[Plan]) -> Figure:
    from symhpo.pipeline import landscape_of
    from symhpo.plots import landscapes, methods
    from symhpo.plots.methods import METHODS
    from symhpo.store import Store

    space = plans[0].objective.space
    landscape = landscape_of(plans[0], Store(plans[0].config.paths.store), workers=0)
    predictions = _read(plans, "predictions.parquet")
    predictions = predictions[predictions["regressor"].isin([plans[0].config.regressor.name, "gp"])]
    by_method = dict(list(predictions.groupby(methods(predictions))))
    training_sets = _read(plans, "training_set.parquet").assign(regressor="")
    # The paper's order: the Gaussian process, then the formulas.
    order = ("GP baseline", *(name for name in METHODS if name != "GP baseline"))
    return landscapes(
        space,
        landscape,
        {name: by_method[name]["prediction"].to_numpy() for name in order if name in by_method},
        {
            str(name): group[list(space.names)].to_numpy()
            for name, group in training_sets.groupby(methods(training_sets))
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
