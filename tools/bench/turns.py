"""Several ways to the same result, run in turns in one process: seconds, and ratios by turn.

A machine that others use at the same time is slow now and fast then; what runs within the same
turn meets about the same load. Processor time stands beside the clock's, for it depends less on
what else the machine does.
"""

import dataclasses
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True)
class Timed:
    """One run, by the clock and by this process's processor time (all threads)."""

    seconds: float
    processor_seconds: float


def take_turns(ways: Mapping[str, Callable[[], Any]], turns: int) -> dict[str, list[Timed]]:
    """Runs of each way, `turns` of them, after one of each that does not count (it compiles).

    A way must not return before its result is there.
    """
    for run in ways.values():
        run()
    measured: dict[str, list[Timed]] = {way: [] for way in ways}
    for _ in range(turns):
        for way, run in ways.items():
            measured[way].append(_timed(run))
    return measured


def summary(runs: Sequence[Timed], baseline: Sequence[Timed]) -> dict[str, Any]:
    """Medians, the range, and how many times faster than `baseline`: the median over turns."""
    pairs = list(zip(runs, baseline, strict=True))
    seconds = [run.seconds for run in runs]
    return {
        "seconds": statistics.median(seconds),
        "seconds_range": [min(seconds), max(seconds)],
        "processor_seconds": statistics.median(run.processor_seconds for run in runs),
        "times_faster": statistics.median(b.seconds / r.seconds for r, b in pairs),
        "times_faster_processor": statistics.median(
            b.processor_seconds / r.processor_seconds for r, b in pairs
        ),
    }


def _timed(run: Callable[[], Any]) -> Timed:
    processor, start = _processor_seconds(), time.perf_counter()
    run()
    return Timed(time.perf_counter() - start, _processor_seconds() - processor)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
