"""Works on many arrays at a time while what is held of them stays within the largest one's size."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_THREADS = 8


def map_within_largest(work: Callable[[str], T], sizes: Mapping[str, int]) -> dict[str, T]:
    """`work(name)` for every name, in threads; sizes: the bytes that each holds meanwhile.

    What runs together holds no more than the largest size. The first error is raised when those
    that run have ended.
    """
    budget = _Budget(max(sizes.values(), default=0))

    def within(name: str) -> T:
        with budget.holding(sizes[name]):
            return work(name)

    # Largest first: the small ones fill the gaps.
    order = sorted(sizes, key=lambda name: -sizes[name])
    with ThreadPoolExecutor(_THREADS) as pool:
        done = dict(zip(order, pool.map(within, order), strict=True))
    return {name: done[name] for name in sizes}


class _Budget:
    """Lets workers in while what they hold together stays within the bound."""

    def __init__(self, limit: int):
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Waits until `size` bytes more are within the bound, and holds them."""
        # One waits at a time: a large one would wait for ever while small ones slip past it.
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._held + size <= self._limit)
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
