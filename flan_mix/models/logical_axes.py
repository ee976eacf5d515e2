"""Names for the dimensions of parameters and activations, which axis rules map onto a mesh.

The names are T5X's (vocab, embed, mlp, heads, kv, joined_kv, batch, length, ...), so its rules
apply. Names of activations bind only inside `flax.linen.logical_axis_rules` and a mesh; elsewhere
they change nothing.
"""

from __future__ import annotations

from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct
from flax.linen import spmd

HIDDEN_AXES = ("batch", "length", "embed")
HEADS_AXES = ("batch", "heads", "length", "kv")
MLP_AXES = ("batch", "length", "mlp")
LOGITS_AXES = ("batch", "length", "vocab")


class DescribedParam(nn.LogicallyPartitioned):
    """A parameter while its model is being shaped: its axes' names, and how it starts."""

    init: jax.nn.initializers.Initializer | None = struct.field(default=None, pytree_node=False)


def named_param(
    module: nn.Module,
    name: str,
    init: jax.nn.initializers.Initializer,
    shape: tuple[int, ...],
    axes: tuple[str, ...],
) -> jax.Array:
    """The module's float32 parameter `name`, whose dimensions are called `axes`."""

    def described(key: jax.Array) -> DescribedParam:
        return DescribedParam(init(key, shape, jnp.float32), names=axes, init=init)

    # Flax hands out the value without its description, which its types do not say.
    return cast(jax.Array, module.param(name, described))


def constrain(array: jax.Array, axes: tuple[str, ...]) -> jax.Array:
    """The activation `array`, placed on the mesh by the names of its dimensions."""
    return spmd.with_logical_constraint(array, axes)
