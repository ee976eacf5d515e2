"""What a train step changes: the step number, the parameters and the optimizer's state.

States are made on the mesh from the start, each device computing its own part, so that no device
ever holds the whole of a large model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from flan_mix.training.optimizers import Optimizer
from flan_mix.training.partitioning import Partitioner

Tree = Any


@flax.struct.dataclass
class TrainState:
    """The state after `step` updates.

    step: int32 scalar. params: the model's tree of float32 arrays. opt_state: the optimizer's tree.
    """

    step: Any
    params: Tree
    opt_state: Tree


def init_state(
    init_params: Callable[[jax.Array], Tree],
    logical_axes: Tree,
    optimizer: Optimizer,
    partitioner: Partitioner,
    rng: jax.Array,
) -> TrainState:
    """A fresh state at step 0, placed on the mesh; the same numbers on any mesh.

    init_params: random key -> tree of parameters. logical_axes: see `Partitioner.parameter_specs`.
    """
    placement = abstract_state(init_params, logical_axes, optimizer, partitioner)

    def create(rng):
        params = init_params(rng)
        return TrainState(jnp.zeros((), jnp.int32), params, optimizer.init(params))

    return jax.jit(create, out_shardings=shardings_of(placement))(rng)


def abstract_state(
    init_params: Callable[[jax.Array], Tree],
    logical_axes: Tree,
    optimizer: Optimizer,
    partitioner: Partitioner,
) -> TrainState:
    """Shape, dtype and sharding of every array of a state, allocating nothing.

    This is what a checkpoint is restored into and what a train step is compiled for ahead of time.
    """
    params = jax.eval_shape(init_params, jax.random.key(0))
    state = TrainState(
        step=jax.ShapeDtypeStruct((), jnp.int32),
        params=params,
        opt_state=jax.eval_shape(optimizer.init, params),
    )
    param_specs = partitioner.parameter_specs(params, logical_axes)
    specs = TrainState(PartitionSpec(), param_specs, optimizer.state_specs(params, param_specs))
    return jax.tree.map(
        lambda x, sharding: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding),
        state,
        partitioner.shardings(specs),
    )


def state_from_params(
    params: Tree, placement: TrainState, optimizer: Optimizer, step: int = 0
) -> TrainState:
    """A state of given parameters (arrays of any kind) with a fresh optimizer state.

    placement: the `abstract_state` of the run. Raises ValueError, naming the parameter, where
    `params` has other names or shapes.
    """
    _check_same_shapes(params, placement.params)
    # A copy always: the train step takes over the state's buffers, and these are the caller's.
    placed = jax.tree.map(
        lambda x, want: jax.device_put(x.astype(want.dtype), want.sharding, may_alias=False),
        params,
        placement.params,
    )
    opt_state = jax.jit(optimizer.init, out_shardings=shardings_of(placement.opt_state))(placed)
    return TrainState(jax.device_put(jnp.int32(step), placement.step.sharding), placed, opt_state)


def shardings_of(tree: Tree) -> Tree:
    """The sharding of every array, or ShapeDtypeStruct, of a tree."""
    return jax.tree.map(lambda x: x.sharding, tree)


def _check_same_shapes(params: Tree, wanted: Tree) -> None:
    given = {
        jax.tree_util.keystr(k): x.shape for k, x in jax.tree_util.tree_leaves_with_path(params)
    }
    model = {
        jax.tree_util.keystr(k): x.shape for k, x in jax.tree_util.tree_leaves_with_path(wanted)
    }
    problems = [
        f"{name}: given {given.get(name, 'nothing')}, the model has {model.get(name, 'none')}"
        for name in sorted(given.keys() | model.keys())
        if given.get(name) != model.get(name)
    ]
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ValueError(f"parameters do not fit the model: {'; '.join(problems[:3])}{more}")
