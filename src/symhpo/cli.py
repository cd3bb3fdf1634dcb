"""What the entry points share: where the configuration is, and how an error reaches the user."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from symhpo.config import CONF, register_resolvers
from symhpo.errors import FailedRunError, UserError
from symhpo.messages import one_line
from symhpo.parallel import prepare_process

if TYPE_CHECKING:
    from omegaconf import DictConfig

__all__ = ["CONF", "compose", "hydra_main", "log_to_stderr", "study_glob", "user_errors"]


FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130

SUBMITIT = "SUBMITIT_EXECUTOR"
"""Environment variable of processes that hydra-submitit-launcher starts."""

STUDY = {
    "model": {"lr", "svm", "rf", "xgboost", "nn"},
    "dataset": {
        "australian",
        "blood_transfusion",
        "car",
        "credit_g",
        "kc1",
        "phoneme",
        "segment",
        "vehicle",
    },
}
"""What glob(*) means, whatever else is added to a group."""

# What stands beside it. Sweeps are known by the text of their overrides: their order stays.
BEYOND_THE_STUDY = {
    "model": ("hpobench", "svm_kernels", "nn_solver"),
    "dataset": ("breast_cancer", "digits", "iris", "wine", "none"),
}


@contextmanager
def user_errors() -> Iterator[None]:
    """End the program with one line: exit status 2 for wrong input, 1 for a failed run."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        yield
    except (UserError, HydraException, OmegaConfBaseException) as error:
        _stop(error, WRONG_INPUT)
    except FailedRunError as error:
        _stop(error, FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def hydra_main(task: Callable[[DictConfig], None], config: str = "run") -> None:
    """Run a Hydra application on `sys.argv`, with errors as in `user_errors`."""
    import hydra

    prepare_process()
    sys.argv[1:] = [study_glob(argument) for argument in sys.argv[1:]]
    # Hydra's own report of an error is many lines and exit status 1; ours needs the exception.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    application = _Application(task)
    with user_errors():
        with _folder_errors(application):
            hydra.main(version_base="1.3", config_path=str(CONF), config_name=config)(application)()
        for error in application.errors:
            raise error


@contextmanager
def _folder_errors(application: _Application) -> Iterator[None]:
    """Turn what hinders Hydra from making the run's folder into a `UserError`."""
    try:
        yield
    except OSError as error:
        # Before it calls the task Hydra makes the folder, and nothing else.
        if application.was_called or error.filename is None:
            raise
        raise UserError(
            f"the run's folder {error.filename} cannot be made: {error.strerror}; set paths.outputs"
        ) from error


class _Application:
    """A task for Hydra, whose errors reach the user, and SLURM, wherever a launcher runs it."""

    def __init__(self, task: Callable[[DictConfig], None]) -> None:
        self.errors: list[UserError | FailedRunError] = []
        self.was_called = False
        self._task = task

    def __call__(self, composed: DictConfig) -> None:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        self.was_called = True
        if multiprocessing.get_start_method(allow_none=True) == "loky":
            # The joblib launcher's own way of starting processes, which ours do not know.
            multiprocessing.set_start_method(None, force=True)
        try:
            self._task(composed)
        except Exception as error:
            if SUBMITIT in os.environ:
                # Hydra and submitit end well and hand the error over; SLURM is to say FAILED.
                atexit.register(_exit_failed)
            # Hydra adds lines of its own to an error that passes through it; a multirun needs them.
            single = HydraConfig.get().mode is not RunMode.MULTIRUN
            if not single or not isinstance(error, UserError | FailedRunError):
                raise
            self.errors.append(error)
            _remove_untouched(Path(HydraConfig.get().runtime.output_dir), Path(composed.paths.outputs))


def _remove_untouched(folder: Path, outputs: Path) -> None:
    """Remove a run's folder, and empty ones above it, if nothing but Hydra's notes is in it."""
    if [path.name for path in folder.iterdir()] != [".hydra"]:
        return
    shutil.rmtree(folder / ".hydra", ignore_errors=True)
    for empty in (folder, *folder.parents):
        if empty == outputs.absolute():
            return
        try:
            empty.rmdir()
        except OSError:
            # Others write there.
            return


def _exit_failed() -> NoReturn:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(FAILED)


def study_glob(override: str) -> str:
    """Return an override in which ``model=glob(*)`` and ``dataset=glob(*)`` mean those of the study."""
    group, _, value = override.partition("=")
    if group in STUDY and value == "glob(*)":
        known = BEYOND_THE_STUDY[group]
        choices = {path.stem for path in (CONF / group).glob("*.yaml")}
        added = sorted(choices - STUDY[group] - set(known))
        return f"{group}=glob(*,exclude=[{','.join([*known, *added])}])"
    return override


def compose(overrides: list[str], config: str = "run") -> DictConfig:
    """Return the configuration that some overrides give, as the entry points see it."""
    from hydra import compose as compose_here
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    initialised = GlobalHydra.instance().is_initialized()
    with nullcontext() if initialised else initialize_config_dir(str(CONF), version_base="1.3"):
        composed: DictConfig = compose_here(config, overrides)
    return composed


def log_to_stderr() -> None:
    """Show log lines of programs that Hydra does not start."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    for name in ("symhpo", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)


def _stop(error: Exception, status: int) -> NoReturn:
    print(f"error: {one_line(error)}", file=sys.stderr)
    sys.exit(status)


# Here, since a launcher's processes import this module with the task and resolve folders before
# they call it.
register_resolvers()
