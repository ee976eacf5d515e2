"""Attention of T5 as one function of arrays, and the masks it reads.

Everything that decides how attention is computed on a platform belongs here: callers hand over
queries, keys, values, the learned bias and the mask, and never see the [query, key] products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int

MASKED = -1e10
"""The logit of a masked key: T5X's value; a query without any key attends evenly to all."""


def segment_mask(
    query_segment_ids: Int[Array, "batch query"], key_segment_ids: Int[Array, "batch key"]
) -> Bool[Array, "batch query key"]:
    """True where query and key are of the same packed example; padding (segment 0) is of none."""
    keys = jnp.where(key_segment_ids > 0, key_segment_ids, -1)
    return query_segment_ids[:, :, None] == keys[:, None, :]


def causal_mask(length: int) -> Bool[Array, "1 query key"]:
    """True where the key is not after the query."""
    return jnp.tri(length, dtype=bool)[None]


def attend(
    query: Float[Array, "batch heads query head_dim"],
    key: Float[Array, "batch heads key head_dim"],
    value: Float[Array, "batch heads key head_dim"],
    *,
    bias: Float[Array, "heads query key"] | None,
    mask: Bool[Array, "#batch #query key"],
    key_dropout: Float[Array, "batch heads key"] | None = None,
    float32_logits: bool = False,
) -> Float[Array, "batch heads query head_dim"]:
    """softmax(query·key + bias, masked)·value, softmax in float32, result in `query`'s dtype.

    There is no 1/sqrt(head_dim): T5 folds it into the initialisation of the query projection.
    `key_dropout` holds 0 or 1/keep_prob per key: T5 drops a key for all queries at once, so its
    mask is applied to the values instead of the [query, key] weights, to the same effect.
    `float32_logits` keeps query·key in float32, see `T5Config`.
    """
    logits = jnp.einsum(
        "bhqd,bhkd->bhqk",
        query,
        key,
        preferred_element_type=jnp.float32 if float32_logits else None,
    ).astype(jnp.float32)
    if bias is not None:
        logits = logits + bias[None]
    logits = jnp.where(mask[:, None], logits, MASKED)
    weights = jax.nn.softmax(logits, axis=-1).astype(query.dtype)
    if key_dropout is not None:
        value = value * key_dropout[..., None].astype(value.dtype)
    return jnp.einsum("bhqk,bhkd->bhqd", weights, value)
