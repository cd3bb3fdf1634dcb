"""What a data set is: where it comes from, its fixed split and its preprocessing.

Split and preprocessing are those of HPOBench (Eggensperger et al. 2021), whatever the source.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset", "RawData", "Source", "prepare"]

VALID_SIZE = 0.33
SPLIT_SEED = 1


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split and preprocessed.

    Attributes
    ----------
    name : str
    X_train, X_valid, X_test : array of shape (rows, columns), float64
        Features after one-hot encoding, imputation and scaling.
    y_train, y_valid, y_test : array of shape (rows,), int64
        Labels 0..K-1, in the sorted order of the original ones.
    n_classes : int
        K, whether or not every part has all of them.
    provenance : mapping
        Plain JSON data: source, identifier, version, checksum of the data before preprocessing.
    """

    name: str
    X_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    X_valid: NDArray[np.float64]
    y_valid: NDArray[np.int64]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    n_classes: int
    provenance: Mapping[str, Any]

    @property
    def n_features(self) -> int:
        """Number of columns after preprocessing."""
        return int(self.X_train.shape[1])


@dataclass(frozen=True, eq=False)
class RawData:
    """A data set as its source gives it.

    Attributes
    ----------
    features : DataFrame of shape (rows, columns)
    labels : array of shape (rows,), str
    categorical : array of shape (columns,), bool
    train_rows, test_rows : array of int
        The rows of the outer split; validation rows are taken from the training rows.
    provenance : mapping
    """

    features: pd.DataFrame
    labels: NDArray[np.str_]
    categorical: NDArray[np.bool_]
    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]
    provenance: Mapping[str, Any]

    def checksum(self) -> str:
        """Return the SHA-256 of values, labels and split, whatever file format they came in."""
        digest = hashlib.sha256()
        for column, categorical in zip(self.features.columns, self.categorical, strict=True):
            values = self.features[column]
            digest.update(f"{column}\0{int(categorical)}\0".encode())
            if categorical:
                text = values.astype(object).where(values.notna(), "\0missing")
                digest.update("\0".join(map(str, text)).encode())
            else:
                digest.update(values.to_numpy(dtype="<f8", na_value=np.nan).tobytes())
        digest.update("\0".join(self.labels).encode())
        for rows in (self.train_rows, self.test_rows):
            digest.update(np.asarray(rows, dtype="<i8").tobytes())
        return digest.hexdigest()


class Source(ABC):
    """Where a data set comes from: one class for a kind of source, one config for a data set.

    Attributes
    ----------
    name : str
        The data set's name in commands, folders and records.
    checksum : str or None
        Expected `RawData.checksum`. The values of every evaluation depend on the data, so the
        checksum is part of the objective's identity, and data that do not have it are refused.
        None accepts any data, at the user's own risk.
    """

    name: str
    checksum: str | None

    @property
    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Plain JSON data that tell this data set from every other; known without loading it."""

    @abstractmethod
    def read(self) -> RawData:
        """Get the data; raise UserError when they cannot be had."""

    def load(self) -> Dataset:
        """Get, check, split and preprocess the data.

        Raises
        ------
        UserError
            When the data cannot be had or are not those that the checksum names.
        """
        raw = self.read()
        checksum = raw.checksum()
        if self.checksum is not None and checksum != self.checksum:
            raise UserError(
                f"data set {self.name}: its data have the checksum {checksum}, not {self.checksum}, so their "
                f"results cannot be compared; use the original data or set dataset.checksum={checksum}"
            )
        return prepare(self.name, raw, {**raw.provenance, "checksum": checksum})


def prepare(name: str, raw: RawData, provenance: Mapping[str, Any]) -> Dataset:
    """Split and preprocess as HPOBench does: everything is fitted on the training part alone."""
    from sklearn.model_selection import train_test_split

    classes, y = np.unique(raw.labels, return_inverse=True)
    train_rows, valid_rows = train_test_split(
        raw.train_rows,
        test_size=VALID_SIZE,
        shuffle=True,
        stratify=y[raw.train_rows],
        random_state=np.random.RandomState(SPLIT_SEED),
    )
    preprocessor = _preprocessor(raw.categorical)
    preprocessor.fit(raw.features.iloc[train_rows])
    parts: dict[str, Any] = {}
    for part, rows in (("train", train_rows), ("valid", valid_rows), ("test", raw.test_rows)):
        parts[f"X_{part}"] = np.asarray(preprocessor.transform(raw.features.iloc[rows]), dtype=np.float64)
        parts[f"y_{part}"] = y[rows]
    return Dataset(name=name, n_classes=len(classes), provenance=provenance, **parts)


def _preprocessor(categorical: NDArray[np.bool_]) -> Any:
    # Categorical columns come first in the output, as in HPOBench.
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encode = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    )
    scale = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer(
        [
            ("categorical", encode, np.flatnonzero(categorical).tolist()),
            ("numeric", scale, np.flatnonzero(~categorical).tolist()),
        ]
    )
