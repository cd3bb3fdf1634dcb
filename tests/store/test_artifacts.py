"""Artifacts with real processes: killed, racing, stopped."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from symhpo.errors import UserError
from symhpo.store import Journal, Key, Store, read_journal

WORKER = Path(__file__).with_name("worker.py")
KEY = Key("bo", 1, {"steps": 5}, "svm/steps=5")


def start(root: Path, steps: int, seconds: float, lifetime: float = 60.0) -> subprocess.Popen:
    command = [sys.executable, str(WORKER), str(root), str(steps), str(seconds), str(lifetime)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen, line: str) -> None:
    for found in process.stdout:
        if re.search(line, found):
            return
    raise AssertionError(f"the worker ended without saying {line!r}: {process.stderr.read()}")


def end_of(process: subprocess.Popen) -> str:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


def assert_whole(artifact: Path) -> None:
    for number in range(20):
        assert (artifact / f"part{number}").read_text() == f"{number} " * 1000


def leftovers(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if ".unfinished" in path.parts and path.name != ".unfinished"]


def steps_done(root: Path) -> list[int]:
    return [int(line) for line in (root / "steps.txt").read_text().split()]


def fill(journal: Path, out: Path) -> None:
    (out / "trials.txt").write_text("0.25\n")


def test_an_artifact_is_computed_once(tmp_path):
    store = Store(tmp_path)
    assert store.find(KEY) is None
    folder = store.compute(KEY, fill)
    assert folder == store.find(KEY) == tmp_path / "bo" / "svm" / f"steps=5-{KEY.id[:8]}"
    assert (folder / "trials.txt").read_text() == "0.25\n"

    def never(journal: Path, out: Path) -> None:
        raise AssertionError("computed twice")

    assert store.compute(KEY, never) == folder
    assert leftovers(tmp_path) == []


def test_a_failed_attempt_leaves_its_journal_and_nothing_else(tmp_path):
    store = Store(tmp_path)

    def fail(journal: Path, out: Path) -> None:
        (out / "half").write_text("written")
        with Journal(journal) as lines:
            lines.append({"cost": 0.1})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.compute(KEY, fail)
    assert store.find(KEY) is None
    assert [path for path in leftovers(tmp_path) if path.name.startswith("out")] == []

    def resume(journal: Path, out: Path) -> None:
        assert list(read_journal(journal)) == [{"cost": 0.1}]

    store.compute(KEY, resume)
    assert leftovers(tmp_path) == []


def test_the_first_publication_wins(tmp_path):
    """As after a stolen lease: a second attempt ends when the artifact is there already."""
    store = Store(tmp_path)

    def overtaken(journal: Path, out: Path) -> None:
        (out / "who").write_text("second")
        target = tmp_path / KEY.path
        target.mkdir(parents=True)
        (target / "who").write_text("first")

    assert (store.compute(KEY, overtaken) / "who").read_text() == "first"


def test_clean_removes_what_dead_attempts_left_and_nothing_alive(tmp_path):
    dead, alive = start(tmp_path, 6, 0.1), start(tmp_path, 100, 0.1)
    wait_for(dead, "step 0")
    wait_for(alive, "step 0")
    dead.kill()
    dead.wait()
    Store(tmp_path).clean(journals=True)
    assert alive.poll() is None
    assert (tmp_path / ".unfinished" / Key("bo", 1, {"steps": 100}, "").id / "journal").exists()
    assert not (tmp_path / ".unfinished" / Key("bo", 1, {"steps": 6}, "").id).exists()
    alive.kill()
    alive.wait()
    Store(tmp_path).clean()
    kept = [path for path in leftovers(tmp_path) if path.is_file()]
    assert {path.parent.name for path in kept} == {"journal", Key("bo", 1, {"steps": 100}, "").id}
    Store(tmp_path).clean(journals=True)
    assert leftovers(tmp_path) == []


def test_kill_at_random_moments_of_computation_and_publication(tmp_path):
    moments = random.Random(0)
    kills = 0
    steps = 25
    key = Key("bo", 1, {"steps": steps}, f"svm/steps={steps}")
    store = Store(tmp_path)
    while store.find(key) is None:
        process = start(tmp_path, steps, 0.005)
        for _ in range(moments.randrange(1, 5)):
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.02))
        process.kill()
        process.communicate()
        kills += 1
    assert kills > 3
    assert_whole(store.find(key))
    done = steps_done(tmp_path)
    assert set(done) == set(range(steps))
    # A kill between the step and its line in the journal costs that one step.
    assert len(done) <= steps + kills
    store.clean()
    assert leftovers(tmp_path) == []


def test_kill_in_the_middle_of_publication(tmp_path):
    """Every system call that publication makes is a moment to die at."""
    script = f"""
