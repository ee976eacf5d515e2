"""Which examples are decoded together: batches of like length, in few shapes to compile."""

import dataclasses
from collections.abc import Sequence

import numpy as np

SHORTEST_BUCKET = 32


@dataclasses.dataclass(frozen=True)
class PlannedBatch:
    """The examples of one batch, by their index in the caller's order, and its padded length."""

    indices: tuple[int, ...]
    length: int


def bucket_length(length: int, shortest: int = SHORTEST_BUCKET) -> int:
    """The least of 32, 48, 64, 96, 128, 192, 256, ... that holds `length` tokens.

    Two lengths per doubling: at most a third of a batch's longest row is padding. `shortest`, a
    power of two, is where the row of lengths begins.
    """
    bucket = shortest
    while bucket < length:
        bucket = bucket * 3 // 2 if bucket & (bucket - 1) == 0 else bucket * 4 // 3
    return bucket


def plan_batches(
    lengths: Sequence[int], batch_size: int, second: Sequence[int] | None = None
) -> list[PlannedBatch]:
    """Batches of up to `batch_size` neighbours in length, the longest first.

    Longest first, so that what does not fit in memory fails at once; equal lengths keep the
    caller's order. With `second` (another size of each example), examples of one bucket are
    neighbours by that size. Every index occurs exactly once, and only the last batch may be short.
    """
    keys = [np.asarray(lengths, np.int64)]
    if second is not None:
        keys = [np.asarray(second, np.int64), np.asarray([bucket_length(n) for n in lengths])]
    order = np.lexsort([-key for key in keys]).tolist()
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return [
        PlannedBatch(tuple(batch), bucket_length(max(lengths[index] for index in batch)))
        for batch in batches
    ]
