"""Named random seeds of a run: every draw has a seed of its own, none depends on another's order."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["generator", "seed"]


def _sequence(run_seed: int, names: tuple[str | int, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return np.random.SeedSequence([run_seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def seed(run_seed: int, *names: str | int) -> int:
    """Return the 32-bit seed of one named random draw of a run.

    Parameters
    ----------
    run_seed : int
        The run's seed, not negative.
    *names : str or int
        What the draw is for, such as ``"random", 17``.

    Returns
    -------
    int
        In ``[0, 2**32)``, the same on every machine.
    """
    return int(_sequence(run_seed, names).generate_state(1)[0])


def generator(run_seed: int, *names: str | int) -> np.random.Generator:
    """Return a NumPy generator for one named random draw of a run; see `seed`."""
    return np.random.default_rng(_sequence(run_seed, names))