import os, sys
sys.path.insert(0, {str(WORKER.parent)!r})
import worker
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
os.fsync, os.rename, os.unlink, os.rmdir = map(dying, (os.fsync, os.rename, os.unlink, os.rmdir))
worker.compute(Path(sys.argv[1]), 1, 0.0, 60.0)
"""
    key = Key("bo", 1, {"steps": 1}, "svm/steps=1")
    outcomes = []
    for call in range(1, 60, 3):
        root = tmp_path / str(call)
        root.mkdir()
        ended = subprocess.run([sys.executable, "-c", script, str(root), str(call)], capture_output=True)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        store = Store(root)
        found = store.find(key)
        outcomes.append(found is not None)
        if found is not None:
            assert_whole(found)
        else:
            assert not (root / key.path).exists()
        end_of(start(root, 1, 0.0))
        assert_whole(store.find(key))
        store.clean()
        assert leftovers(root) == []
    assert set(outcomes) == {True, False}


def test_two_processes_that_race_compute_once(tmp_path):
    processes = [start(tmp_path, 10, 0.02) for _ in range(4)]
    outputs = [end_of(process) for process in processes]
    assert sum("building" in output for output in outputs) == 1
    assert sorted(steps_done(tmp_path)) == list(range(10))
    waiting = [output for output in outputs if "waiting for bo svm/steps=10: process" in output]
    assert len(waiting) >= 1
    assert leftovers(tmp_path) == []


def test_a_dead_holder_is_noticed_at_once(tmp_path):
    first = start(tmp_path, 20, 0.05, lifetime=3600)
    wait_for(first, "building")
    first.kill()
    first.wait()
    end_of(start(tmp_path, 20, 0.0, lifetime=3600))
    assert leftovers(tmp_path) == []


def test_sigstop_stolen_lease(tmp_path):
    """Stopped while it holds the lease, continued after another one has published."""
    stopped = start(tmp_path, 8, 0.1, lifetime=1.0)
    wait_for(stopped, "step 0")
    stopped.send_signal(signal.SIGSTOP)
    try:
        end_of(start(tmp_path, 8, 0.0, lifetime=1.0))
        artifact = Store(tmp_path).find(Key("bo", 1, {"steps": 8}, "svm/steps=8"))
        before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in artifact.iterdir()}
    finally:
        stopped.send_signal(signal.SIGCONT)
    end_of(stopped)
    after = {path.name: (path.stat().st_ino, path.read_bytes()) for path in artifact.iterdir()}
    assert before == after
    assert_whole(artifact)
    Store(tmp_path).clean()
    assert leftovers(tmp_path) == []


def test_sigstop_continued_while_the_thief_still_computes(tmp_path):
    """Both compute; one of them publishes, both end well with the same artifact."""
    stopped = start(tmp_path, 12, 0.1, lifetime=1.0)
    wait_for(stopped, "building")
    stopped.send_signal(signal.SIGSTOP)
    try:
        thief = start(tmp_path, 12, 0.1, lifetime=1.0)
        wait_for(thief, "building")
    finally:
        stopped.send_signal(signal.SIGCONT)
    assert "finished" in end_of(stopped)
    assert "finished" in end_of(thief)
    assert_whole(Store(tmp_path).find(Key("bo", 1, {"steps": 12}, "svm/steps=12")))
    Store(tmp_path).clean()
    assert leftovers(tmp_path) == []


def test_full_disk(tiny_disk):
    """One clear line, finished artifacts untouched, nothing half-written, and it goes on later."""
    store = Store(tiny_disk)
    finished = store.compute(KEY, fill)
    ballast = tiny_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(b"x" * 2**21)
    process = start(tiny_disk, 3, 0.0)
    _, errors = process.communicate()
    assert process.returncode == 2
    assert len(errors.splitlines()) == 1
    assert "no space is left" in errors
    assert str(tiny_disk) in errors
    assert (finished / "trials.txt").read_text() == "0.25\n"
    assert not (tiny_disk / Key("bo", 1, {"steps": 3}, "svm/steps=3").path).exists()
    ballast.unlink()
    end_of(start(tiny_disk, 3, 0.0))
    assert leftovers(tiny_disk) == []


def test_read_only_folder(tmp_path, read_only):
    folder = tmp_path / "store"
    folder.mkdir()
    finished = Store(folder).compute(KEY, fill)
    read_only(folder)
    process = start(folder, 3, 0.0)
    _, errors = process.communicate()
    assert process.returncode == 2
    assert len(errors.splitlines()) == 1
    assert "read-only" in errors or "permission" in errors
    assert Store(folder).compute(KEY, fill) == finished


def test_file_size_limit(tmp_path):
    """A quota of another kind, which needs no privileges: RLIMIT_FSIZE."""
    import resource

    def big(journal: Path, out: Path) -> None:
        (out / "big").write_bytes(b"x" * 100_000)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(UserError, match="file size"):
            Store(tmp_path).compute(KEY, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert Store(tmp_path).find(KEY) is None
    assert not list(tmp_path.rglob("big"))


def test_finding_imports_nothing_heavy(tmp_path):
    Store(tmp_path).compute(KEY, fill)
    script = (
        "import sys; from symhpo.store import Key, Store;"
        f"Store({str(tmp_path)!r}).find(Key('bo', 1, {{'steps': 5}}, 'svm/steps=5')) or sys.exit(3);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'pandas', 'pyarrow', 'sklearn', 'smac')))"
    )
    assert subprocess.run([sys.executable, "-c", script], env=dict(os.environ)).returncode == 0
