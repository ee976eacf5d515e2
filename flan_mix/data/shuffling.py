"""Reproducible disorder: keys, hashes and permutations that need no memory.

A permutation of n examples is computed index by index, so a mixture of a thousand large tasks
holds no index arrays and starts at once. Everything is integer arithmetic written out here, so
the order of a run does not hang on NumPy's random generators, which may change with a release.
"""

import hashlib

import numpy as np

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = 8


def stable_key(*parts: str | int) -> int:
    """An unsigned 64-bit key that names `parts`; the same in every process and release."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def unit_fraction(key: int) -> float:
    """A float in [0, 1) made from the upper 53 bits of a 64-bit key."""
    return (key >> 11) / (1 << 53)


def mix64(values: np.ndarray) -> np.ndarray:
    """Hash of each uint64: a bijection whose output bits all depend on all input bits.

    Source: the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    values = values + _GOLDEN_GAMMA
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def shuffled(count: int, key: int) -> np.ndarray:
    """The numbers 0..count-1 in an order that `key` decides, int64 [count]."""
    keys = mix64(np.arange(count, dtype=np.uint64) ^ mix64(np.array([key], np.uint64)))
    return np.argsort(keys, kind="stable")


def permute(index: np.ndarray, size: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Where a keyed permutation of 0..size-1 sends each index.

    `index` < `size` (int64) and `key` (uint64) are arrays of one shape: every element may belong
    to another permutation. Returns int64 of that shape. Seen as a point of a grid just larger
    than `size`, the index is stirred by a Feistel network, each coordinate shifted by a hash of
    the other; points beyond `size` are stirred again until they fall inside (Black and Rogaway,
    CT-RSA 2002: cycle walking), so the whole is a bijection.
    """
    size = size.astype(np.uint64)
    width = np.maximum(np.ceil(np.sqrt(size.astype(np.float64))), 1).astype(np.uint64)
    height = (size + width - np.uint64(1)) // width
    result = _stir(index.astype(np.uint64), width, height, key)
    outside = np.flatnonzero(result >= size)
    while outside.size:
        result[outside] = _stir(result[outside], width[outside], height[outside], key[outside])
        outside = outside[result[outside] >= size[outside]]
    return result.astype(np.int64)


def _stir(index: np.ndarray, width: np.ndarray, height: np.ndarray, key: np.ndarray) -> np.ndarray:
    row, column = index // width, index % width
    for number in range(_ROUNDS):
        round_key = mix64(key + np.uint64(number))
        if number % 2:
            row = _shift(row, height, mix64(column ^ round_key))
        else:
            column = _shift(column, width, mix64(row ^ round_key))
    return row * width + column


def _shift(value: np.ndarray, modulus: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """(value + a number below `modulus` drawn from `noise`) mod `modulus`; modulus < 2**32."""
    moved = value + (((noise >> np.uint64(32)) * modulus) >> np.uint64(32))
    return np.where(moved >= modulus, moved - modulus, moved)
