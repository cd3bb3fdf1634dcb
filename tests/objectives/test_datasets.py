"""Data sets: sources, checksums, split, preprocessing, and what happens when they cannot be had."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loading import load_checksum
from omegaconf import OmegaConf

from symhpo.config import group_config, make
from symhpo.errors import UserError
from symhpo.objectives.datasets import Bundled, Dataset, OpenMLTask, RawData, Source, prepare
from symhpo.parallel import run_tasks

# Rows for training and validation, columns: the protocol's own table.
OPENML_SHAPES = {
    "blood_transfusion": (450, 223, 4),
    "vehicle": (509, 252, 18),
    "australian": (416, 205, 41),
    "car": (1041, 514, 21),
    "phoneme": (3258, 1605, 5),
    "segment": (1392, 687, 16),
    "credit_g": (603, 297, 61),
    "kc1": (1271, 627, 21),
}
BUNDLED_SHAPES = {
    "breast_cancer": (343, 169, 57, 30, 2),
    "digits": (1083, 534, 180, 64, 10),
    "iris": (90, 45, 15, 4, 3),
    "wine": (107, 53, 18, 13, 3),
}


def source_of(name: str) -> Source:
    config = OmegaConf.create(
        {"paths": group_config("paths", "default"), "dataset": group_config("dataset", name)}
    )
    source = make(config.dataset)
    assert isinstance(source, Source)
    return source


def raw_data(**changes: Any) -> RawData:
    n = 40
    features = pd.DataFrame(
        {
            "size": np.r_[np.nan, np.arange(1.0, n)],
            "colour": pd.Categorical(["red", None, *["blue"] * (n - 4), "red", "green"]),
            "weight": np.full(n, 3.0),
        }
    )
    raw = RawData(
        features=features,
        labels=np.array(["yes", "no"] * (n // 2)),
        categorical=np.array([False, True, False]),
        train_rows=np.arange(n - 2),
        test_rows=np.array([n - 2, n - 1]),
        provenance={},
    )
    return replace(raw, **changes)


class TestPreparation:
    def test_parts_are_stratified_and_apart(self) -> None:
        raw = raw_data()
        dataset = prepare("toy", raw, {})
        assert len(dataset.y_train) + len(dataset.y_valid) == len(raw.train_rows)
        assert len(dataset.y_valid) == int(np.ceil(0.33 * len(raw.train_rows)))
        assert abs(dataset.y_train.mean() - 0.5) < 0.05
        assert len(dataset.y_test) == 2

    def test_labels_are_numbered_in_sorted_order(self) -> None:
        dataset = prepare("toy", raw_data(), {})
        assert dataset.n_classes == 2
        # The test rows are 38 and 39: "yes" and "no".
        assert dataset.y_test.tolist() == [1, 0]
        assert dataset.y_test.dtype == np.int64

    def test_categorical_columns_come_first_then_scaled_numeric_ones(self) -> None:
        dataset = prepare("toy", raw_data(), {})
        one_hot, numeric = dataset.X_train[:, :-2], dataset.X_train[:, -2:]
        assert set(np.unique(one_hot)) <= {0.0, 1.0}
        assert (one_hot.sum(axis=1) == 1).all()
        assert numeric[:, 0].mean() == pytest.approx(0.0, abs=1e-12)
        assert numeric[:, 0].std() == pytest.approx(1.0)
        # A constant column is centred, not divided by zero.
        assert (numeric[:, 1] == 0).all()

    def test_a_category_unknown_to_the_training_part_is_all_zeros(self) -> None:
        dataset = prepare("toy", raw_data(), {})
        # Row 39 is the only green one.
        assert dataset.X_test[1, :-2].sum() == 0

    def test_everything_is_fitted_on_the_training_part_alone(self) -> None:
        raw = raw_data()
        outlier = raw.features.copy()
        outlier.loc[39, "size"] = 1e9
        one, other = (prepare("toy", r, {}) for r in (raw, replace(raw, features=outlier)))
        np.testing.assert_array_equal(one.X_train, other.X_train)
        np.testing.assert_array_equal(one.X_valid, other.X_valid)

    def test_missing_values_take_median_and_most_frequent_value(self) -> None:
        raw = raw_data()
        dataset = prepare("toy", raw, {})
        X = np.vstack([dataset.X_train, dataset.X_valid, dataset.X_test])
        assert np.isfinite(X).all()
        # "blue" is by far the most frequent, so the row without a colour adds one to its column.
        known = int((raw.features["colour"] == "blue").sum())
        assert X[:, :-2].sum(axis=0).max() == known + 1


class TestChecksum:
    def test_says_the_same_of_the_same_data(self) -> None:
        assert raw_data().checksum() == raw_data().checksum()

    @pytest.mark.parametrize("change", ["value", "category", "label", "split", "kind", "missing"])
    def test_notices_every_change(self, change: str) -> None:
        raw = raw_data()
        features, labels = raw.features.copy(), raw.labels.copy()
        changes: dict[str, Any] = {"features": features, "labels": labels}
        if change == "value":
            features.loc[5, "size"] = np.nextafter(features.loc[5, "size"], 9)
        elif change == "category":
            features.loc[5, "colour"] = "red"
        elif change == "missing":
            features.loc[5, "colour"] = None
        elif change == "label":
            labels[:2] = labels[1::-1]
        elif change == "split":
            changes["train_rows"] = raw.train_rows[::-1]
        else:
            changes["categorical"] = np.array([False, True, True])
        assert replace(raw, **changes).checksum() != raw.checksum()

    def test_other_data_are_refused_with_the_checksum_that_would_take_them(self) -> None:
        with pytest.raises(UserError, match=r"wine.*dataset\.checksum=05199dedf2"):
            Bundled("wine", checksum="0" * 64).load()
        assert Bundled("wine", checksum=None).load().provenance["checksum"].startswith("05199dedf2")


class TestBundled:
    @pytest.mark.parametrize("name", BUNDLED_SHAPES)
    def test_shapes_and_checksum_of_its_configuration(self, name: str) -> None:
        train, valid, test, columns, classes = BUNDLED_SHAPES[name]
        dataset = source_of(name).load()
        assert dataset.X_train.shape == (train, columns)
        assert dataset.X_valid.shape == (valid, columns)
        assert dataset.X_test.shape == (test, columns)
        assert dataset.n_features == columns
        assert dataset.n_classes == classes
        assert set(np.unique(dataset.y_train)) == set(range(classes))

    def test_an_unknown_name_lists_those_that_there_are(self) -> None:
        with pytest.raises(UserError, match=r"boston.*breast_cancer, digits, iris, wine"):
            Bundled("boston")


@pytest.mark.openml_cache
class TestOpenML:
    @pytest.mark.parametrize("name", OPENML_SHAPES)
    def test_shapes_are_those_of_the_protocol(self, name: str) -> None:
        train, valid, columns = OPENML_SHAPES[name]
        dataset: Dataset = source_of(name).load()
        assert dataset.X_train.shape == (train, columns)
        assert dataset.X_valid.shape == (valid, columns)
        assert dataset.X_test.shape[1] == columns
        assert dataset.provenance["checksum"] == source_of(name).checksum

    def test_the_cache_folder_can_be_named_in_the_configuration(
        self, openml_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for part in ("tasks/53", "datasets/54"):
            shutil.copytree(openml_cache / "org/openml/www" / part, tmp_path / "org/openml/www" / part)
        monkeypatch.setenv("OPENML_CACHE_DIR", str(tmp_path / "nothing"))
        assert OpenMLTask("vehicle", 53, cache_dir=str(tmp_path)).load().n_classes == 4

    def test_many_processes_may_fill_one_folder(self, openml_cache: Path, tmp_path: Path) -> None:
        for part in ("tasks/53", "datasets/54"):
            shutil.copytree(openml_cache / "org/openml/www" / part, tmp_path / "org/openml/www" / part)
        for written in (*tmp_path.rglob("*.py3"), *tmp_path.rglob("*.pkl")):
            written.unlink()
        task = OpenMLTask("vehicle", 53, cache_dir=str(tmp_path))
        checksums = [result.unwrap() for result in run_tasks(load_checksum, [task] * 4, workers=4)]
        assert checksums == [source_of("vehicle").checksum] * 4

    @pytest.mark.usefixtures("dead_server")
    def test_a_gap_in_the_cache_does_not_cost_what_is_there(self, openml_cache: Path, tmp_path: Path) -> None:
        task = shutil.copytree(
            openml_cache / "org/openml/www/tasks/53", tmp_path / "localhost:9/tasks/53", dirs_exist_ok=True
        )
        with pytest.raises(UserError, match=r"datasets/54/description\.xml is missing"):
            OpenMLTask("vehicle", 53, cache_dir=str(tmp_path)).load()
        assert (task / "datasplits.arff").exists()


@pytest.fixture
def dead_server(monkeypatch: pytest.MonkeyPatch) -> str:
    import openml

    url = "http://localhost:9"
    monkeypatch.setattr(openml.config, "server", f"{url}/api/v1/xml")
    return url


class TestOpenMLOutOfReach:
    def test_the_error_names_the_folder_and_the_ways_to_fill_it(
        self, tmp_path: Path, dead_server: str
    ) -> None:
        with pytest.raises(UserError) as caught:
            OpenMLTask("vehicle", 53, cache_dir=str(tmp_path)).load()
        message = str(caught.value)
        assert "\n" not in message
        for part in ("vehicle", "task 53", dead_server, str(tmp_path), "OPENML_CACHE_DIR"):
            assert part in message

    @pytest.mark.usefixtures("dead_server")
    def test_the_environment_names_the_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENML_CACHE_DIR", str(tmp_path / "elsewhere"))
        with pytest.raises(UserError, match="elsewhere"):
            OpenMLTask("vehicle", 53).load()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match=r"cannot be made.*dataset\.cache_dir"):
            OpenMLTask("vehicle", 53, cache_dir=str(tmp_path / "file" / "below")).load()

    @pytest.mark.usefixtures("dead_server")
    def test_a_damaged_file(self, tmp_path: Path) -> None:
        task = tmp_path / "localhost:9/tasks/53"
        task.mkdir(parents=True)
        (task / "task.xml").write_text("<oml:task>torn")
        (task / "datasplits.arff").write_text("")
        with pytest.raises(UserError, match=r"vehicle .*cannot be read"):
            OpenMLTask("vehicle", 53, cache_dir=str(tmp_path)).load()
