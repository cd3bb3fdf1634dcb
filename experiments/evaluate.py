"""Evaluate the configurations of a table, and compare with known values if it has them.

python experiments/evaluate.py FILE.csv [--output OUT.csv] [--workers N] [--protocol hpobench]

Columns: model; task_id (OpenML) or dataset; config, the hyperparameters as JSON (those left out have
their defaults); seed; optionally function_value, the expected cost. Others are ignored.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from symhpo.cli import CONF, log_to_stderr, user_errors
from symhpo.config import group_config, make
from symhpo.errors import UserError
from symhpo.objectives import Evaluation, evaluate_queries
from symhpo.objectives.datasets import OpenMLTask, Source
from symhpo.objectives.models import Model
from symhpo.objectives.table import compare, read_table, to_csv, to_queries


def main() -> int:
    """Write the costs; return 1 if an evaluation failed or differs from its expected value."""
    arguments = _arguments()
    table = read_table(arguments.file)
    sources = _sources()
    queries = to_queries(
        table,
        model=_model,
        source=lambda name: _source(name, sources),
        protocol=make(group_config("protocol", arguments.protocol)),
    )
    outcomes = evaluate_queries(queries, workers=arguments.workers)
    _write(arguments.output, to_csv(table, outcomes))
    failures = [outcome for outcome in outcomes if not isinstance(outcome, Evaluation)]
    if failures:
        print(f"{len(failures)} evaluations failed, the first: {failures[0].reason}", file=sys.stderr)
    if not table.has_expected:
        return int(bool(failures))
    result = compare(table, outcomes)
    print(
        f"{result.compared} rows compared, {result.equal} equal to 1e-12, "
        f"largest difference {result.largest_difference:.3g}",
        file=sys.stderr,
    )
    return int(result.equal < result.compared or bool(failures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Evaluate the configurations of a CSV file (columns model, task_id or dataset, config as "
        "JSON, seed); compare the costs with its column function_value if it has one."
    )
    parser.add_argument("file", type=Path, help="the table")
    parser.add_argument("--output", type=Path, help="CSV file of the costs (standard output)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--protocol", default="hpobench", help="hpobench or holdout (hpobench)")
    return parser.parse_args()


def _model(name: str) -> Model:
    from hydra.utils import get_class
    from omegaconf import OmegaConf

    config = group_config("model", name)
    if not issubclass(get_class(config._target_), Model):
        raise UserError(f"model {name} brings its own data; take one that is trained on a data set")
    model: Model = make(OmegaConf.merge(config, {"tuned": "all"}))
    return model


def _sources() -> dict[str, Source]:
    # By our name, by OpenML's name and by OpenML's task.
    from omegaconf import OmegaConf

    paths = group_config("paths", "default")
    sources = {}
    for file in sorted((CONF / "dataset").glob("*.yaml")):
        config = OmegaConf.create({"paths": paths, "dataset": group_config("dataset", file.stem)})
        source = make(config.dataset)
        if isinstance(source, OpenMLTask):
            sources |= {str(source.openml_name): source, str(source.task_id): source}
        if isinstance(source, Source):
            sources[source.name] = source
    return sources


def _source(name: str, sources: dict[str, Source]) -> Source:
    if name in sources:
        return sources[name]
    if name.isdecimal():
        return OpenMLTask(f"task_{name}", int(name))
    raise UserError(f"there is no data set {name!r}; there are {', '.join(sorted(sources))}")


def _write(path: Path | None, text: str) -> None:
    if path is None:
        sys.stdout.write(text)
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UserError(f"{path} cannot be written ({error.strerror}); name another --output") from error


if __name__ == "__main__":
    log_to_stderr()
    with user_errors():
        sys.exit(main())
