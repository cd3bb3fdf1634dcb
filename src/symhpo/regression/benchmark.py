"""Regression engines side by side on landscapes that are stored as tables."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.evaluation import scores
from symhpo.regression.base import Front, Regressor, Selection, TrainingSet
from symhpo.regression.domain import Domain
from symhpo.seeds import generator
from symhpo.space import Hyperparameter, Space

if TYPE_CHECKING:
    import pandas as pd

    from symhpo.sampling.surrogate import Surrogate

__all__ = [
    "TRAINING_KINDS",
    "Row",
    "TableLandscape",
    "gaussian_process",
    "measure",
    "measure_gaussian_process",
    "read_landscapes",
    "summary",
    "training_set",
]

Array = NDArray[np.float64]

TRAINING_KINDS = ("random80", "bo80", "bo80_surrogate")
N_POINTS = 80
N_LABELS = 400
GP_RESTARTS = 2


@dataclass(frozen=True, eq=False)
class TableLandscape:
    """A landscape with points to train on.

    Attributes
    ----------
    name : str
    space : Space
    random, bo : tuple of arrays of shape (n, d) and (n,)
        Random configurations and those of a Bayesian optimisation, with their cost.
    X, cost : arrays of shape (m, d) and (m,)
        The points that predictions are scored on, with their mean cost.
    """

    name: str
    space: Space
    random: tuple[Array, Array]
    bo: tuple[Array, Array]
    X: Array
    cost: Array

    def write(self, folder: Path) -> None:
        """Write the tables that `read_landscapes` reads."""
        import pandas as pd

        hps = {
            h.name: {"lo": h.lower, "hi": h.upper, "log": h.log, "int": h.type == "int"}
            for h in self.space.hyperparameters
        }
        (folder / f"{self.name}.json").write_text(json.dumps({"hps": hps}, indent=1), encoding="utf-8")
        tables = {"train": self.random, "bo80": self.bo, "test": (self.X, self.cost)}
        for kind, (X, cost) in tables.items():
            table = pd.DataFrame(X, columns=list(self.space.names)).assign(loss=cost)
            table.to_csv(folder / f"{self.name}_{kind}.csv", index=False)


def read_landscapes(folder: Path) -> list[TableLandscape]:
    """Read every landscape of a folder.

    Each has ``NAME.json`` (``hps``: name to ``lo``, ``hi``, ``log``, ``int``) and the tables
    ``NAME_train.csv`` (random points), ``NAME_bo80.csv`` and ``NAME_test.csv``, whose column
    ``loss`` is the cost.

    Raises
    ------
    UserError
        If there is none, or a file or column is missing.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one with NAME.json and NAME_{{train,bo80,test}}.csv")
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UserError(f"{folder} has no landscape; it needs NAME.json and NAME_{{train,bo80,test}}.csv")
    return [_read_landscape(path) for path in paths]


def _read_landscape(path: Path) -> TableLandscape:
    try:
        hps = json.loads(path.read_text(encoding="utf-8"))["hps"]
        space = Space(
            Hyperparameter(
                name, "int" if hp["int"] else "float", hp["lo"], hp["hi"], default=hp["lo"], log=hp["log"]
            )
            for name, hp in hps.items()
        )
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path}: not a landscape's description ({error!r}); see README") from error
    tables = {kind: _read_table(path, kind, space) for kind in ("train", "bo80", "test")}
    return TableLandscape(path.stem, space, tables["train"], tables["bo80"], *tables["test"])


def _read_table(path: Path, kind: str, space: Space) -> tuple[Array, Array]:
    import pandas as pd

    file = path.with_name(f"{path.stem}_{kind}.csv")
    if not file.is_file():
        raise UserError(f"{file} is missing; a landscape has the tables train, bo80 and test")
    table = pd.read_csv(file)
    missing = {*space.names, "loss"} - set(table.columns)
    if missing:
        raise UserError(f"{file} has no column {', '.join(sorted(missing))}")
    X = table[list(space.names)].to_numpy(dtype=np.float64, copy=True)
    return X, table["loss"].to_numpy(dtype=np.float64, copy=True)


def training_set(landscape: TableLandscape, kind: str) -> tuple[TrainingSet, Surrogate]:
    """Return a training set of one of `TRAINING_KINDS`, and the Gaussian process on the same points."""
    X, cost = (part[:N_POINTS] for part in (landscape.random if kind == "random80" else landscape.bo))
    process = gaussian_process(landscape.space, X, cost)
    if kind != "bo80_surrogate":
        return TrainingSet(landscape.space, X, cost, len(cost)), process
    points = landscape.space.sample(N_LABELS, generator(0, "benchmark", landscape.name))
    labels = process.predict(points)[0]
    return TrainingSet(landscape.space, points, labels, len(cost), process), process


