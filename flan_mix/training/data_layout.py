"""Which rows of each global batch a process has to load.

With more than one process, each loads only the rows that its own devices hold. Processes that
share one copy of the model hold, and so load, the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
from jax.sharding import NamedSharding


@dataclass(frozen=True)
class DataLayout:
    """Slice `shard_index` of `shard_count` equal slices of a global batch of `batch_size` rows."""

    batch_size: int
    shard_index: int
    shard_count: int

    @property
    def local_batch_size(self) -> int:
        """Rows that this process loads."""
        return self.batch_size // self.shard_count


def layout_of_process(sharding: NamedSharding, batch_size: int, process: int) -> DataLayout:
    """The layout for a process, given how the rows of a batch lie on the devices."""
    rows: dict[int, set[int]] = {}
    for device, (index, *_) in sharding.devices_indices_map((batch_size, 1)).items():
        rows.setdefault(device.process_index, set()).update(range(batch_size)[index])
    return layout_from_rows(rows, batch_size, process)


def layout_from_rows(rows: Mapping[int, set[int]], batch_size: int, process: int) -> DataLayout:
    """The layout for `process`, given the rows that the devices of each process hold.

    Raises ValueError where two processes share some rows but not all: the mesh then has no
    equal slices, one or more whole copies of the model being on no whole number of processes.
    """
    slices = sorted({tuple(sorted(held)) for held in rows.values()})
    if sum(map(len, slices)) != batch_size or len({len(s) for s in slices}) != 1:
        raise ValueError(
            f"the mesh gives the {len(rows)} processes overlapping or unequal parts of a batch of "
            f"{batch_size} rows: choose num_partitions as a divisor or a multiple of the devices "
            f"per process ({jax.local_device_count()})"
        )
    return DataLayout(batch_size, slices.index(tuple(sorted(rows[process]))), len(slices))
