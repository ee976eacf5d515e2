"""How likely a model finds given targets: the numbers rank classification compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from flan_mix.models.t5 import Transformer, apply

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int


def token_log_likelihoods(
    model: Transformer,
    params: Mapping[str, Any],
    batch: Mapping[str, Int[Array, "batch length"]],
) -> Float[Array, "batch target_length"]:
    """The log-probability of each target token times its loss weight (so 0 at padding), float32."""
    logits = apply(model, params, batch)
    targets = batch["decoder_target_tokens"][..., None]
    chosen = jnp.take_along_axis(logits, targets, axis=-1)[..., 0]
    log_likelihoods = chosen - jax.nn.logsumexp(logits, axis=-1)
    return log_likelihoods * batch["decoder_loss_weights"]


def score_rows(
    model: Transformer,
    params: Mapping[str, Any],
    batch: Mapping[str, Int[Array, "batch length"]],
) -> Float[Array, " batch"]:
    """The log-likelihood of each row's targets (T5X's score_batch), all its segments together."""
    return jnp.sum(token_log_likelihoods(model, params, batch), axis=-1)


def score_segments(
    model: Transformer,
    params: Mapping[str, Any],
    batch: Mapping[str, Int[Array, "batch length"]],
    *,
    max_segments: int,
) -> Float[Array, "batch max_segments"]:
    """The log-likelihood of each packed example: [row, s] is that of segment s + 1, 0 if absent."""
    log_likelihoods = token_log_likelihoods(model, params, batch)
    segments = jnp.arange(1, max_segments + 1)
    belongs = batch["decoder_segment_ids"][:, None, :] == segments[:, None]
    return jnp.sum(jnp.where(belongs, log_likelihoods[:, None, :], 0.0), axis=-1)
