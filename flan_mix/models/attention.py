"""Attention of T5 as one function of arrays, and the masks it reads.

Everything that decides how attention is computed on a platform belongs here: callers hand over
queries, keys, values, the learned bias and the mask, and never see the [query, key] products.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from flax import struct

from flan_mix.models.flash_attention import flash_attend, flash_fits
from flan_mix.models.platform import platform
from flan_mix.models.position_bias import lay_out_diagonals, of_queries, sum_diagonals
from flan_mix.models.projection import after, summed_rows

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

MASKED = -1e10
"""The logit of a masked key: T5X's value; a query without any key attends evenly to all."""
MOST_PAIRS = 2**18
"""Pairs of query and key that a head looks at at once; beyond it queries come in blocks."""

FLASH_FROM, FLASH_UP_TO = 1024, 2048
"""Queries and keys for which "auto" takes the flash kernel, which needs the bias of all pairs."""

log = logging.getLogger(__name__)


@struct.dataclass
class Mask:
    """Which keys a query may attend to, by segments or, where ids cannot say it, outright.

    segments: the segment ids of queries and keys, see `segment_mask`; with `is_causal` the first
    query is that of number `first`, and keys after a query are not allowed.
    given: true where the key is allowed, instead of segments.
    """

    segments: tuple[Int[Array, "batch query"], Int[Array, "batch key"]] | None = None
    given: Bool[Array, "#batch #query #key"] | None = None
    first: Int[Array, ""] | int = 0
    is_causal: bool = struct.field(pytree_node=False, default=False)

    @property
    def allowed(self) -> Bool[Array, "#batch #query #key"]:
        """True where the key is allowed."""
        if self.segments is None:
            assert self.given is not None
            return self.given
        queries, keys = self.segments
        allowed = queries[:, :, None] == jnp.where(keys > 0, keys, -1)[:, None, :]
        if self.is_causal:
            places = self.first + jnp.arange(queries.shape[1])
            allowed &= jnp.arange(keys.shape[1]) <= places[:, None]
        return allowed

    def by_blocks(self, blocks: int, length: int) -> Mask:
        """The masks of as many blocks of `length` queries, in a leading dimension."""
        first = self.first + length * jnp.arange(blocks)
        if self.segments is None:
            given = self.allowed
            if given.shape[1] == 1:
                given = jnp.broadcast_to(given, (blocks, *given.shape))
            else:
                given = _split(given, blocks, length, axis=1)
            return dataclasses.replace(self, given=given, first=first)
        queries, keys = self.segments
        keys = jnp.broadcast_to(keys, (blocks, *keys.shape))
        return dataclasses.replace(
            self, segments=(_split(queries, blocks, length, axis=1), keys), first=first
        )


def segment_mask(
    query_segment_ids: Int[Array, "batch query"],
    key_segment_ids: Int[Array, "batch key"],
    *,
    is_causal: bool = False,
) -> Mask:
    """Query and key of the same packed example; padding (segment 0) is of none."""
    return Mask((query_segment_ids, key_segment_ids), is_causal=is_causal)


def attend(
    query: Float[Array, "batch heads query head_dim"],
    key: Float[Array, "batch heads key head_dim"],
    value: Float[Array, "batch heads key head_dim"],
    *,
    bias: Float[Array, "heads offsets"] | None,
    mask: Mask,
    key_dropout: Float[Array, "batch heads key"] | None = None,
    float32_logits: bool = False,
    kernel: str = "auto",
) -> Float[Array, "batch heads query head_dim"]:
    """softmax(query·key + bias, masked)·value, softmax in float32, result in `query`'s dtype.

    `bias` is by offset, as `position_bias.lay_out_diagonals` takes it: nothing of [query, key] is
    kept between layers, or, beyond MOST_PAIRS, held at once. There is no 1/sqrt(head_dim): T5 folds
    it into the initialisation of the query projection. `key_dropout` holds 0 or 1/keep_prob per
    key: T5 drops a key for all queries at once, so its mask is applied to the values instead of the
    [query, key] weights, to the same effect. `float32_logits` keeps query·key in float32, see
    `T5Config`; so does the flash kernel always, which gives padding other numbers than the formula
    does. `kernel`: see `attention_path`.
    """
    if key_dropout is not None:
        value = value * key_dropout[..., None].astype(value.dtype)
    path, reason = attention_path(
        kernel,
        platform(),
        (query.shape[2], key.shape[2], query.shape[3]),
        has_segments=mask.segments is not None,
        is_placed=jax.device_count() == 1 or not jax.sharding.get_abstract_mesh().empty,
    )
    _tell(path, reason)
    queries, keys = query.shape[2], key.shape[2]
    if path == "flash":
        assert mask.segments is not None
        return flash_attend(query, key, value, bias, mask.segments, is_causal=mask.is_causal)
    blocks = math.ceil(queries * keys / MOST_PAIRS)
    if blocks == 1:
        return _attend(float32_logits, query, key, value, bias, mask)
    return _by_blocks(blocks, float32_logits, query, key, value, bias, mask)


