"""Tasks in worker processes: outcomes, time limits, deaths, and what is left behind."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from parallel_tasks import (
    burn,
    die_on_zero,
    fail_on_two,
    hang_in_c_on_zero,
    modules,
    page_faults,
    recall,
    refuse,
    remember,
    square,
    state,
    threads,
    unpicklable,
    wait,
)

from symhpo.parallel import PRELOADED, THREAD_VARIABLES, TaskResult, run_tasks


def by_index(results: Iterator[TaskResult]) -> list[TaskResult]:
    return sorted(results, key=lambda r: r.index)


@pytest.mark.parametrize("workers", [0, 2])
class TestOutcomes:
    """What holds with and without processes."""

    def test_every_task_once(self, workers: int) -> None:
        results = by_index(run_tasks(square, range(20), workers=workers))
        assert [r.index for r in results] == list(range(20))
        assert [r.unwrap() for r in results] == [i * i for i in range(20)]

    def test_no_tasks(self, workers: int) -> None:
        assert list(run_tasks(square, [], workers=workers)) == []

    def test_a_task_that_raises_is_a_failure_and_the_others_go_on(self, workers: int) -> None:
        results = by_index(run_tasks(fail_on_two, range(5), workers=workers))
        assert [r.value for r in results] == [0, 1, None, 3, 4]
        failure = results[2].failure
        assert failure is not None
        assert (failure.status, failure.reason) == ("failed", "ValueError: two is not allowed")
        assert "fail_on_two" in failure.traceback
        with pytest.raises(RuntimeError, match="two is not allowed"):
            results[2].unwrap()

    def test_initializer_runs_once_before_the_first_task(self, workers: int) -> None:
        state.clear()
        results = by_index(
            run_tasks(recall, range(6), workers=workers, initializer=remember, initargs=("data",))
        )
        assert results[0].failure is not None
        assert [r.value for r in results[1:]] == [["data"]] * 5

    def test_an_initializer_that_raises_fails_every_task(self, workers: int) -> None:
        results = by_index(run_tasks(square, range(4), workers=workers, initializer=refuse, initargs=("",)))
        assert [r.failure.reason for r in results if r.failure] == ["OSError: no such data"] * 4

    def test_cpu_seconds_are_the_tasks_own(self, workers: int) -> None:
        busy, idle = by_index(run_tasks(burn, [0.3, 0.0], workers=workers))
        assert busy.cpu_seconds >= 0.3
        assert idle.cpu_seconds < busy.cpu_seconds

    def test_tasks_are_taken_lazily(self, workers: int) -> None:
        taken = 0

        def endless() -> Iterator[int]:
            nonlocal taken
            while True:
                taken += 1
                yield taken

        results = run_tasks(square, endless(), workers=workers)
        for _ in range(10):
            next(results)
        results.close()
        assert taken < 40


class TestProcesses:
    def test_outcomes_come_in_order_of_completion(self) -> None:
        results = list(run_tasks(wait, [1.5, 0.0], workers=2))
        assert [r.index for r in results] == [1, 0]

    def test_a_task_stuck_in_c_code_is_stopped(self) -> None:
        results = by_index(run_tasks(hang_in_c_on_zero, range(4), workers=1, timeout=1.0))
        failure = results[0].failure
        assert failure is not None
        assert (failure.status, failure.reason) == ("timeout", "not finished after 1 s")
        assert [r.value for r in results[1:]] == [1, 2, 3]

    def test_a_killed_process_fails_its_own_task_only(self) -> None:
        results = by_index(run_tasks(die_on_zero, range(4), workers=1))
        failure = results[0].failure
        assert failure is not None
        assert failure.status == "crashed"
        assert "exit code -9" in failure.reason
        assert [r.value for r in results[1:]] == [1, 2, 3]

    def test_what_cannot_be_sent_is_a_failure(self) -> None:
        (back,) = run_tasks(unpicklable, [0], workers=1)
        assert back.failure is not None
        assert back.failure.status == "failed"
        there, well = by_index(run_tasks(square, [lambda: None, 3], workers=1))
        assert there.failure is not None
        assert there.failure.status == "failed"
        assert well.value == 9

    def test_a_function_that_workers_cannot_import_is_a_failure(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module = types.ModuleType("only_here")
        exec("def half(x):\n    return x / 2", module.__dict__)
        monkeypatch.setitem(sys.modules, "only_here", module)
        (result,) = run_tasks(module.half, [1], workers=1)
        assert result.failure is not None
        assert "No module named 'only_here'" in result.failure.reason

    def test_workers_have_one_blas_thread(self) -> None:
        (result,) = run_tasks(threads, [0], workers=1)
        assert result.value == ["1"] * len(THREAD_VARIABLES)

    def test_workers_have_the_usual_modules_before_their_first_task(self) -> None:
        (result,) = run_tasks(modules, [0], workers=1)
        assert set(PRELOADED) <= result.unwrap()

    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
    @pytest.mark.parametrize("workers", [0, 1])
    def test_freed_memory_is_taken_again(self, workers: int) -> None:
        (result,) = run_tasks(page_faults, [0], workers=workers)
        # 8 MB have 2000 pages.
        assert result.unwrap() < 2000

    def test_stopping_early_leaves_no_process(self) -> None:
        results = run_tasks(wait, [0.0, 60.0, 60.0], workers=2)
        next(results)
        before = _workers(psutil.Process())
        results.close()
        assert before
        assert not any(_is_alive(process) for process in before)


PARENT = """
import parallel_tasks
from symhpo.parallel import run_tasks

if __name__ == "__main__":
    list(run_tasks(parallel_tasks.{function}, [{argument}] * 4, workers=2))
"""


@pytest.mark.parametrize(("function", "argument"), [("wait", 60.0), ("hang_in_c_on_zero", 0)])
def test_workers_die_with_a_killed_parent(tmp_path: Path, function: str, argument: float) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(function=function, argument=argument))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    parent = subprocess.Popen([sys.executable, script], env=environment)
    try:
        workers = _busy_workers(psutil.Process(parent.pid), 2)
    finally:
        parent.kill()
        parent.wait()
    time.sleep(2)
    alive = [process for process in workers if _is_alive(process)]
    for process in alive:
        process.kill()
    assert not alive


def _workers(process: psutil.Process) -> list[psutil.Process]:
    """The processes that run tasks: the children of the fork server."""
    return [p for child in process.children() for p in child.children()]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _busy_workers(parent: psutil.Process, count: int) -> list[psutil.Process]:
    for _ in range(600):
        workers = _workers(parent)
        if len(workers) >= count:
            time.sleep(1)  # until they are inside their tasks
            return workers
        time.sleep(0.1)
    raise AssertionError("the workers have not started")