def gaussian_process(space: Space, X: Array, cost: Array) -> Surrogate:
    """Fit scikit-learn's Gaussian process, Matérn 5/2 with a length scale for each hyperparameter."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    from symhpo.sampling.surrogate import Surrogate

    kernel = ConstantKernel() * Matern(np.full(len(space), 0.5), (0.05, 20), nu=2.5)
    kernel += WhiteKernel(0.01, (1e-6, 1.0))
    process = GaussianProcessRegressor(
        kernel, normalize_y=True, n_restarts_optimizer=GP_RESTARTS, random_state=0
    )
    U = space.to_unit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound
        process.fit(U, cost)
    fitted = process.kernel_
    return Surrogate.fitted(
        space,
        U,
        process.y_train_,
        amplitude=float(fitted.k1.k1.constant_value),
        length_scales=np.atleast_1d(fitted.k1.k2.length_scale),
        noise=float(fitted.k2.noise_level),
        cost_mean=float(process._y_train_mean),
        cost_std=float(process._y_train_std),
    )


@dataclass(frozen=True)
class Row:
    """One method on one training set of one landscape.

    ``nrmse10`` to ``nrmse30`` are of the most accurate formula, on the training set, of at most so
    many nodes; ``nrmse`` is of the chosen one. `finite` tells whether every formula of the front is
    finite on 1000 points of the space and its corners.
    """

    landscape: str
    training: str
    method: str
    cpu_seconds: float
    nrmse10: float
    nrmse20: float
    nrmse30: float
    nrmse: float
    nodes: float
    formula: str
    max_relative_difference: float
    finite: bool


def measure(
    landscape: TableLandscape,
    kind: str,
    training: TrainingSet,
    regressor: Regressor,
    selection: Selection,
    *,
    seed: int = 0,
) -> Row:
    """Fit one engine and score its formulas."""
    started = time.process_time()
    front = regressor.fit(training, seed=seed)
    seconds = time.process_time() - started
    chosen = selection(front, training)
    points = Domain(landscape.space, training.y).X
    return Row(
        landscape.name,
        kind,
        regressor.name,
        seconds,
        nrmse10=_nrmse_at_most(front, 10, landscape),
        nrmse20=_nrmse_at_most(front, 20, landscape),
        nrmse30=_nrmse_at_most(front, 30, landscape),
        nrmse=_nrmse(landscape, chosen.formula.evaluate(landscape.X)),
        nodes=chosen.nodes,
        formula=chosen.formula.text,
        max_relative_difference=max(m.max_relative_difference for m in front.members),
        finite=all(bool(np.isfinite(m.formula.evaluate(points)).all()) for m in front.members),
    )


def measure_gaussian_process(landscape: TableLandscape, kind: str, process: Surrogate, seconds: float) -> Row:
    """Score the Gaussian process, which is no formula."""
    nrmse = _nrmse(landscape, process.predict(landscape.X)[0])
    nan = float("nan")
    return Row(
        landscape.name, kind, "gaussian_process", seconds, nan, nan, nan, nrmse, nan, "", 0.0, finite=True
    )


def _nrmse_at_most(front: Front, nodes: int, landscape: TableLandscape) -> float:
    short = [m for m in front.members if m.nodes <= nodes]
    if not short:
        return float("nan")
    best = min(short, key=lambda m: m.rmse)
    return _nrmse(landscape, best.formula.evaluate(landscape.X))


def _nrmse(landscape: TableLandscape, prediction: Array) -> float:
    return scores(landscape.cost, prediction)["nrmse"]


FIGURES = ("cpu_seconds", "nrmse10", "nrmse20", "nrmse30", "nrmse", "nodes")


def summary(rows: Sequence[Row]) -> pd.DataFrame:
    """Return medians over the landscapes, one row per training kind and method.

    Besides: the worst nRMSE, the median ratios to the Gaussian process and to gplearn on the same
    points, landscape by landscape, and whether all formulas are finite and equal the engine.
    """
    import pandas as pd

    table = pd.DataFrame([asdict(row) for row in rows])
    lines = [
        {"training": kind, "method": method, **_line(group, table[table.training == kind])}
        for kind in table.training.unique()
        for method, group in table[table.training == kind].groupby("method", sort=False)
    ]
    return pd.DataFrame(lines)


def _line(group: pd.DataFrame, of_kind: pd.DataFrame) -> Mapping[str, Any]:
    return {
        **{figure: group[figure].median() for figure in FIGURES},
        "worst": group.nrmse.max(),
        **dict(_ratios(group, of_kind)),
        "difference": group.max_relative_difference.max(),
        "finite": bool(group.finite.all()),
    }


def _ratios(group: pd.DataFrame, of_kind: pd.DataFrame) -> Iterator[tuple[str, float]]:
    own = group.set_index("landscape").nrmse
    for name, method in (("to_gp", "gaussian_process"), ("to_gplearn", "gplearn")):
        other = of_kind[of_kind.method == method].set_index("landscape").nrmse
        yield name, float((own / other).median())
