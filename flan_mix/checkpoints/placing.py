"""Reads arrays of a checkpoint onto devices, several at a time, within a bound on host memory.

Each device gets its own part and no host holds a model: what is being read at any moment is no
more than the largest array, beside a few pieces of its file for each thread.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from flan_mix.checkpoints.arrays import StoredArray
from flan_mix.checkpoints.host_memory import map_within_largest


def read_onto_devices(
    arrays: Mapping[str, StoredArray], wanted: Mapping[str, Any]
) -> dict[str, jax.Array]:
    """Each array of `wanted`, read from `arrays`, in its dtype and with its sharding.

    wanted: arrays or ShapeDtypeStructs; those without a sharding go to the first local device.
    """
    default = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])

    def read(name: str) -> jax.Array:
        like = wanted[name]
        sharding = getattr(like, "sharding", None) or default
        return _placed(arrays[name], np.dtype(like.dtype), sharding)

    sizes = {n: arrays[n].size * np.dtype(like.dtype).itemsize for n, like in wanted.items()}
    return map_within_largest(read, sizes)


def _placed(array: StoredArray, dtype: np.dtype, sharding: jax.sharding.Sharding) -> jax.Array:
    parts: dict[Any, np.ndarray] = {}

    def part(index: Any) -> np.ndarray:
        key = tuple((s.start, s.stop) for s in index)
        if key not in parts:  # Devices that hold the same part share one reading of it.
            parts[key] = array.read(index, dtype)
        return parts[key]

    placed = jax.make_array_from_callback(array.shape, sharding, part)
    # Until it is there, the host's copy is needed, and counts.
    return jax.block_until_ready(placed)
