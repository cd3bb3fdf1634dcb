"""Hashes and set orders of another process' hash seed."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from symhpo.sampling.optimizers.string_hash import set_order, string_hash

TEXTS = [
    "",
    "a",
    "exactly8",
    "Configuration(values={\n  'C': 1.5,\n})",
    "é",
    "ελ",
    "😀 and text",
    *("".join(random.Random(i).choices(string.printable, k=i)) for i in range(1, 40)),
]


@pytest.mark.parametrize("hash_seed", [0, 1, 4294967295])
def test_hashes_and_orders_are_those_of_a_process_with_the_hash_seed(
    hash_seed: int, run_python: Callable[..., Any]
) -> None:
    code = f"import json; t = {TEXTS!r}; print(json.dumps([[hash(x) for x in t], list(set(t))]))"
    hashes, order = json.loads(run_python("-c", code, hash_seed=str(hash_seed)).stdout)
    assert [string_hash(text, hash_seed) for text in TEXTS] == hashes
    assert set_order(TEXTS, str, hash_seed) == order


def test_items_of_the_same_text_are_one() -> None:
    assert sorted(set_order([1, 2, "1"], str, 0), key=str) == [1, 2]
