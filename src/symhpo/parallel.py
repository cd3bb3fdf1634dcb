"""Tasks in worker processes, each with a time limit that is enforced from outside."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, TimeoutError, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Failure", "TaskResult", "cpu_seconds", "prepare_process", "run_tasks"]

T = TypeVar("T")
R = TypeVar("R")

# Enough to keep every worker busy without pickling a whole study at once.
QUEUED_PER_WORKER = 4
# What most tasks import. The server that workers are forked from does so once for all of them.
PRELOADED = (
    "pandas",
    "scipy.optimize",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.neural_network",
    "sklearn.svm",
    "symhpo.formula.evaluate",
    "symhpo.formula.latex",
    "symhpo.formula.parse",
    "symhpo.pipeline.scoring",
    "symhpo.regression.finding",
    "sympy.tensor.tensor",
)
# <malloc.h> of glibc.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**30
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Failure:
    """Why a task has no value.

    Attributes
    ----------
    status : str
        ``"failed"`` (it raised), ``"timeout"`` or ``"crashed"`` (its process died).
    reason : str
        One line.
    traceback : str
        Empty where there is none.
    """

    status: str
    reason: str
    traceback: str = ""


@dataclass(frozen=True)
class TaskResult(Generic[R]):
    """The outcome of one task: `value`, or `failure` where there is none.

    `index` is the task's position in the input, `cpu_seconds` the CPU time of its process.
    """

    index: int
    value: R | None
    failure: Failure | None
    cpu_seconds: float

    def unwrap(self) -> R:
        """Return the value; raise RuntimeError with the reason where there is none."""
        if self.failure is not None:
            raise RuntimeError(f"{self.failure.reason}\n{self.failure.traceback}".rstrip())
        return self.value  # type: ignore[return-value]


def prepare_process() -> None:
    """Make this process one of several that compute side by side.

    BLAS and OpenMP, also of processes that it starts, keep to one thread, and freed memory stays with the
    process: numerical work takes and frees the same large arrays without end, and giving each back to the
    system costs up to two fifths of the time of a large network.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            libc.mallopt(parameter, KEPT_BYTES)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of all that it has started so far.

    Workers that have ended are counted where the system keeps the account of a child's children
    (Linux); elsewhere only those that this process itself has waited for.
    """
    import psutil

    total = sum(os.times()[:4])
    for child in psutil.Process().children():
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
        total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def run_tasks(
    function: Callable[[T], R],
    tasks: Iterable[T],
    *,
    workers: int,
    timeout: float | None = None,
    initializer: Callable[..., None] | None = None,
    initargs: tuple[Any, ...] = (),
) -> Iterator[TaskResult[R]]:
    """Apply a function to every task in worker processes and yield the outcomes as they come.

    Parameters
    ----------
    function : callable
        Importable by name, since it is sent to other processes.
    tasks : iterable
        Arguments of `function`, one each; taken lazily.
    workers : int
        Number of processes; 0 runs the tasks one by one in this process, without a time limit.
    timeout : float, optional
        Wall seconds for one task. A process that exceeds it is killed, whatever it is doing.
    initializer : callable, optional
        Called with `initargs` once in every process before its first task. A task before which it
        raises fails, and the next one calls it again.

    Yields
    ------
    TaskResult
        In order of completion. A task that raises, exceeds its time or kills its process
        ends as a failure; the others go on.
    """
    if workers == 0:
        prepare = _Once(initializer, initargs)
        for index, task in enumerate(tasks):
            yield TaskResult(index, *_attempt(prepare, function, task))
        return
    yield from _in_workers(function, tasks, workers, timeout, pickle.dumps((initializer, initargs)))


def _in_workers(
    function: Callable[[T], R], tasks: Iterable[T], workers: int, timeout: float | None, initialization: bytes
) -> Iterator[TaskResult[R]]:
    from pebble import ProcessPool

    prepare_process()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *PRELOADED])
    pool = ProcessPool(
        max_workers=workers,
        initializer=_start_worker,
        initargs=[initialization],
        context=context,
    )
    waiting = enumerate(tasks)
    running: dict[Any, int] = {}
    try:
        while True:
            while len(running) < QUEUED_PER_WORKER * workers:
                try:
                    index, task = next(waiting)
                except StopIteration:
                    break
                try:
                    message = pickle.dumps((function, task))
                except Exception as error:
                    yield TaskResult(index, None, _failure(error), 0.0)
                    continue
                running[pool.schedule(_work, args=[message], timeout=timeout)] = index
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield TaskResult(running.pop(future), *_outcome(future, timeout))
    finally:
        pool.stop()
        pool.join()


class _Once:
    """The preparation of a process: a call that is repeated until it has succeeded once."""

    def __init__(self, function: Callable[..., object] | None, arguments: tuple[Any, ...]) -> None:
        self.function = function
        self.arguments = arguments

    def __call__(self) -> None:
        if self.function is not None:
            self.function(*self.arguments)
            self.function = None


_prepare_worker = _Once(None, ())


def _start_worker(initialization: bytes) -> None:
    global _prepare_worker
    prepare_process()
    _prepare_worker = _Once(_call_pickled, (initialization,))
    _exit_with_main_process()


def _exit_with_main_process() -> None:
    """Let this worker not outlive a main process that is killed."""
    main_process = multiprocessing.parent_process()
    assert main_process is not None

    def exit_after_it() -> None:
        main_process.join()
        os._exit(1)

    threading.Thread(target=exit_after_it, daemon=True).start()
    # A task that holds the GIL keeps the thread from running. The pipe whose other end closes with
    # the main process then makes the kernel send a signal that ends this one.
    if sys.platform == "linux":
        import fcntl

        pipe = main_process.sentinel
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _call_pickled(initialization: bytes) -> None:
    initializer, initargs = pickle.loads(initialization)
    if initializer is not None:
        initializer(*initargs)


def _work(message: bytes) -> tuple[bytes | None, Failure | None, float]:
    return _attempt(_prepare_worker, _run_pickled, message)


def _run_pickled(message: bytes) -> bytes:
    # Inside the attempt, so that what cannot be imported or sent back is a failure of this task alone.
    function, task = pickle.loads(message)
    return pickle.dumps(function(task))


def _attempt(prepare: _Once, function: Callable[[T], R], task: T) -> tuple[R | None, Failure | None, float]:
    value, failure = None, None
    started = time.process_time()
    try:
        prepare()
        started = time.process_time()
        value = function(task)
    except Exception as error:
        failure = _failure(error)
    return value, failure, time.process_time() - started


def _failure(error: Exception) -> Failure:
    return Failure("failed", f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))


def _outcome(future: Any, timeout: float | None) -> tuple[Any, Failure | None, float]:
    from pebble import ProcessExpired

    try:
        value, failure, cpu_seconds = future.result()
    except TimeoutError:
        return None, Failure("timeout", f"not finished after {timeout:g} s"), float(timeout or 0.0)
    except ProcessExpired as error:
        return None, Failure("crashed", f"its process died (exit code {error.exitcode})"), 0.0
    return None if failure else pickle.loads(value), failure, cpu_seconds
