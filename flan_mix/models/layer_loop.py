"""The loop over the layers of a stack, unrolled or as one scan, with what remat leaves in memory.

A stack runs as its parameters lie (`layer_stacks`): layers apart are modules of their own, layers
together are one module that a scan leads through them, so that XLA compiles it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax

from flan_mix.models.config import T5Config
from flan_mix.models.layer_stacks import TOGETHER

if TYPE_CHECKING:
    from jaxtyping import Array, Float

Layers = nn.Module | Sequence[nn.Module]
"""The one module of layers together, or one for each."""

_DETERMINISTIC = 2
"""The place of `deterministic` among a layer's arguments, counted from `self`."""


def layer_stack(
    stack: nn.Module, layer_class: type[nn.Module], config: T5Config, count: int
) -> Layers:
    """`count` layers of the module `stack`, in the form of the parameters bound to it.

    Their `__call__` takes (hidden, deterministic, …) and returns the next hidden; what it computes
    is kept for the backward pass as `config.remat_policy` says.
    """
    is_scan = stack.has_variable("params", TOGETHER)
    layer_class = _with_remat(layer_class, config.remat_policy, is_scan)
    return layer_class(config) if is_scan else [layer_class(config) for _ in range(count)]


def through(
    layers: Layers,
    count: int,
    hidden: Float[Array, "batch length embed"],
    deterministic: bool,
    *read: Any,
) -> Float[Array, "batch length embed"]:
    """`hidden` after all `count` layers, each of which reads `read`."""
    if not isinstance(layers, nn.Module):
        for layer in layers:
            hidden = layer(hidden, deterministic, *read)
        return hidden

    def advance(layer, hidden, read):
        return layer(hidden, deterministic, *read), None

    scan = nn.scan(
        advance,
        variable_axes={"params": 0},
        split_rngs={"dropout": True},
        in_axes=nn.broadcast,  # pyright: ignore[reportArgumentType]
        length=count,
    )
    return scan(layers, hidden, read)[0]


def one_by_one(layers: Layers) -> Sequence[Any]:
    """The modules of layers apart, for decoding. Raises ValueError where they are together."""
    if isinstance(layers, nn.Module):
        raise ValueError(
            "decoding needs the layers apart, with a cache each: give the model "
            "`in_compute_dtype(config, params)`, or `layer_stacks.apart(params)`"
        )
    return layers


def _with_remat(layer_class: type[nn.Module], policy: str, is_scan: bool) -> type[nn.Module]:
    if policy == "none":
        return layer_class
    kept = jax.checkpoint_policies.dots_with_no_batch_dims_saveable if policy == "minimal" else None
    # Forward and backward pass are two loops in a scan, which XLA does not merge anyway.
    return nn.remat(
        layer_class, policy=kept, static_argnums=_DETERMINISTIC, prevent_cse=not is_scan
    )
