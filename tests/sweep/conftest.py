"""Sweeps over a trivial study, on this machine and on a throw-away SLURM cluster."""

from __future__ import annotations

import contextlib
import os
import platform
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from waiting import await_true

from symhpo.store import TIMINGS
from symhpo.sweep.manifest import Sweep
from symhpo.sweep.operations import open_sweep
from symhpo.sweep.status import Status

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CONF = HERE / "conf"
COMMAND = REPOSITORY / "experiments" / "sweep.py"
RUNNER = "trivial:work"


class Study:
    """A trivial study in a folder of its own."""

    config = CONF

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {"PYTHONPATH": str(HERE)}

    def overrides(self, *overrides: str) -> list[str]:
        return [f"paths.outputs={self.root}/outputs", f"paths.store={self.root}/store", *overrides]

    def open(self, *overrides: str) -> Sweep:
        return open_sweep(self.overrides(*overrides), CONF, "run", runner=RUNNER)

    def start(self, command: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(COMMAND), command, *map(str, arguments)],
            cwd=self.root,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, *arguments: object, status: int | None = 0) -> str:
        process = self.start(command, *arguments)
        output, errors = process.communicate(timeout=300)
        assert status is None or process.returncode == status, f"{output}\n{errors}"
        return output + errors

    def run_on_terminal(self, command: str, *arguments: object) -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, str(COMMAND), command, *map(str, arguments)], stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        output = b""
        with contextlib.suppress(OSError):  # Linux's way of saying that the other end is closed
            while block := os.read(ours, 4096):
                output += block
        os.close(ours)
        assert process.wait() == 0
        return output.decode()

    def submit(self, *overrides: str, options: tuple[object, ...] = (), status: int | None = 0) -> str:
        study = ("--config-dir", self.config, "--runner", RUNNER)
        return self.run("submit", *options, *study, *self.overrides(*overrides), status=status)

    def sweep(self) -> Sweep:
        (header,) = (self.root / "outputs").glob("*/sweeps/*/sweep.json")
        return Sweep(header.parent)

    def status(self) -> Status:
        return Status(self.sweep())

    def evaluations(self) -> list[str]:
        """Cell and number of every evaluation that was done, repeated ones included."""
        files = (self.root / "outputs").glob("*/evaluations/*.txt")
        return sorted(line for file in files for line in file.read_text().splitlines())

    def collected(self, sweep: Sweep | None = None) -> pd.DataFrame:
        folder = (sweep or self.sweep()).path
        self.run("collect", folder)
        table = pd.read_parquet(folder / "collected.parquet")
        return table.drop(columns=list(TIMINGS))

    def leftovers(self) -> list[Path]:
        """Files that only unfinished work should have."""
        return [
            path
            for path in self.root.rglob("*")
            if path.name.endswith(".tmp")
            or "|" in path.name
            or ".unfinished" in path.parent.parts
            or path.parent.name == "leases"
        ]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.syspath_prepend(str(HERE))
    return Study(tmp_path)


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, float]]:
    """What the long tests measure: printed, and kept in results/faults.md."""
    measured: dict[str, float] = {}
    yield measured
    if not measured:
        return
    path = REPOSITORY / "results" / "faults.md"
    # What this run did not measure keeps its figure.
    before = [line.split(" | ") for line in path.read_text().splitlines()] if path.exists() else []
    rows = {row[0]: row[1] for row in before if len(row) == 2}
    rows.update({f"| {what}": f"{value:.4g} |" for what, value in measured.items()})
    rows = {"| what": "measured |", "| ---": "--- |", **rows}
    about = f"Made by `make test-faults` on {platform.platform()}, {os.cpu_count()} CPUs."
    table = [f"{what} | {value}" for what, value in rows.items()]
    path.write_text("\n".join(["# Faults and scale of sweeps", "", about, "", *table, ""]))
    print("", *table, sep="\n")


class Cluster:
    """A throw-away SLURM cluster."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
        up = [str(REPOSITORY / "slurm" / "testcluster" / "up"), str(folder)]
        started = subprocess.run(up, env=environment, capture_output=True, text=True, timeout=180)
        if started.returncode != 0:
            self.down()
            pytest.fail(started.stdout + started.stderr)
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")

    def down(self) -> None:
        down = [str(REPOSITORY / "slurm" / "testcluster" / "down"), str(self.folder)]
        subprocess.run(down, capture_output=True, timeout=120)
        os.environ.pop("SLURM_CONF", None)

    def command(self, *arguments: str) -> str:
        return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=30).stdout

    def jobs(self, sweep: Sweep, states: str = "all") -> dict[str, str]:
        """State of each array task of a sweep."""
        names = ",".join(one.job_name for one in sweep.rounds())
        output = self.command("squeue", "-h", "-r", "-t", states, f"--name={names}", "-o", "%i %T")
        return dict(line.split() for line in output.splitlines())

    def kill_node(self, name: str) -> None:
        """Kill a node (of a cluster with HOSTNAMES=1), all at once, as a power failure would."""
        slurmd = int((self.folder / "pid" / f"slurmd.{name}").read_text())
        node = Path(f"/proc/{slurmd}/ns/uts").stat().st_ino
        victims = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{process.pid}/ns/uts").stat().st_ino == node:
                    victims.append(process)
        # SLURM's own processes first, so that none of them can report the end of the others.
        for process in sorted(victims, key=lambda process: not process.info["name"].startswith("slurm")):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes, no accounting, shared by tests that leave it idle."""
    cluster = Cluster(tmp_path_factory.mktemp("slurm"), PORT=17000 + os.getpid() % 10000)
    yield cluster
    cluster.down()


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    yield shared_cluster
    subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=30)
    await_true(lambda: not subprocess.run(["squeue", "-h"], capture_output=True, timeout=30).stdout)


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """A cluster with settings of the test's own."""
    clusters: list[Cluster] = []

    def start(**settings: object) -> Cluster:
        clusters.append(Cluster(tmp_path / "slurm", PORT=27000 + os.getpid() % 10000, **settings))
        return clusters[-1]

    before = os.environ.get("SLURM_CONF")
    yield start
    for one in clusters:
        one.down()
    if before is not None:
        os.environ["SLURM_CONF"] = before
