"""A stopwatch that stands still while training waits for checkpoints and evaluations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class PausableClock:
    """Seconds since it was made, without the pauses.

    clock: a monotonic clock in seconds, such as `time.perf_counter`.
    """

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._start = clock()
        self.last_pause_seconds = 0.0

    def seconds(self) -> float:
        """Seconds run so far."""
        return self._clock() - self._start

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What happens inside does not count; `last_pause_seconds` says afterwards how long."""
        paused_at = self._clock()
        try:
            yield
        finally:
            self.last_pause_seconds = self._clock() - paused_at
            self._start += self.last_pause_seconds
