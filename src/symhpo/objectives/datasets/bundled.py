"""The data sets that scikit-learn brings with it: no network, no cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symhpo.errors import UserError
from symhpo.objectives.datasets.base import RawData, Source

__all__ = ["Bundled"]

NAMES = ("breast_cancer", "digits", "iris", "wine")
FOLDS = 10
FOLD_SEED = 0


@dataclass(frozen=True)
class Bundled(Source):
    """A classification data set of scikit-learn, with a stratified 10-fold split of our own.

    Fold 0 is the test part, as fold 0 of the task's split is for the OpenML tasks.

    Parameters
    ----------
    name : {"breast_cancer", "digits", "iris", "wine"}
    checksum : str, optional
        See `Source`.
    """

    name: str
    checksum: str | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise UserError(f"scikit-learn bundles no data set {self.name!r}; take one of {', '.join(NAMES)}")

    @property
    def identity(self) -> dict[str, Any]:
        """Source, name and checksum."""
        return {"source": "scikit-learn", "name": self.name, "checksum": self.checksum}

    def read(self) -> RawData:
        """Get the data from the installed scikit-learn."""
        import sklearn
        from sklearn import datasets
        from sklearn.model_selection import StratifiedKFold

        bunch = getattr(datasets, f"load_{self.name}")(as_frame=True)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=FOLD_SEED)
        train_rows, test_rows = next(folds.split(bunch.data, bunch.target))
        return RawData(
            features=bunch.data,
            labels=bunch.target.to_numpy().astype(str),
            categorical=np.zeros(bunch.data.shape[1], dtype=bool),
            train_rows=train_rows,
            test_rows=test_rows,
            provenance={"source": "scikit-learn", "name": self.name, "version": sklearn.__version__},
        )
