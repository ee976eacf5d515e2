"""A train state as T5X stores it: the tree target/…, state/step, state/param_states/…."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from flax import serialization
from flax.traverse_util import flatten_dict, unflatten_dict

from flan_mix.training import TrainState

PARAMETERS = "target/"
SLOTS = "state/param_states/"
STEP = "state/step"


def state_tree(state: TrainState) -> dict[str, Any]:
    """The tree of T5X's Orbax checkpoints (t5x/train_state.py: target, state.param_states)."""
    slots = serialization.to_state_dict(state.opt_state)
    return {"target": state.params, "state": {"step": state.step, "param_states": slots}}


def flat_state(state: TrainState) -> dict[str, Any]:
    """A state's arrays (or abstract ones) by their names in the tree, joined with "/"."""
    return {name: leaf for name, leaf in _leaves(state).items() if hasattr(leaf, "shape")}


def with_arrays(like: TrainState, arrays: Mapping[str, Any]) -> TrainState:
    """`like` with the arrays of those names in place of its own."""
    tree = unflatten_dict({**_leaves(like), **arrays}, sep="/")
    opt_state = serialization.from_state_dict(like.opt_state, tree["state"]["param_states"])
    return dataclasses.replace(
        like, step=tree["state"]["step"], params=tree["target"], opt_state=opt_state
    )


def _leaves(state: TrainState) -> dict[str, Any]:
    # Optimizers have empty places and Nones in their trees, which must be found again.
    return flatten_dict(state_tree(state), keep_empty_nodes=True, sep="/")  # pyright: ignore
