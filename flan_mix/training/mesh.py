"""How devices are arranged into the ('data', 'model') mesh.

Devices that split the model (axis 'model') talk at every layer and so should be neighbours; those
that split the batch (axis 'data') talk once a step. T5X's two ways of asking for a split are kept:
a number of partitions, or the box of the TPU torus that one model copy occupies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.experimental import mesh_utils
from jax.sharding import Mesh

DATA_AXIS = "data"
MODEL_AXIS = "model"

Device = Any
"""A `jax.Device`, a name that type checkers do not take for a type."""


def make_mesh(
    devices: Sequence[Device],
    num_partitions: int | None = 1,
    model_parallel_submesh: Sequence[int] | None = None,
) -> Mesh:
    """The mesh ('data', 'model') of `devices`, whose model axis has `num_partitions` devices.

    model_parallel_submesh: (x, y, z, cores) extent on the TPU torus of one copy of the model, whose
        product is then the number of partitions; on devices without coordinates (CPU, GPU) only
        the product counts. Give one of the two.
    Raises ValueError where neither or both are given, or the devices cannot be split so.
    """
    partitions = _partition_count(num_partitions, model_parallel_submesh)
    if len(devices) % partitions:
        raise ValueError(
            f"{len(devices)} devices cannot be split into model copies of {partitions}: "
            f"num_partitions (or the product of model_parallel_submesh) must divide their number"
        )
    shape = (len(devices) // partitions, partitions)
    if model_parallel_submesh is not None and hasattr(devices[0], "coords"):
        grid = _tile_torus(torus(devices), tuple(model_parallel_submesh))
    elif devices[0].platform == "tpu":
        grid = mesh_utils.create_device_mesh(shape, devices, allow_split_physical_axes=True)
    else:
        # Consecutive ids share a host (NVLink on GPUs), so model copies stay inside one.
        grid = np.array(sorted(devices, key=lambda d: (d.process_index, d.id))).reshape(shape)
    return Mesh(grid, (DATA_AXIS, MODEL_AXIS))


def torus(devices: Sequence[Device]) -> np.ndarray:
    """TPU devices at their place in the torus: an array [x, y, z, core]."""
    places = np.array([(*d.coords, d.core_on_chip) for d in devices])
    places -= places.min(axis=0)
    grid = np.full(places.max(axis=0) + 1, None, dtype=object)
    for device, place in zip(devices, places, strict=True):
        grid[tuple(place)] = device
    if any(device is None for device in grid.flat):
        raise ValueError(
            f"model_parallel_submesh needs devices that fill a box of the torus; these "
            f"{len(devices)} do not fill one of {'x'.join(map(str, grid.shape))}"
        )
    return grid


def _tile_torus(grid: np.ndarray, tile: tuple[int, ...]) -> np.ndarray:
    """Cuts the torus into boxes of shape `tile`: an array [box, place in the box]."""
    if len(tile) != grid.ndim or any(n % t for n, t in zip(grid.shape, tile, strict=False)):
        raise ValueError(
            f"model_parallel_submesh={tile} does not tile the devices' torus, which is {grid.shape}"
        )
    split = [part for n, t in zip(grid.shape, tile, strict=True) for part in (n // t, t)]
    outer, inner = range(0, 2 * grid.ndim, 2), range(1, 2 * grid.ndim, 2)
    boxes = grid.reshape(split).transpose(*outer, *inner)
    return boxes.reshape(-1, math.prod(tile))


def _partition_count(num_partitions: int | None, submesh: Sequence[int] | None) -> int:
    if submesh is None:
        if num_partitions is None or num_partitions < 1:
            raise ValueError(
                f"num_partitions is {num_partitions}: give a number from 1 up, or "
                f"model_parallel_submesh"
            )
        return num_partitions
    partitions = math.prod(submesh)
    # T5X's runs/finetune.gin always binds num_partitions to 1, so 1 beside a submesh is no choice.
    if num_partitions not in (None, 1, partitions):
        raise ValueError(
            f"num_partitions={num_partitions} contradicts model_parallel_submesh="
            f"{tuple(submesh)}, whose product is {partitions}: give one of them"
        )
    return partitions
