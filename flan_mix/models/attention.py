"""Attention of T5 as one function of arrays, and the masks it reads.

Everything that decides how attention is computed on a platform belongs here: callers hand over
queries, keys, values, the learned bias and the mask, and never see the [query, key] products.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from flan_mix.models.projection import summed_rows

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
    if key_dropout is not None:
        value = value * key_dropout[..., None].astype(value.dtype)
    return _attend(float32_logits, query, key, value, bias, mask)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _attend(float32_logits, query, key, value, bias, mask):
    return _forward(float32_logits, query, key, value, bias, mask)[0]


def _forward(float32_logits, query, key, value, bias, mask):
    """A row's maximum and sum are what the backward pass needs to know the weights anew.

    Layers within a scan or a checkpoint keep nothing of [query, key]. Others do: XLA finds the
    weights of the backward pass equal to these, and keeps exp and quotient instead.
    """
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
    weights = jnp.exp(_logits(float32_logits, query, key, bias, mask) - largest) / total
    of_value = jnp.einsum("bhqk,bhqd->bhkd", weights.astype(dtype), of_attended)
    of_weights = jnp.einsum("bhqd,bhkd->bhqk", of_attended, value).astype(jnp.float32)
    # What the softmax takes off: sum_k weight·d weight, which is attended·d attended.
    mean = jnp.sum(
        attended.astype(jnp.float32) * of_attended.astype(jnp.float32), axis=-1, keepdims=True
    )
    of_logits = jnp.where(mask[:, None], weights * (of_weights - mean), 0.0)
    # Summed over the batch here and now, so that no layer's [query, key] waits for the others.
    of_bias = None if bias is None else summed_rows(of_logits)
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
        logits = logits + bias[None]
    return jnp.where(mask[:, None], logits, MASKED)
