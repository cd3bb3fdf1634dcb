"""Many runs that lose nothing: on SLURM, or on this machine with --local N.

python experiments/sweep.py submit experiment=faithfulness model=glob(*) dataset=glob(*) seed=0,3,6,9,12
python experiments/sweep.py submit --local 4 experiment=demo strategy=bo,random,bo_gp
python experiments/sweep.py status | watch | resubmit | cancel | collect [SWEEP]

SWEEP is the folder that `submit` names; it may be left out while there is only one.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from symhpo.errors import UserError
from symhpo.sweep.manifest import Sweep, find_sweep
from symhpo.sweep.runner import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symhpo.sweep.status import Status


def main() -> int:
    """Do what the command line says; return the exit status."""
    arguments = parse()
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        return int(arguments.command(arguments) or 0)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Many runs, on SLURM or on this machine.")
    commands = parser.add_subparsers(required=True)
    for name, command, text in (
        ("submit", submit, "expand overrides and hand out the runs that nobody has begun"),
        ("resubmit", resubmit, "hand out what failed, was lost or is missing"),
    ):
        one = commands.add_parser(name, help=text)
        one.set_defaults(command=command)
        one.add_argument(
            "--local", type=count, metavar="N", help="run here, in N processes, instead of on SLURM"
        )
        one.add_argument("--cluster", default="default", help="profile in slurm/profiles (%(default)s)")
        if name == "submit":
            one.add_argument("--name", help="tells sweeps of the same overrides apart")
            one.add_argument("--config-dir", type=Path, help="folder with another run.yaml")
            one.add_argument("--runner", default=PIPELINE, help="module:attribute, what a run does")
            one.add_argument("overrides", nargs="+", help="as after -m of run.py")
        else:
            one.add_argument("sweep", nargs="?", type=Path, help="folder of the sweep")
    for name, command, text in (
        ("status", status, "how many runs are done, running, waiting, failed, lost, missing"),
        ("watch", watch, "the same, until nothing is left to wait for"),
        ("cancel", cancel, "cancel what waits or runs"),
        ("collect", collect, "one table of all records"),
    ):
        one = commands.add_parser(name, help=text)
        one.set_defaults(command=command)
        one.add_argument("sweep", nargs="?", type=Path, help="folder of the sweep")
        if name == "watch":
            one.add_argument("--every", type=seconds, default=5.0, help="seconds (%(default)s)")
        if name == "collect":
            one.add_argument("--output", type=Path, help="table to write (SWEEP/collected)")
            one.add_argument("--allow-mixed-versions", action="store_true")
    arguments, further = parser.parse_known_args()
    # argparse takes overrides in one stretch only; they may stand on both sides of an option.
    if further and ("overrides" not in arguments or any(text.startswith("-") for text in further)):
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    if further:
        arguments.overrides += further
    return arguments


def count(text: str) -> int:
    """Read a number of processes."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """Read a pause."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return number


def submit(arguments: argparse.Namespace) -> int:
    """Expand, and hand out the runs that nobody has begun."""
    # Hydra and the study's rooms, which the other commands do without.
    from symhpo.cli import CONF, study_glob, user_errors
    from symhpo.sweep.operations import NEW, open_sweep

    with user_errors():
        sweep = open_sweep(
            [study_glob(override) for override in arguments.overrides],
            arguments.config_dir or CONF,
            "run",
            name=arguments.name,
            runner=arguments.runner,
        )
    print(f"{len(sweep.lines)} runs in {sweep.path}")
    return hand_out(sweep, arguments, NEW)


def resubmit(arguments: argparse.Namespace) -> int:
    """Hand out what failed, was lost or is missing."""
    from symhpo.sweep.operations import UNFINISHED

    return hand_out(chosen(arguments), arguments, UNFINISHED)


def hand_out(sweep: Sweep, arguments: argparse.Namespace, states: Sequence[str]) -> int:
    """Give the runs in some states to SLURM or to this machine."""
    from symhpo.sweep import operations
    from symhpo.sweep.profile import Profile
    from symhpo.sweep.status import Status

    if arguments.local:
        ended = operations.run_here(sweep, arguments.local, states, show, every=10.0)
        report(sweep, Status(sweep))
        return ended
    submitted = operations.submit(sweep, Profile.load(arguments.cluster), states)
    if submitted is None:
        report(sweep, Status(sweep))
    else:
        print(f"submitted {submitted[0].shares} jobs as {', '.join(submitted[1])}; see `sweep.py watch`")
    return 0


def status(arguments: argparse.Namespace) -> None:
    """Print how the sweep stands."""
    from symhpo.sweep.status import Status

    sweep = chosen(arguments)
    report(sweep, Status(sweep))


def watch(arguments: argparse.Namespace) -> None:
    """Show how the sweep stands until nothing is left to wait for."""
    from rich.live import Live

    from symhpo.sweep.status import Status
    from symhpo.sweep.table import status_table

    sweep = chosen(arguments)
    now = Status(sweep)
    if sys.stdout.isatty():
        with Live(status_table(now, sweep.path.name), auto_refresh=False) as live:
            while not now.is_over:
                time.sleep(arguments.every)
                now = Status(sweep)
                live.update(status_table(now, sweep.path.name), refresh=True)
    else:
        while not now.is_over:
            show(now)
            time.sleep(arguments.every)
            now = Status(sweep)
    report(sweep, now)


def cancel(arguments: argparse.Namespace) -> None:
    """Cancel what waits or runs."""
    from symhpo.sweep.operations import cancel as cancel_sweep
    from symhpo.sweep.status import Status

    sweep = chosen(arguments)
    cancel_sweep(sweep)
    report(sweep, Status(sweep))


def collect(arguments: argparse.Namespace) -> None:
    """Write one table of all records of the sweep's runs."""
    from symhpo.store.collect import write_table
    from symhpo.sweep.operations import collect as collect_sweep

    sweep = chosen(arguments)
    collection = collect_sweep(sweep, allow_mixed_versions=arguments.allow_mixed_versions)
    written = write_table(collection.records, arguments.output or sweep.path / "collected")
    print(collection.summary)
    print("written:", *written)


def chosen(arguments: argparse.Namespace) -> Sweep:
    """Return the sweep that the command line names, or the only one there is."""
    if arguments.sweep is not None:
        sweep = Sweep(arguments.sweep)
        _ = sweep.request
        return sweep
    return find_sweep(Path("outputs"))


def show(now: Status) -> None:
    """Print a line."""
    from symhpo.sweep.table import status_line

    print(status_line(now), flush=True)
    if now.trouble:
        print(f"what SLURM has is taken to wait still: {now.trouble}", file=sys.stderr)


def report(sweep: Sweep, now: Status) -> None:
    """Print how the sweep stands, and why runs have failed."""
    from symhpo.sweep.table import reasons_text

    show(now)
    for line in reasons_text(now, {index: line.overrides for index, line in enumerate(sweep.lines)}):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
