"""Functions are compiled also where the compiled code cannot be kept; the generator is Marsaglia's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symhpo.objectives.classifiers.compiling import compiled, xorshift


@pytest.mark.parametrize("signature", [None, "f8(f8)"])
def test_a_function_whose_compiled_code_has_no_place(signature: str | None) -> None:
    names: dict[str, Any] = {}
    exec("def half(x): return x / 2", names)  # in no file, so beside none
    half = compiled(names["half"], signature=signature)
    assert half(3.0) == 1.5
    assert half.signatures


def test_a_signature_refuses_other_types() -> None:
    def half(x: Any) -> Any:
        return x / 2

    with pytest.raises(TypeError, match="No matching definition"):
        compiled(half, signature="f8[::1](f8[::1])")(np.ones(3, dtype=np.float32))


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**31 - 1, 2**32 - 1])
def test_xorshift_is_that_of_32_bits(seed: int) -> None:
    expected = np.array([seed or 1], dtype=np.uint32)
    expected ^= expected << np.uint32(13)
    expected ^= expected >> np.uint32(17)
    expected ^= expected << np.uint32(5)
    assert xorshift(seed) == expected[0]
