"""Places parameters, optimizer state, batches and activations on a mesh of devices.

The train step is written once, for whole arrays. A `Partitioner` says how each array lies on the
('data', 'model') mesh, and XLA divides the work accordingly; the numbers stay those of one device.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from flax.linen import spmd
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from flan_mix.training.axis_rules import LogicalAxisRules, standard_logical_axis_rules
from flan_mix.training.data_layout import DataLayout, layout_of_process
from flan_mix.training.mesh import DATA_AXIS, MODEL_AXIS, Device, make_mesh

Tree = Any


@dataclass(frozen=True)
class Partitioner:
    """The mesh and the rules of one run, under T5X's names.

    num_partitions: devices that one copy of the model is split over, on any platform.
    model_parallel_submesh: instead of num_partitions, see `mesh.make_mesh`.
    logical_axis_rules: None means `standard_logical_axis_rules()`.
    devices: None means all devices of all processes.
    """

    num_partitions: int | None = 1
    model_parallel_submesh: tuple[int, ...] | None = None
    logical_axis_rules: LogicalAxisRules | None = None
    devices: tuple[Device, ...] | None = None

    @cached_property
    def mesh(self) -> Mesh:
        """The ('data', 'model') mesh."""
        devices = jax.devices() if self.devices is None else self.devices
        return make_mesh(devices, self.num_partitions, self.model_parallel_submesh)

    @cached_property
    def rules(self) -> LogicalAxisRules:
        """(logical axis, mesh axis or None) pairs in order of precedence."""
        if self.logical_axis_rules is None:
            return standard_logical_axis_rules()
        return tuple((logical, mesh_axis) for logical, mesh_axis in self.logical_axis_rules)

    @property
    def data_parts(self) -> int:
        """How many parts the rows of a batch are split into."""
        return self.mesh.shape[DATA_AXIS]

    @property
    def model_parts(self) -> int:
        """How many devices hold one copy of the model."""
        return self.mesh.shape[MODEL_AXIS]

    @property
    def replicated(self) -> NamedSharding:
        """Every device holds the whole array."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def batch_sharding(self) -> NamedSharding:
        """Rows split over 'data'; further dimensions whole."""
        return NamedSharding(self.mesh, PartitionSpec(DATA_AXIS))

    def parameter_specs(self, abstract_params: Tree, logical_axes: Tree) -> Tree:
        """A PartitionSpec for each parameter, from its logical axis names.

        abstract_params: anything with shapes. logical_axes: the same tree with a PartitionSpec of
        logical names for each. A dimension that the devices of its mesh axis do not divide stays
        whole (6 heads on 4 devices).
        """
        return jax.tree.map(
            lambda param, axes: self._spec(param.shape, axes), abstract_params, logical_axes
        )

    def shardings(self, specs: Tree) -> Tree:
        """A NamedSharding on this mesh for every PartitionSpec of a tree."""
        return jax.tree.map(
            lambda spec: NamedSharding(self.mesh, spec),
            specs,
            is_leaf=lambda x: isinstance(x, PartitionSpec),
        )

    def shard_batch(self, host_batch: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        """This process's rows of a batch, as its part of the global arrays.

        Which rows those are says `data_layout`. Raises ValueError if the rows do not divide over
        this process's devices.
        """
        return {name: self._global_array(name, rows) for name, rows in host_batch.items()}

    def data_layout(self, batch_size: int) -> DataLayout:
        """Which rows of a global batch of `batch_size` this process loads.

        Raises ValueError if the batch does not divide over the mesh's data axis.
        """
        if batch_size % self.data_parts:
            raise ValueError(
                f"a batch of {batch_size} rows does not divide over the {self.data_parts} parts of "
                f"the mesh's data axis: make BATCH_SIZE a multiple of {self.data_parts}"
            )
        return layout_of_process(self.batch_sharding, batch_size, jax.process_index())

    @contextlib.contextmanager
    def activation_rules(self) -> Iterator[None]:
        """A model traced inside has its logical constraints mean this mesh and these rules."""
        with (
            jax.sharding.use_abstract_mesh(self.mesh.abstract_mesh),
            nn.logical_axis_rules(self.rules),
        ):
            yield

    def _spec(self, shape: Sequence[int], logical_axes: PartitionSpec) -> PartitionSpec:
        axes = spmd.logical_to_mesh_axes(tuple(logical_axes), self.rules) or PartitionSpec()
        return PartitionSpec(
            *(
                axis if size % self._parts(axis) == 0 else None
                for size, axis in zip(shape, axes, strict=True)
            )
        )

    def _parts(self, axis: str | tuple[str, ...] | None) -> int:
        names = (axis,) if isinstance(axis, str) else axis or ()
        return math.prod(self.mesh.shape[name] for name in names)

    def _global_array(self, name: str, rows: np.ndarray) -> jax.Array:
        local_parts = self.mesh.local_mesh.shape[DATA_AXIS]
        if rows.shape[0] % local_parts:
            raise ValueError(
                f"{rows.shape[0]} rows of {name} do not divide over this process's {local_parts} "
                f"parts of the mesh's data axis: make BATCH_SIZE a multiple of {self.data_parts}"
            )
        return jax.make_array_from_process_local_data(self.batch_sharding, rows)
