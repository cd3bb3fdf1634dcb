"""Shorter formulas of the same values."""

from __future__ import annotations

import json
import logging
import math
import os
import resource
import signal
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symhpo.errors import UserError
from symhpo.formula.formula import Formula

__all__ = ["WALL_SECONDS_PER_CPU_SECOND", "simplify"]

logger = logging.getLogger(__name__)

# A simplified formula has the values of the original, relative to their magnitude.
TOLERANCE = 1e-9
# sympy.simplify takes minutes for longer formulas and does not shorten them, and where it meets its
# limit or not may depend on the machine: most of what it is given should be far from that.
MIN_NODES, MAX_NODES = 4, 60
WALL_SECONDS_PER_CPU_SECOND = 4


def simplify(formula: Formula, points: ArrayLike, *, time_limit: float = 0.0) -> Formula:
    """Return the shortest form of a formula that still has its values.

    Constants are folded and equal terms collected; with a time limit, `sympy.simplify` is tried as
    well, in a process that is killed when it exceeds the limit. A form that differs from the
    original by more than 1e-9 relative on any of the points is rejected, so the worst that can
    happen is that the formula comes back as it was.

    Parameters
    ----------
    formula : Formula
    points : array of shape (n, d)
        Configurations on which the values must not change, with the corners of the space:
        hyperparameters that are positive on all points are taken for positive.
    time_limit : float
        CPU seconds for `sympy.simplify`, on a busy machine up to `WALL_SECONDS_PER_CPU_SECOND`
        times as many wall seconds; 0 leaves it out.
    """
    points = np.asarray(points, dtype=np.float64)
    forms = [formula, *_valid(_folded(formula), formula, points)]
    shortest = min(forms, key=lambda form: form.nodes)
    if time_limit > 0 and MIN_NODES <= shortest.nodes <= MAX_NODES:
        forms += _valid(_simplified_by_sympy(shortest, points, time_limit), formula, points)
    return min(forms, key=lambda form: form.nodes)


def _valid(form: Formula | None, original: Formula, points: np.ndarray) -> list[Formula]:
    if form is None or not form.is_equal(original, points, TOLERANCE):
        return []
    return [form]


def _folded(formula: Formula) -> Formula | None:
    from symhpo.formula.fold import fold

    try:
        return Formula(fold(formula.expression), formula.hyperparameters)
    except UserError:  # a constant part is not finite
        return None


def _simplified_by_sympy(formula: Formula, points: np.ndarray, cpu_seconds: float) -> Formula | None:
    """Return what `sympy.simplify` makes of a formula, None if it has to be killed or fails."""
    positive = (points > 0).all(axis=0).tolist()
    task = {"text": formula.text, "hyperparameters": formula.hyperparameters, "positive": positive}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "symhpo.formula.simplify", str(math.ceil(cpu_seconds))],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=WALL_SECONDS_PER_CPU_SECOND * cpu_seconds,
            # sympy's result depends on the order of its sets.
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
        )
        return Formula.parse(done.stdout.strip(), formula.hyperparameters)
    except subprocess.TimeoutExpired:
        reason = "killed at its time limit"
    except subprocess.CalledProcessError as error:
        reason = "killed at its time limit" if error.returncode < 0 else error.stderr.strip()[-200:]
    except UserError as error:
        reason = str(error)
    logger.info("formula kept as it is, no result of sympy.simplify: %s", reason)
    return None


def _main() -> None:
    import sympy

    cpu_seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    signal.alarm(WALL_SECONDS_PER_CPU_SECOND * cpu_seconds)  # should the parent be gone
    task: dict[str, Any] = json.load(sys.stdin)
    names: list[str] = task["hyperparameters"]
    symbols = {
        sympy.Symbol(name): sympy.Symbol(name, real=True, positive=positive or None)
        for name, positive in zip(names, task["positive"], strict=True)
    }
    expression = Formula.parse(task["text"], names).expression.xreplace(symbols)
    print(Formula(sympy.simplify(expression), tuple(names)).text)


if __name__ == "__main__":
    _main()
