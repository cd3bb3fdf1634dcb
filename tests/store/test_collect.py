"""Collection: one table, an honest count."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from symhpo.errors import UserError
from symhpo.store import RunFolder, records_frame
from symhpo.store.collect import collect, write_table
from symhpo.store.provenance import Stopwatch, provenance

SCRIPT = Path(__file__).parents[2] / "experiments" / "collect.py"


def make_run(root: Path, number: int, *, state: str = "done", stages: dict | None = None) -> RunFolder:
    run_id = f"{number:064x}"
    folder = RunFolder(root / f"seed={number}-{run_id[-8:]}", run_id)
    folder.start([f"seed={number}"])
    about = provenance(
        run_id=run_id,
        config={},
        overrides=[f"seed={number}"],
        stopwatch=Stopwatch(),
        status=state,
        stages=stages or {"bo": 1},
        reason="boom",
        traceback="Traceback",
    )
    table = pd.DataFrame({"C": [1.0]})
    if state == "done":
        folder.publish(
            records=[{"run_id": run_id, "seed": number, "rmse": 0.5}],
            predictions=table,
            training_set=table,
            provenance=about,
        )
    elif state == "failed":
        folder.fail(about)
    return folder


def test_states_are_counted_and_half_written_runs_are_not_done(tmp_path):
    for number in (3, 1, 2):
        make_run(tmp_path / "svm" / "vehicle", number)
    make_run(tmp_path, 4, state="failed")
    make_run(tmp_path, 5, state="started")
    half = make_run(tmp_path, 6)
    (half.path / "done").unlink()
    running = make_run(tmp_path, 7, state="started")
    manifest = [{"id": f"{number:064x}", "overrides": []} for number in (1, 2, 8, 9)]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in manifest))
    with running.lease().hold():
        collection = collect(tmp_path)
    assert list(collection.records["seed"]) == [1, 2, 3]
    assert {int(run_id, 16) for run_id in collection.done} == {1, 2, 3}
    assert {int(run_id, 16) for run_id in collection.failed} == {4}
    assert {int(run_id, 16) for run_id in collection.running} == {7}
    assert {int(run_id, 16) for run_id in collection.missing} == {5, 6, 8, 9}
    assert "9 runs expected: 3 done, 1 failed, 1 running, 4 missing; 3 records" in collection.summary


@pytest.mark.parametrize("name", ["records.parquet", "provenance.json"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:20])])
def test_a_damaged_run_is_named(tmp_path, name, damage):
    make_run(tmp_path, 1)
    damaged = make_run(tmp_path, 2)
    damage(damaged.path / name)
    with pytest.raises(UserError, match=r"seed=2-\w+ is damaged .* remove its file 'done'"):
        collect(tmp_path)


def test_no_run_finished_is_an_empty_table_with_the_schema(tmp_path):
    make_run(tmp_path, 1, state="failed")
    assert list(collect(tmp_path).records.columns) == list(records_frame([]).columns)


def test_a_folder_without_runs_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no run was started below"):
        collect(tmp_path)


def test_mixed_versions_are_refused_and_named(tmp_path):
    make_run(tmp_path, 1, stages={"bo": 1, "landscape": 1})
    make_run(tmp_path, 2, stages={"bo": 2, "landscape": 1})
    with pytest.raises(UserError, match=r"stage bo 1 \(1 runs.*seed=1.* and 2 \(1 runs") as caught:
        collect(tmp_path)
    assert "landscape" not in str(caught.value)
    assert len(collect(tmp_path, allow_mixed_versions=True).records) == 2


def test_stages_that_only_some_runs_have_are_no_mixture(tmp_path):
    make_run(tmp_path, 1, stages={"bo": 1})
    make_run(tmp_path, 2, stages={"random": 2})
    assert len(collect(tmp_path).records) == 2


def test_tables_are_the_same_as_parquet_and_csv(tmp_path):
    make_run(tmp_path, 1)
    parquet, csv = write_table(collect(tmp_path).records, tmp_path / "out" / "table.parquet")
    assert pd.read_parquet(parquet)["rmse"].tolist() == pd.read_csv(csv)["rmse"].tolist() == [0.5]


def test_a_table_below_a_file_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "table", tmp_path / "file" / "deeper" / "table"):
        with pytest.raises(UserError, match="cannot make the folder"):
            write_table(pd.DataFrame({"a": [1]}), path)


def test_collect_removes_temporary_files_of_finished_runs(tmp_path):
    folder = make_run(tmp_path, 1)
    (folder.path / ".records.parquet-host-1-0-aa.tmp").write_text("torn")
    collect(tmp_path)
    assert not list(folder.path.glob(".*"))


def test_command(tmp_path):
    make_run(tmp_path, 1)
    make_run(tmp_path, 2, state="failed")
    command = [sys.executable, str(SCRIPT)]
    ended = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "2 runs expected: 1 done, 1 failed, 0 running, 0 missing; 1 records" in ended.stdout
    assert len(pd.read_csv(tmp_path / "collected.csv")) == 1
    ended = subprocess.run([*command, str(tmp_path / "nothing")], capture_output=True, text=True)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
