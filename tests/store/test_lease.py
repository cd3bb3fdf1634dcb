"""Leases: one holder, no dead ones."""

import os
import subprocess
import sys
import time

import pytest

from symhpo.store import Lease, lease


@pytest.fixture
def quick(monkeypatch):
    """Clocks that agree, so that a lease expires soon."""
    monkeypatch.setattr(lease, "CLOCK_SLOP", 0.1)


def test_one_holder_at_a_time(tmp_path):
    one, other = Lease(tmp_path / "x.lock"), Lease(tmp_path / "x.lock")
    assert one.acquire()
    assert not other.acquire()
    assert one.holder().pid == os.getpid()
    one.release()
    assert other.acquire()
    other.release()
    assert list(tmp_path.iterdir()) == []


def test_hold_tells_whether_it_holds(tmp_path):
    with Lease(tmp_path / "x.lock").hold() as held:
        assert held
        with Lease(tmp_path / "x.lock").hold() as held_twice:
            assert not held_twice
        assert Lease(tmp_path / "x.lock").holder() is not None
    assert Lease(tmp_path / "x.lock").holder() is None


def test_a_living_holder_keeps_its_lease_beyond_the_lifetime(tmp_path, quick):
    one = Lease(tmp_path / "x.lock", lifetime=0.5)
    assert one.acquire()
    time.sleep(1.5)
    assert not Lease(tmp_path / "x.lock").acquire()
    assert not one.is_lost
    one.release()


def test_the_lease_of_another_host_expires(tmp_path, quick):
    foreign = tmp_path / "x.lock|elsewhere+1|1|17"
    foreign.write_text(str(foreign))
    os.link(foreign, tmp_path / "x.lock")
    os.utime(foreign, (time.time() + 0.5,) * 2)
    ours = Lease(tmp_path / "x.lock")
    assert str(ours.holder()) == "process 1 on elsewhere"
    assert not ours.acquire()
    time.sleep(0.7)
    assert ours.acquire()
    ours.release()
    assert list(tmp_path.iterdir()) == []


def test_a_zombie_is_dead(tmp_path):
    """A killed process that nobody waits for keeps its process id."""
    script = (
        f"from symhpo.store import Lease; Lease(__import__('pathlib').Path({str(tmp_path / 'x.lock')!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{script}.acquire(); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    ours = Lease(tmp_path / "x.lock")
    assert not ours.acquire()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert ours.acquire()
    ours.release()
    process.communicate()


def test_many_processes_take_over_a_dead_lease_one_at_a_time(tmp_path):
    """The takeover race: whoever comes late must not remove the lease just taken."""
    script = """
import os, sys, time
from pathlib import Path
from symhpo.store import Lease
root = Path(sys.argv[1])
lease = Lease(root / "x.lock")
while not lease.acquire():
    time.sleep(0.001)
inside = root / "inside"
os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
time.sleep(0.02)
inside.unlink()
lease.release()
"""
    dead = tmp_path / f"x.lock|{lease._machine()}|{2**22 + 1}|17"
    dead.write_text(str(dead))
    os.link(dead, tmp_path / "x.lock")
    processes = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(8)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 8
    assert list(tmp_path.iterdir()) == []


def test_stray_claims_of_the_dead_are_removed(tmp_path):
    ours = Lease(tmp_path / "x.lock")
    assert ours.acquire()
    stray = tmp_path / f"x.lock|{lease._machine()}|{2**22 + 1}|17"
    stray.write_text(str(stray))
    ours.remove_stray_claims()
    assert not stray.exists()
    assert ours.holder() is not None
    ours.release()
    assert list(tmp_path.iterdir()) == []
