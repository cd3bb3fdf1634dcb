"""The order in which a Python set keeps strings under a given PYTHONHASHSEED, in any process.

Stock SMAC runs through a set of configurations, whose hashes are those of their texts. Its
trajectory thus depends on the process' hash seed; to repeat it, the hashes are computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["set_order", "string_hash"]

T = TypeVar("T")

MASK = 0xFFFFFFFFFFFFFFFF


def set_order(items: Iterable[T], text: Callable[[T], str], hash_seed: int) -> list[T]:
    """Return the distinct items in the order of a set in a process with ``PYTHONHASHSEED=hash_seed``.

    Parameters
    ----------
    items : iterable
        In the order in which they are put into the set.
    text : callable
        The string of an item; items with the same string are the same, and hash as their string does.
    hash_seed : int
        As `PYTHONHASHSEED`: 0 to 4294967295.
    """
    key = _secret(hash_seed)
    return [entry.item for entry in {_Entry(item, text(item), key) for item in items}]


def string_hash(text: str, hash_seed: int) -> int:
    """Return ``hash(text)`` of a process with ``PYTHONHASHSEED=hash_seed`` (CPython ≥ 3.11, 64 bits)."""
    return _hash(text, _secret(hash_seed))


class _Entry(Generic[T]):
    """An item that a set places by the hash of its text."""

    __slots__ = ("_hash", "item", "text")

    def __init__(self, item: T, text: str, key: tuple[int, int]) -> None:
        self.item = item
        self.text = text
        self._hash = _hash(text, key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Entry) and self.text == other.text


def _secret(hash_seed: int) -> tuple[int, int]:
    # CPython fills the 16 bytes with a linear congruential generator; seed 0 stands for zeros.
    if hash_seed == 0:
        return 0, 0
    x, data = hash_seed, bytearray()
    for _ in range(16):
        x = (x * 214013 + 2531011) & 0xFFFFFFFF
        data.append((x >> 16) & 0xFF)
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:], "little")


def _hash(text: str, key: tuple[int, int]) -> int:
    if not text:
        return 0
    value = _siphash13(_bytes(text), *key)
    value = value - (1 << 64) if value >> 63 else value
    return -2 if value == -1 else value


def _bytes(text: str) -> bytes:
    # CPython hashes a string's own storage: 1, 2 or 4 bytes a character, as its widest needs.
    widest = ord(max(text))
    return text.encode("latin-1" if widest < 256 else "utf-16-le" if widest < 65536 else "utf-32-le")


def _siphash13(data: bytes, k0: int, k1: int) -> int:
    """SipHash-1-3 (Aumasson and Bernstein, 2012) of `data` with the key (k0, k1)."""
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    whole = len(data) & ~7
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, whole, 8)]
    words.append(int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56)
    for word in words:
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ word)
        state = v0 ^ word, v1, v2, v3
    v0, v1, v2, v3 = state
    v2 ^= 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = (v0 + v1) & MASK
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = (v2 + v3) & MASK
    v3 = _rotate(v3, 16) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = _rotate(v3, 21) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def _rotate(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & MASK
