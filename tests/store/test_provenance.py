"""Provenance: what it has to say, in plain JSON."""

import json
import subprocess
import sys

from symhpo.store.provenance import Stopwatch, code_version, provenance


def describe(**further) -> dict:
    return provenance(
        run_id="ab" * 32,
        config={"model": "svm"},
        overrides=["model=svm"],
        stopwatch=Stopwatch(),
        status="done",
        **further,
    )


def test_it_is_plain_json_with_all_that_is_promised(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    about = describe(stages={"bo": 1}, data={"name": "vehicle", "checksum": "00"})
    assert json.loads(json.dumps(about, allow_nan=False)) == about
    assert about["threads"]["OMP_NUM_THREADS"] == "1"
    assert about["slurm"]["SLURM_JOB_ID"] == "17"
    assert about["code"]["stages"] == {"bo": 1}
    assert {"numpy", "smac", "scikit-learn"} <= set(about["packages"])
    assert about["machine"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert about["machine"]["cpu_count"] >= about["machine"]["cpu_usable"] >= 1
    assert about["peak_memory_bytes"] > 10_000_000


def test_cpu_seconds_include_children():
    stopwatch = Stopwatch()
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert stopwatch.cpu_seconds() >= 0.3
    assert stopwatch.wall_seconds() > 0


def test_outside_a_checkout_the_commit_is_unknown_and_no_error(monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    code_version.cache_clear()
    try:
        assert code_version()["git_sha"] is None
        assert code_version()["git_dirty"] is None
    finally:
        code_version.cache_clear()
