"""The pieces of a train step as T5X has them, to see what each of ours is worth.

The numbers are those of our own step; only the way there differs: tokens are embedded by a product
with one-hot vectors, every layer looks its position biases up by a one-hot product, attention and
projections leave their backward passes to autodiff, and the loss takes float32 logits of all
positions and one-hot targets and keeps what its formula names for the backward pass. Written from
the formulas; nothing here is used outside of benchmarks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.models import layers
from flan_mix.models.attention import MASKED
from flan_mix.models.layers import Embedding, MultiHeadAttention
from flan_mix.models.position_bias import (
    NUM_BUCKETS,
    RelativePositionBias,
    lay_out_diagonals,
    relative_position_bucket,
)


def in_style(
    apply_fn: Callable[..., Any], *, embedding: bool, biases: bool, autodiff: bool
) -> Callable[..., Any]:
    """`apply_fn` whose model embeds by one-hot products, looks biases up in every layer, …."""

    def apply(*arguments: Any) -> Any:
        style = _Style(embedding, biases)
        with nn.intercept_methods(style.intercept), _plain_formulas(autodiff):
            return apply_fn(*arguments)

    return apply


@contextlib.contextmanager
def _plain_formulas(wanted: bool) -> Iterator[None]:
    """Attention and projections without their own backward passes, while a model is traced."""
    with contextlib.ExitStack() as stack:
        if wanted:
            for name, plain in {
                "attend": _attend,
                "project": jnp.dot,
                "project_prepared": lambda prepare, sources, kernel: jnp.dot(
                    prepare(*sources), kernel
                ),
            }.items():
                stack.enter_context(mock.patch.object(layers, name, plain))
        yield


def _attend(
    query, key, value, *, bias, mask, key_dropout=None, float32_logits=False, kernel="auto"
):
    del float32_logits, kernel
    logits = jnp.einsum("bhqd,bhkd->bhqk", query, key).astype(jnp.float32)
    if bias is not None:
        is_by_offset = bias.ndim == 2
        logits += lay_out_diagonals(bias, *logits.shape[2:]) if is_by_offset else bias
    logits = jnp.where(mask.allowed[:, None], logits, MASKED)
    weights = jax.nn.softmax(logits, axis=-1).astype(query.dtype)
    if key_dropout is not None:
        weights = weights * key_dropout[:, :, None].astype(weights.dtype)
    return jnp.einsum("bhqk,bhkd->bhqd", weights, value)


class _Style:
    def __init__(self, embedding: bool, biases: bool):
        self._embedding, self._biases = embedding, biases
        self._look_up: Callable[[], jax.Array] | None = None

    def intercept(self, method, args, kwargs, context):
        """Takes the place of the methods that differ."""
        module = context.module
        if context.method_name == "__call__":
            if isinstance(module, Embedding) and self._embedding:
                return _one_hot_embedding(module, *args)
            if isinstance(module, RelativePositionBias) and self._biases:
                table, bidirectional = module.rel_embedding, module.bidirectional
                self._look_up = lambda: _one_hot_bias(table, bidirectional, *args)
                return self._look_up()
            if (
                isinstance(module, MultiHeadAttention)
                and self._look_up
                and kwargs["bias"] is not None
            ):
                kwargs = {**kwargs, "bias": self._look_up()}
        return method(*args, **kwargs)


def _one_hot_embedding(module: Embedding, tokens: Any) -> jax.Array:
    one_hot = jax.nn.one_hot(tokens, module.vocab_size, dtype=module.dtype)
    return jnp.dot(one_hot, module.embedding.astype(module.dtype))


def _one_hot_bias(table: Any, bidirectional: bool, queries: int, keys: int) -> jax.Array:
    offsets = np.arange(keys)[None] - np.arange(queries)[:, None]
    buckets = relative_position_bucket(offsets, bidirectional=bidirectional)
    return jnp.einsum("hb,bqk->hqk", table, jax.nn.one_hot(buckets, NUM_BUCKETS, axis=0))


@jax.custom_vjp
def one_hot_cross_entropy(logits: jax.Array, targets: jax.Array, z_loss: jax.Array) -> jax.Array:
    """Loss of each position, z-loss included: logits and one-hot targets [batch, length, vocab]."""
    return _one_hot_forward(logits, targets, z_loss)[0]


def _one_hot_forward(logits, targets, z_loss):
    shifted = logits - jnp.max(logits, axis=-1, keepdims=True)
    exp_shifted = jnp.exp(shifted)
    total = jnp.sum(exp_shifted, axis=-1, keepdims=True)
    log_softmax = shifted - jnp.log(total)
    log_z = jnp.squeeze(jnp.log(total) + jnp.max(logits, axis=-1, keepdims=True), -1)
    loss = -jnp.sum(targets * log_softmax, axis=-1) + z_loss * jnp.square(log_z)
    return loss, (logits, targets, z_loss, exp_shifted, total, log_softmax, log_z)


def _one_hot_backward(kept, cotangent):
    logits, targets, z_loss, exp_shifted, total, log_softmax, log_z = kept
    scale = (1 + 2 * z_loss * log_z)[..., None]
    gradient = cotangent[..., None] * (scale * exp_shifted / total - targets)
    of_targets = -cotangent[..., None] * log_softmax
    return gradient.astype(logits.dtype), of_targets, jnp.zeros_like(z_loss)


one_hot_cross_entropy.defvjp(_one_hot_forward, _one_hot_backward)
