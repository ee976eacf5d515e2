"""Prepares batches in a background thread while the device computes.

The thread runs ahead, yet `state()` is that of the last batch the consumer took, so a
checkpoint never skips batches that were prepared and not trained on.
"""

import queue
import threading
import weakref
from collections.abc import Iterator
from typing import Protocol

from flan_mix.data.batches import Batch

_POLL_SECONDS = 0.1


class StatefulLoader(Protocol):
    """An iterator of batches that can say where it stands."""

    def __next__(self) -> Batch: ...

    def state(self) -> dict: ...


class Prefetcher(Iterator[Batch]):
    """Iterates over a loader's batches, a few of them ready in advance.

    An error in the loader is raised to the consumer in its place, after the batches before it.
    """

    def __init__(self, loader: StatefulLoader, depth: int):
        self._state = loader.state()
        self._ready: queue.Queue = queue.Queue(maxsize=depth)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=_produce, args=(loader, self._ready, self._stop), name="prefetch", daemon=True
        )
        # The thread holds no reference to this object, so dropping it ends the thread.
        weakref.finalize(self, self._stop.set)
        self._thread.start()

    def __next__(self) -> Batch:
        if self._failure is not None:
            raise self._failure
        if self._stop.is_set():
            raise RuntimeError("this prefetcher was closed; make another one from the loader")
        batch, state, failure = self._ready.get()
        if failure is not None:
            self._failure = failure
            raise failure
        self._state = state
        return batch

    def state(self) -> dict:
        """The loader's state after the last batch taken here."""
        return self._state

    def close(self) -> None:
        """Stops the thread; batches that were ready are dropped. Safe to call twice."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> "Prefetcher":
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def prefetch(loader: StatefulLoader, depth: int = 2) -> Prefetcher:
    """Iterates over `loader` with up to `depth` batches prepared ahead in a thread."""
    if depth < 1:
        raise ValueError(f"prefetch depth must be at least 1, got {depth}")
    return Prefetcher(loader, depth)


def _produce(loader: StatefulLoader, ready: queue.Queue, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            batch = next(loader)
            item = (batch, loader.state(), None)
        except BaseException as failure:  # StopIteration too: it ends the consumer's loop.
            item = (None, None, failure)
        while not stop.is_set():
            try:
                ready.put(item, timeout=_POLL_SECONDS)
                break
            except queue.Full:
                continue
        if item[2] is not None:
            return
