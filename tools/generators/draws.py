"""A seeded source of choices that gives the same ones on every Python, platform and process.

`random.Random` promises reproducible values across versions for `random()` alone, so every choice
here is derived from that one method, and the seed is text, which `random` hashes with SHA-512
rather than with Python's per-process string hash.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draws:
    """Choices that depend on `seed` alone, in the order in which they are asked for."""

    def __init__(self, seed: str):
        self._random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        """A whole number, uniform over low..high, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, uniformly."""
        return items[self.integer(0, len(items) - 1)]

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random.random() < probability

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different items in random order (the beginning of a Fisher-Yates shuffle).

        Raises:
          ValueError: if there are fewer items than asked for.
        """
        if count > len(items):
            raise ValueError(f"cannot draw {count} different items from {len(items)}")
        pool = list(items)
        for place in range(count):
            other = self.integer(place, len(pool) - 1)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All the items in random order."""
        return self.sample(items, len(items))

    def other_than(self, unwanted: Item, items: Sequence[Item]) -> Item:
        """One of the items that is not `unwanted`."""
        return self.pick([item for item in items if item != unwanted])
