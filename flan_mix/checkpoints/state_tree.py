"""A train state as T5X stores it: the tree target/…, state/step, state/param_states/….

Layers are apart there (target/encoder/layers_0/…), also of a state that keeps them together: a
checkpoint does not tell, and is restored into either form.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization
from flax.traverse_util import flatten_dict, unflatten_dict
from jax.sharding import NamedSharding, PartitionSpec

from flan_mix.models.layer_stacks import apart, is_together, layer_paths
from flan_mix.training import TrainState

PARAMETERS = "target/"
SLOTS = "state/param_states/"
STEP = "state/step"


def state_tree(state: TrainState) -> dict[str, Any]:
    """The tree of T5X's Orbax checkpoints (t5x/train_state.py: target, state.param_states)."""
    return apart(_kept_tree(state), _layers)


def flat_state(state: TrainState) -> dict[str, Any]:
    """A state's arrays (or abstract ones) by their names in the tree, joined with "/"."""
    flat = _flat(state_tree(state))
    return {name: leaf for name, leaf in flat.items() if hasattr(leaf, "shape")}


def with_arrays(like: TrainState, arrays: Mapping[str, Any]) -> TrainState:
    """`like` with the arrays of those names in place of its own.

    Where `like` is abstract and keeps layers together of which only some are given, the others
    are zeros.
    """
    changed = {name: _changed(name, leaf, arrays) for name, leaf in _flat(_kept_tree(like)).items()}
    tree = unflatten_dict(changed, sep="/")
    opt_state = serialization.from_state_dict(like.opt_state, tree["state"]["param_states"])
    return dataclasses.replace(
        like, step=tree["state"]["step"], params=tree["target"], opt_state=opt_state
    )


def _kept_tree(state: TrainState) -> dict[str, Any]:
    """The tree with its layers as the state keeps them."""
    slots = serialization.to_state_dict(state.opt_state)
    return {"target": state.params, "state": {"step": state.step, "param_states": slots}}


def _flat(tree: Mapping[str, Any]) -> dict[str, Any]:
    # Optimizers have empty places and Nones in their trees, which must be found again.
    return flatten_dict(tree, keep_empty_nodes=True, sep="/")  # pyright: ignore


def _changed(name: str, leaf: Any, arrays: Mapping[str, Any]) -> Any:
    if not is_together(name):
        return arrays.get(name, leaf)
    names = layer_paths(name, leaf.shape[0])
    if arrays.keys().isdisjoint(names):
        return leaf
    layers = [arrays.get(of_layer, old) for of_layer, old in zip(names, _layers(leaf), strict=True)]
    return _stacking(getattr(leaf, "sharding", None))([_zeros_if_abstract(x) for x in layers])


def _layers(array: Any) -> Sequence[Any]:
    """An array (or abstract one) of all layers as one for each, which lie as it does."""
    sharding = _sharding_of_layer(getattr(array, "sharding", None))
    if isinstance(array, jax.ShapeDtypeStruct):
        layer = jax.ShapeDtypeStruct(array.shape[1:], array.dtype, sharding=sharding)
        return [layer] * array.shape[0]
    return _splitting(sharding)(array)


def _sharding_of_layer(sharding: Any) -> Any:
    if isinstance(sharding, NamedSharding):
        return NamedSharding(sharding.mesh, PartitionSpec(*sharding.spec[1:]))
    return sharding


def _zeros_if_abstract(array: Any) -> Any:
    is_abstract = isinstance(array, jax.ShapeDtypeStruct)
    return np.zeros(array.shape, array.dtype) if is_abstract else array


@functools.cache
def _splitting(sharding: Any) -> Any:
    return jax.jit(tuple, out_shardings=sharding)


@functools.cache
def _stacking(sharding: Any) -> Any:
    return jax.jit(jnp.stack, out_shardings=sharding)
