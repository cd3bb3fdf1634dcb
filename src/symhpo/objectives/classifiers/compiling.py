"""How the classifiers are compiled, and the random numbers of scikit-learn's compiled code.

Compiled code is kept in the ``__pycache__`` folder beside the source, or in the user's cache if that
cannot be written to. It is made anew when the function's own file changes, but not when this one does:
after a change here, delete the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba

__all__ = ["compiled", "xorshift"]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function, *, signature: str | None = None) -> Function:
    """Compile a function once a machine, or once a process where no folder can be written to.

    With a signature, that happens at once and other types are refused. Without fastmath, nothing is
    reordered or contracted.
    """
    njit: Any = partial(numba.njit, signature, error_model="numpy")
    try:
        fast: Function = njit(cache=True)(function)
    except RuntimeError:  # no folder for the compiled code
        fast = njit()(function)
    return fast


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
