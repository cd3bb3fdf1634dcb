"""Regressors that go wrong in ways that only another process can end. Workers import them from here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from symhpo.formula import Formula
from symhpo.regression import Front, Member, TrainingSet


@dataclass(frozen=True)
class MeanRegressor:
    """The constant that is the mean cost plus the seed; some seeds go wrong."""

    hangs_at: int = -1
    dies_at: int = -1
    raises_at: int = -1
    starts_a_process_at: int = -1
    name: str = "mean"

    def fit(self, training_set: TrainingSet, *, seed: int) -> Front:
        if seed == self.hangs_at:
            # Backtracks for ever inside the regular expression engine: no Python code runs any more.
            re.match(r"(a+)+$", "a" * 60 + "b")
        if seed == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == self.raises_at:
            raise ValueError("no formula for this seed")
        if seed == self.starts_a_process_at:
            code = "import time\nwhile time.process_time() < 1.0: pass"
            subprocess.run([sys.executable, "-c", code], check=True)
        mean = float(np.mean(training_set.y)) + seed
        formula = Formula.parse(repr(mean), training_set.space.names)
        return Front((Member(formula, float(np.std(training_set.y)), 0.0),))
