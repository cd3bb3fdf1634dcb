"""Run folders: done or not, never in between."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from symhpo.errors import UserError
from symhpo.store import COLUMNS, TIMINGS, RunFolder, records_frame
from symhpo.store.provenance import Stopwatch, provenance

RUN_ID = "ab" * 32
ROW = {"run_id": RUN_ID, "model": "svm", "seed": 0, "n_samples": 140, "rmse": 0.125, "formula": "C + gamma"}
TABLE = pd.DataFrame({"C": [0.5, 1.0], "cost": [0.25, 0.125]})


def about(status: str = "done", **further) -> dict:
    return provenance(
        run_id=RUN_ID, config={}, overrides=["seed=0"], stopwatch=Stopwatch(), status=status, **further
    )


def publish(folder: RunFolder, rows=(ROW,)) -> None:
    folder.publish(records=rows, predictions=TABLE, training_set=TABLE, provenance=about())


def test_a_published_run_is_done_and_complete(tmp_path):
    folder = RunFolder(tmp_path / "run", RUN_ID)
    assert not folder.is_done()
    folder.start(["seed=0"])
    assert not folder.is_done()
    publish(folder)
    assert folder.is_done()
    names = {path.name for path in folder.path.iterdir()}
    expected = {"records.parquet", "predictions.parquet", "training_set.parquet", "provenance.json"}
    assert names == expected | {"run.json", "done"}


def test_nothing_overwrites_a_finished_result(tmp_path):
    folder = RunFolder(tmp_path, RUN_ID)
    publish(folder)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    publish(folder, rows=[{**ROW, "rmse": 9.0}])
    folder.fail(about("failed", reason="boom", traceback="Traceback …"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(UserError, match="another run"):
        RunFolder(tmp_path, "cd" * 32).is_done()


def test_who_comes_late_with_its_results_leaves_those_that_are_there(tmp_path):
    """A process that was stopped while it wrote, and continued when another one had published."""

    class Late:
        def to_parquet(self, *_: object, **__: object) -> None:
            publish(RunFolder(tmp_path, RUN_ID), rows=[{**ROW, "rmse": 0.5}])

    late = RunFolder(tmp_path, RUN_ID)
    late.publish(records=[], predictions=Late(), training_set=TABLE, provenance=about())
    assert late.is_done()
    assert pd.read_parquet(tmp_path / "records.parquet")["rmse"].tolist() == [0.5]


def test_a_failed_run_leaves_its_traceback_and_can_still_succeed(tmp_path):
    folder = RunFolder(tmp_path, RUN_ID)
    folder.fail(about("failed", reason="ZeroDivisionError: division by zero", traceback="Traceback\n  …\n"))
    assert not folder.is_done()
    assert folder.failure() == "ZeroDivisionError: division by zero"
    assert (tmp_path / "traceback.txt").read_text() == "Traceback\n  …\n"
    publish(folder)
    assert folder.is_done()
    assert folder.failure() is None
    assert not (tmp_path / "traceback.txt").exists()


def test_records_have_the_schema_whatever_the_rows_have(tmp_path):
    frame = records_frame([{"seed": 1}, {"rmse": 0.5, "status": "ok", "is_finding": True}])
    assert list(frame.columns) == list(COLUMNS)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        name: {"string": "string"}.get(kind, kind) for name, kind in COLUMNS.items()
    }
    folder = RunFolder(tmp_path, RUN_ID)
    publish(folder, rows=[{"seed": 1}])
    read = pd.read_parquet(tmp_path / "records.parquet")
    assert [str(kind) for kind in read.dtypes] == [str(kind) for kind in frame.dtypes]
    assert read["seed"][0] == 1
    with pytest.raises(ValueError, match="surprise"):
        records_frame([{"surprise": 1}])


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        publish(RunFolder(tmp_path / name, RUN_ID))
    for name in ("records.parquet", "predictions.parquet", "training_set.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert set(TIMINGS) < set(COLUMNS)


def test_kill_at_every_moment_of_publication(tmp_path):
    """A run that was killed while it published is either done and complete, or not done."""
    script = """
import os, sys
from pathlib import Path
calls = 0
def dying(call):
    def wrapped(*arguments, **keywords):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return call(*arguments, **keywords)
    return wrapped
import pandas
from symhpo.store import RunFolder
from symhpo.store.provenance import Stopwatch, provenance
table = pandas.DataFrame({"C": [1.0]})
about = provenance(run_id="ab" * 32, config={}, overrides=[], stopwatch=Stopwatch(), status="done")
os.fsync, os.replace, os.unlink = map(dying, (os.fsync, os.replace, os.unlink))
for root in sys.argv[1].split(":"):
    calls = 0
    pid = os.fork()
    if pid == 0:
        sys.argv[2] = root.rpartition("/")[2]
        folder = RunFolder(Path(root), "ab" * 32)
        folder.publish(records=[{"seed": 1}], predictions=table, training_set=table, provenance=about)
        os._exit(0)
    os.waitpid(pid, 0)
"""
    moments = [str(tmp_path / str(call)) for call in range(1, 22)]
    ended = subprocess.run([sys.executable, "-c", script, ":".join(moments), "0"], capture_output=True)
    assert ended.returncode == 0, ended.stderr
    outcomes = []
    for moment in map(Path, moments):
        folder = RunFolder(moment, RUN_ID)
        outcomes.append(folder.is_done())
        if not folder.is_done():
            publish(folder)
        assert pd.read_parquet(moment / "records.parquet").shape[0] == 1
        folder.remove_temporary()
        assert not [path for path in moment.iterdir() if path.name.startswith(".")]
    assert set(outcomes) == {True, False}


def test_full_disk_leaves_finished_runs_untouched(tiny_disk):
    finished = RunFolder(tiny_disk / "finished", RUN_ID)
    publish(finished)
    before = {path.name: path.read_bytes() for path in finished.path.iterdir()}
    large = pd.DataFrame({"x": [os.urandom(2_000_000)]})
    other = RunFolder(tiny_disk / "other", "cd" * 32)
    with pytest.raises(UserError, match="no space is left"):
        other.publish(records=[ROW], predictions=large, training_set=large, provenance=about())
    assert not other.is_done()
    assert not [path for path in other.path.iterdir() if path.name.endswith(".tmp")]
    assert {path.name: path.read_bytes() for path in finished.path.iterdir()} == before


def test_read_only_folder_is_one_clear_line(tmp_path, read_only):
    read_only(tmp_path)
    with pytest.raises(UserError, match=r"read-only|permission"):
        publish(RunFolder(tmp_path / "run", RUN_ID))