def attention_path(
    kernel: str,
    on: str,
    sizes: tuple[int, int, int],
    *,
    has_segments: bool,
    is_placed: bool,
) -> tuple[str, str]:
    """("flash" or "xla", the reason): how attention of such `sizes` is computed.

    on: the platform. sizes: queries, keys and the width of a head. "flash" is taken on TPUs alone,
    where the kernel can: with "auto" from FLASH_FROM to FLASH_UP_TO queries and keys, with "flash"
    always.
    is_placed: whether a kernel, which XLA cannot divide over devices, is told how arrays lie.
    """
    queries, keys, head_dim = sizes
    if kernel == "xla":
        return "xla", "asked for"
    if on != "tpu":
        return "xla", f"the flash kernel is for TPUs, this is {on}"
    if not flash_fits(*sizes):
        return "xla", f"{queries} x {keys} positions, heads of {head_dim}, do not fit its blocks"
    if not has_segments:
        return "xla", "the flash kernel reads segment ids, and this mask is none of segments"
    if not is_placed:
        return "xla", "the flash kernel is not told how arrays lie on the devices"
    if kernel == "auto" and min(queries, keys) < FLASH_FROM:
        return "xla", f"{queries} x {keys} positions, fewer than {FLASH_FROM}"
    if kernel == "auto" and max(queries, keys) > FLASH_UP_TO:
        return "xla", f"{queries} x {keys} positions, more than {FLASH_UP_TO}"
    return "flash", f"{queries} x {keys} positions"


@functools.cache
def _tell(path: str, reason: str) -> None:
    """Logs a choice once, where there is one."""
    if platform() == "tpu":
        log.info("attention: %s (%s)", path, reason)


def _by_blocks(blocks, float32_logits, query, key, value, bias, mask):
    """The same, a block of queries after the other; each sees all keys, so none needs the rest."""
    queries, keys = query.shape[2], key.shape[2]
    length = math.ceil(queries / blocks)
    if bias is not None:
        # The queries that fill the last block up are further from the keys than any other.
        bias = jnp.pad(bias, ((0, 0), (length * blocks - queries, 0)))

    def of_block(block):
        first, query, mask = block
        near = None if bias is None else of_queries(bias, first, length, keys)
        return _attend(float32_logits, query, key, value, near, mask)

    of_blocks = (
        length * jnp.arange(blocks),
        _split(query, blocks, length, axis=2),
        mask.by_blocks(blocks, length),
    )
    attended = jnp.moveaxis(jax.lax.map(of_block, of_blocks), 0, 2)
    return attended.reshape(*query.shape[:2], -1, query.shape[3])[:, :, :queries]


def _split(array, blocks: int, length: int, *, axis: int) -> Array:
    """Blocks of `length` along `axis`, the last filled up with zeros: [blocks, …]."""
    padding = [(0, 0)] * array.ndim
    padding[axis] = (0, length * blocks - array.shape[axis])
    shape = (*array.shape[:axis], blocks, length, *array.shape[axis + 1 :])
    return jnp.moveaxis(jnp.pad(array, padding).reshape(shape), axis, 0)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _attend(float32_logits, query, key, value, bias, mask):
    return _forward(float32_logits, query, key, value, bias, mask)[0]


def _forward(float32_logits, query, key, value, bias, mask):
    """A row's maximum and sum are what the backward pass needs to know the weights anew."""
    logits = _logits(float32_logits, query, key, bias, mask)
    largest = jnp.max(logits, axis=-1, keepdims=True)
    weights = jnp.exp(logits - largest)
    total = jnp.sum(weights, axis=-1, keepdims=True)
    weights = (weights / total).astype(query.dtype)
    attended = jnp.einsum("bhqk,bhkd->bhqd", weights, value)
    return attended, (query, key, value, bias, mask, attended, largest, total)


def _backward(float32_logits, kept, of_attended):
    query, key, value, bias, mask, attended, largest, total = kept
    dtype = query.dtype
    if platform() != "cpu":
        # Else XLA finds the weights equal to those of the forward pass and keeps those: exp and
        # quotient. On CPUs it shall: computing them takes longer there, and memory is no less.
        query, key = after((query, key), of_attended)
    weights = jnp.exp(_logits(float32_logits, query, key, bias, mask) - largest) / total
    of_value = jnp.einsum("bhqk,bhqd->bhkd", weights.astype(dtype), of_attended)
    of_weights = jnp.einsum("bhqd,bhkd->bhqk", of_attended, value).astype(jnp.float32)
    # What the softmax takes off: sum_k weight·d weight, which is attended·d attended.
    mean = jnp.sum(
        attended.astype(jnp.float32) * of_attended.astype(jnp.float32), axis=-1, keepdims=True
    )
    of_logits = jnp.where(mask.allowed[:, None], weights * (of_weights - mean), 0.0)
    # Summed over the batch here and now, so that no layer's [query, key] waits for the others.
    of_bias = None if bias is None else sum_diagonals(summed_rows(of_logits))
    of_logits = of_logits.astype(dtype)
    of_query = jnp.einsum("bhqk,bhkd->bhqd", of_logits, key)
    of_key = jnp.einsum("bhqk,bhqd->bhkd", of_logits, query)
    return of_query, of_key, of_value, of_bias, None


_attend.defvjp(_forward, _backward)


def _logits(float32_logits, query, key, bias, mask) -> Float[Array, "batch heads query key"]:
    logits = jnp.einsum(
        "bhqd,bhkd->bhqk",
        query,
        key,
        preferred_element_type=jnp.float32 if float32_logits else None,
    ).astype(jnp.float32)
    if bias is not None:
        logits = logits + lay_out_diagonals(bias, query.shape[2], key.shape[2])[None]
    return jnp.where(mask.allowed[:, None], logits, MASKED)
