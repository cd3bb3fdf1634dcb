"""How the classifiers are compiled, and the random numbers of scikit-learn's compiled code."""

from __future__ import annotations

import numba

__all__ = ["compiled", "xorshift"]

compiled = numba.njit(cache=True, error_model="numpy")
"""Compiles a function once a machine; without fastmath nothing is reordered or contracted."""


@compiled
def xorshift(state: int) -> int:
    """Return the state that follows one in [0, 2**32) (Marsaglia 2003, 13, 17, 5).

    scikit-learn's number is its lower 31 bits.
    """
    state = state if state else 1
    state ^= (state << 13) & 0xFFFFFFFF
    state ^= state >> 17
    state ^= (state << 5) & 0xFFFFFFFF
    return state
