"""Attention of T5 through the flash kernel that JAX ships for TPUs.

The kernel goes through the keys block by block and never writes the [query, key] products of the
forward pass to memory. It takes T5's learned bias and the segments of packed rows, and its backward
pass gives the bias a gradient, [query, key] for every row and head: here one row at a time, so that
rows add to one sum and the batch's gradients are never held side by side.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from flax.linen import spmd
from jax.sharding import PartitionSpec

from flan_mix.models.logical_axes import HEADS_AXES
from flan_mix.models.position_bias import lay_out_diagonals, of_queries

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

BLOCKS = (512, 256, 128)
"""Positions the kernel takes at a time, the first that divides the length; 128 is its least."""
LANES = 128
"""A head is at most as wide as the registers, or a multiple."""


def flash_fits(query_length: int, key_length: int, head_dim: int) -> bool:
    """Whether the kernel's blocks divide the lengths and its registers the heads."""
    in_blocks = all(length % BLOCKS[-1] == 0 for length in (query_length, key_length))
    return in_blocks and (head_dim <= LANES or head_dim % LANES == 0)


def flash_attend(
    query: Float[Array, "batch heads query head_dim"],
    key: Float[Array, "batch heads key head_dim"],
    value: Float[Array, "batch heads key head_dim"],
    bias: Float[Array, "heads offsets"] | None,
    segments: tuple[Int[Array, "batch query"], Int[Array, "batch key"]],
    *,
    is_causal: bool,
) -> Float[Array, "batch heads query head_dim"]:
    """softmax(query·key + bias)·value over keys of the query's segment, for lengths that fit.

    `bias` is by offset, see `position_bias.lay_out_diagonals`. Segment 0 is a segment like others
    here: padding reads padding, and what it reads is of no use. Inside a mesh every device takes
    its rows and heads, as the logical axis rules split them.
    """
    mesh = jax.sharding.get_abstract_mesh()
    run = partial(_row_by_row, is_causal)
    arrays = (query, key, value, bias, segments)
    if mesh.empty or mesh.size == 1:
        return run(*arrays)
    rows, heads = _split_axes(mesh.shape, query.shape)
    return jax.shard_map(
        run,
        mesh=mesh,
        in_specs=(*3 * (PartitionSpec(rows, heads),), PartitionSpec(heads), PartitionSpec(rows)),
        out_specs=PartitionSpec(rows, heads),
        check_vma=False,
    )(*arrays)


def _row_by_row(is_causal, query, key, value, bias, segments):
    # Imported where it is used: Pallas takes half a second, and only TPUs need it.
    from jax.experimental.pallas.ops.tpu.flash_attention import SegmentIds, flash_attention

    blocks = _block_sizes(query.shape[2], key.shape[2])
    if bias is not None:
        bias = _laid_out(bias, query.shape[2], key.shape[2])

    def of_row(row):
        (query, key, value, segments), whole = row, bias if bias is None else bias[None]
        of_batch = flash_attention(
            query[None],
            key[None],
            value[None],
            whole,
            SegmentIds(*(ids[None] for ids in segments)),
            causal=is_causal,
            block_sizes=blocks,
        )
        return of_batch[0]

    return jax.lax.map(of_row, (query, key, value, segments))


def _laid_out(bias, query_length: int, key_length: int):
    """[heads, query, key], a block of queries at a time: laying out takes twice what it gives."""
    count = _block(query_length)
    blocks = jax.lax.map(
        lambda first: lay_out_diagonals(
            of_queries(bias, first, count, key_length), count, key_length
        ),
        jnp.arange(0, query_length, count),
    )
    return jnp.moveaxis(blocks, 0, 1).reshape(bias.shape[0], query_length, key_length)


def _block_sizes(query_length: int, key_length: int):
    from jax.experimental.pallas.ops.tpu.flash_attention import BlockSizes

    queries, keys = _block(query_length), _block(key_length)
    return BlockSizes(
        block_b=1,
        block_q=queries,
        block_k_major=keys,
        block_k=keys,
        block_q_major_dkv=queries,
        block_q_dkv=queries,
        block_k_major_dkv=keys,
        block_k_dkv=keys,
        block_q_dq=queries,
        block_k_major_dq=keys,
        block_k_dq=keys,
    )


def _block(length: int) -> int:
    """How many positions of `length` the kernel takes at a time."""
    return next(block for block in BLOCKS if length % block == 0)


def _split_axes(mesh_shape, shape):
    """The mesh axes of rows and of heads, None where they do not divide them."""
    names = spmd.logical_to_mesh_axes(HEADS_AXES) or (None, None)

    def dividing(size, axis):
        axes = (axis,) if isinstance(axis, str) else tuple(axis or ())
        return axis if size % math.prod(mesh_shape[name] for name in axes) == 0 else None

    return tuple(dividing(size, axis) for size, axis in zip(shape[:2], names[:2], strict=True))
