"""Rows of a batch onto a mesh, and results back to every process.

Every process holds the same inputs and makes the same decisions, so a batch's rows are cut out of
what is at hand, and results are replicated, so that all processes go on with the same answers.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

DATA_AXIS = "data"


def data_parts(mesh: Mesh | None) -> int:
    """How many parts the rows of a batch are divided into."""
    return 1 if mesh is None else mesh.shape[DATA_AXIS]


def check_rows(name: str, rows: int, mesh: Mesh | None) -> None:
    """Raises ValueError where `rows`, called `name`, is below 1 or does not divide over `mesh`."""
    if rows < 1:
        raise ValueError(f"{name} is {rows}; it must be at least 1")
    if rows % data_parts(mesh):
        raise ValueError(
            f"{name} is {rows}, which the mesh's data axis of {data_parts(mesh)} devices does not "
            "divide; choose a multiple of it"
        )


def place_rows(array: np.ndarray, mesh: Mesh | None) -> jax.Array:
    """`array`, alike on all processes, with its rows divided over the mesh's data axis."""
    if mesh is None:
        return jax.device_put(array)
    sharding = NamedSharding(mesh, PartitionSpec(DATA_AXIS))
    return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])


def keep_rows_apart(tree: Any, mesh: Mesh | None) -> Any:
    """Inside jit: the rows of every array over the data axis, other dimensions as they come."""
    if mesh is None:
        return tree

    def placed(array: jax.Array) -> jax.Array:
        if not array.ndim:
            return array
        rest = [PartitionSpec.UNCONSTRAINED] * (array.ndim - 1)
        sharding = NamedSharding(mesh, PartitionSpec(DATA_AXIS, *rest))
        return jax.lax.with_sharding_constraint(array, sharding)

    return jax.tree.map(placed, tree)


def replicate(array: jax.Array, mesh: Mesh | None) -> jax.Array:
    """Inside jit: `array` whole on every device, so that every process can fetch it."""
    if mesh is None:
        return array
    return jax.lax.with_sharding_constraint(array, NamedSharding(mesh, PartitionSpec()))
