"""Reads arrays of a checkpoint onto devices, several at a time, within a bound on host memory.

Each device gets its own part and no host holds a model: what is being read at any moment is no
more than the largest array, so that, with what decompressing needs beside it, the host's memory
stays under twice that.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from flan_mix.checkpoints.arrays import StoredArray

_THREADS = 8


def read_onto_devices(
    arrays: Mapping[str, StoredArray], wanted: Mapping[str, Any]
) -> dict[str, jax.Array]:
    """Each array of `wanted`, read from `arrays`, in its dtype and with its sharding.

    wanted: arrays or ShapeDtypeStructs; those without a sharding go to the first local device.
    """
    default = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    sizes = {name: _bytes_read(arrays[name], like) for name, like in wanted.items()}
    budget = _Budget(max(sizes.values(), default=0))

    def read(name: str) -> jax.Array:
        with budget.holding(sizes[name]):
            like = wanted[name]
            sharding = getattr(like, "sharding", None) or default
            return _placed(arrays[name], np.dtype(like.dtype), sharding)

    # Largest first: the small ones fill the gaps.
    order = sorted(wanted, key=lambda name: -sizes[name])
    with ThreadPoolExecutor(_THREADS) as pool:
        placed = dict(zip(order, pool.map(read, order), strict=True))
    return {name: placed[name] for name in wanted}


def _placed(array: StoredArray, dtype: np.dtype, sharding: jax.sharding.Sharding) -> jax.Array:
    parts: dict[Any, np.ndarray] = {}

    def part(index: Any) -> np.ndarray:
        key = tuple((s.start, s.stop) for s in index)
        if key not in parts:  # Devices that hold the same part share one reading of it.
            parts[key] = array.read(index).astype(dtype, copy=False)
        return parts[key]

    placed = jax.make_array_from_callback(array.shape, sharding, part)
    # Until it is there, the host's copy is needed, and counts.
    return jax.block_until_ready(placed)


def _bytes_read(array: StoredArray, like: Any) -> int:
    return array.size * max(array.dtype.itemsize, np.dtype(like.dtype).itemsize)


class _Budget:
    """Lets readers in while what they hold together stays within the bound."""

    def __init__(self, limit: int):
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Waits until `size` bytes more are within the bound, and holds them."""
        with self._changed:
            self._changed.wait_for(lambda: self._held + size <= self._limit)
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
