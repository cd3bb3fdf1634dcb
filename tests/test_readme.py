"""Every command of the README names things that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from symhpo.cli import compose, study_glob

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
STAND_INS = {"package.module.Class": "benchmarks.Toy"}


def arguments_of(script: str) -> list[str]:
    commands = [shlex.split(c) for c in COMMANDS if c.startswith(f"python experiments/{script}")]
    return [" ".join(c[2:]) for c in commands]


def test_the_two_commands_come_first() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_make_has_the_target(command: str) -> None:
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("arguments", arguments_of("run.py") + arguments_of("sweep.py submit"))
def test_overrides_compose(arguments: str) -> None:
    overrides = [word for word in arguments.split() if "=" in word]
    for old, new in STAND_INS.items():
        overrides = [override.replace(old, new) for override in overrides]
    launcher = [o for o in overrides if o.startswith("hydra")]
    single = [re.sub(r"=([^\[(]*?),.*", r"=\1", o) for o in overrides if not o.startswith("hydra")]
    single = [o.replace("glob(*)", "svm" if o.startswith("model") else "vehicle") for o in single]
    compose(single)
    command = [sys.executable, "experiments/run.py", *launcher, "--cfg", "hydra"]
    if launcher:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("script", sorted({c.split()[1] for c in COMMANDS if c.startswith("python ")}))
def test_scripts_exist_and_say_what_they_do(script: str) -> None:
    text = (ROOT / script).read_text()
    assert f"python {script}" in text, "a script opens with its own command"
    helps = {"experiments/sweep.py": ["submit", "--help"], "experiments/run.py": ["--hydra-help"]}
    command = [sys.executable, script, *helps.get(script, ["--help"])]
    help_text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    options = {
        word.split("=")[0] for c in COMMANDS if script in c for word in c.split() if word.startswith("--")
    }
    assert all(option in help_text for option in options)


def test_what_make_demo_runs_says_what_it_does() -> None:
    command = [sys.executable, "experiments/demo.py", "--help"]
    assert "make demo" in subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_globs_are_hydras() -> None:
    assert study_glob("model=glob(*)").startswith("model=glob(*,exclude=")


def test_pictures_exist() -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).exists()


def test_the_library_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rate = 10 ** rng.uniform(-4, 0, 40)
    loss = np.log10(rate) ** 2
    trials = pd.DataFrame({"learning_rate": rate, "width": rng.integers(1, 9, 40), "loss": loss})
    trials.to_csv(tmp_path / "trials.csv", index=False)
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    assert namespace["front"].members
