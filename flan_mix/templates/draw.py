"""Draws: which template or option style an example gets, told by a hash and nothing else.

A draw depends on the seeds, the example's id, the pass and what is being drawn, never on order,
shards or workers. The hash is SipHash-2-4 (Aumasson and Bernstein 2012, https://131002.net/siphash)
because TensorFlow has it as an operation (`tf.strings.to_hash_bucket_strong`, used by
`tensor_rendering`), and it is short enough to be written here for everything else.
"""

import dataclasses
from dataclasses import dataclass

_MASK = (1 << 64) - 1
_SEPARATOR = "\x1f"

RANKS = 1 << 62  # What TensorFlow's operation can count to, and then some room.


@dataclass(frozen=True)
class Draw:
    """One kind of draw: `purpose` ("template", "options", …) keeps kinds independent.

    registered_seed: the task's own. seed: the run's. pass_index: the rendering pass, from 0.
    """

    purpose: str
    registered_seed: int = 0
    seed: int = 0
    pass_index: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """The two halves of SipHash's key: the seeds, as 63-bit integers."""
        return (self.registered_seed & (_MASK >> 1), self.seed & (_MASK >> 1))

    @property
    def prefix(self) -> str:
        """What is hashed ahead of the example's id."""
        return f"{self.purpose}{_SEPARATOR}{self.pass_index}{_SEPARATOR}"

    def index(self, example_id: str, count: int) -> int:
        """A number in [0, count), uniform over ids."""
        return siphash(self.key, (self.prefix + example_id).encode("utf-8")) % count

    def turn(self, example_id: str, count: int) -> int:
        """The same for pass 0; each further pass takes the next number, so that `count` passes
        have all of them."""
        first = dataclasses.replace(self, pass_index=0)
        return (first.index(example_id, count) + self.pass_index) % count

    def rank(self, example_id: str) -> int:
        """A number in [0, RANKS) to order ids by."""
        return self.index(example_id, RANKS)


def siphash(key: tuple[int, int], message: bytes) -> int:
    """SipHash-2-4 of `message` as an unsigned 64-bit number."""
    v0, v1, v2, v3 = (
        key[0] ^ 0x736F6D6570736575,
        key[1] ^ 0x646F72616E646F6D,
        key[0] ^ 0x6C7967656E657261,
        key[1] ^ 0x7465646279746573,
    )
    padded = message + b"\0" * (7 - len(message) % 8) + bytes([len(message) % 256])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        v0, v1, v2, v3 = _rounds(2, v0, v1, v2, v3 ^ word)
        v0 ^= word
    v0, v1, v2, v3 = _rounds(4, v0, v1, v2 ^ 0xFF, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _rounds(count: int, v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        v0 = (v0 + v1) & _MASK
        v2 = (v2 + v3) & _MASK
        v1 = _rotate(v1, 13) ^ v0
        v3 = _rotate(v3, 16) ^ v2
        v0 = (_rotate(v0, 32) + v3) & _MASK
        v2 = (v2 + v1) & _MASK
        v1 = _rotate(v1, 17) ^ v2
        v3 = _rotate(v3, 21) ^ v0
        v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def _rotate(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (64 - bits))) & _MASK
