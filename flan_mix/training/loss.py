"""Cross-entropy over the vocabulary with z-loss and label smoothing, as T5 was trained.

The train and eval steps call this on the logits of a batch. Only sums leave it: what the sums are
divided by is decided in `loss_weights`. The formulas are those of T5X's `losses.py`, with integer
targets instead of one-hot ones and a gradient that keeps only the logits and their log-partition.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int


class Losses(NamedTuple):
    """Loss (z_loss is part of it) and correctness: of each position, or summed over a batch."""

    loss: Float[Array, ...]
    z_loss: Float[Array, ...]
    correct: Float[Array, ...]


def cross_entropy(
    logits: Float[Array, "batch length vocab"],
    targets: Int[Array, "batch length"],
    weights: Float[Array, "batch length"],
    *,
    z_loss: float = 0.0,
    label_smoothing: float = 0.0,
) -> Losses:
    """Sums over a batch, float32 scalars; each position counts `weights` times (padding: 0)."""
    losses = token_losses(logits, targets, z_loss=z_loss, label_smoothing=label_smoothing)
    weights = weights.astype(jnp.float32)
    return Losses(
        loss=jnp.sum(losses.loss * weights),
        z_loss=jnp.sum(losses.z_loss * weights),
        correct=jnp.sum(losses.correct * weights),
    )


def token_losses(
    logits: Float[Array, "batch length vocab"],
    targets: Int[Array, "batch length"],
    *,
    z_loss: float = 0.0,
    label_smoothing: float = 0.0,
) -> Losses:
    """Float32 [batch, length]: each position's loss in nats, z-loss, and 1 where it is correct.

    Correct is a position where no logit exceeds the target's, so ties are; comparing with the
    maximum, which the loss needs anyway, spares an argmax over the vocabulary.
    """
    losses: Any = token_cross_entropy(logits, targets, z_loss, label_smoothing)
    logits = jax.lax.stop_gradient(logits)
    correct = _target_logit(logits, targets) >= jnp.max(logits, axis=-1)
    return Losses(losses[0], losses[1], correct.astype(jnp.float32))


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def token_cross_entropy(
    logits: Float[Array, "*batch vocab"],
    targets: Int[Array, "*batch"],
    z_loss: float,
    label_smoothing: float,
) -> tuple[Float[Array, "*batch"], Float[Array, "*batch"]]:
    """The loss of each position in nats, and the z-loss contained in it; both float32.

    loss = log Z - sum_v t_v logit_v + z_loss * (log Z)^2 - H(t), where t puts 1 - label_smoothing
    on the target and spreads the rest evenly over the other entries. H(t), the entropy of t, makes
    a perfect prediction score 0 under smoothing too.
    """
    losses, z_losses, _ = _losses_and_log_z(logits, targets, z_loss, label_smoothing)
    return losses, z_losses


def _losses_and_log_z(logits, targets, z_loss, label_smoothing):
    logits = logits.astype(jnp.float32)
    log_z = jax.nn.logsumexp(logits, axis=-1)
    confidence, low = target_probabilities(logits.shape[-1], label_smoothing)
    losses = log_z - (confidence - low) * _target_logit(logits, targets)
    if label_smoothing:
        losses += negative_entropy(logits.shape[-1], label_smoothing)
        losses -= low * jnp.sum(logits, axis=-1)
    z_losses = z_loss * jnp.square(log_z)
    return losses + z_losses, z_losses, log_z


def _forward(logits, targets, z_loss, label_smoothing):
    losses, z_losses, log_z = _losses_and_log_z(logits, targets, z_loss, label_smoothing)
    return (losses, z_losses), (logits, targets, log_z)


def _backward(z_loss, label_smoothing, residuals, cotangents):
    logits, targets, log_z = residuals
    loss_bar, z_bar = (c[..., None] for c in cotangents)
    log_z = log_z[..., None]
    probabilities = jnp.exp(logits.astype(jnp.float32) - log_z)
    d_log_z = loss_bar + 2.0 * z_loss * log_z * (loss_bar + z_bar)
    confidence, low = target_probabilities(logits.shape[-1], label_smoothing)
    desired = jnp.where(_is_target(logits, targets), confidence, low)
    gradient = d_log_z * probabilities - loss_bar * desired
    return gradient.astype(logits.dtype), None


token_cross_entropy.defvjp(_forward, _backward)


def target_probabilities(vocab_size: int, label_smoothing: float) -> tuple[float, float]:
    """What the target's entry and each other entry should get."""
    return 1.0 - label_smoothing, label_smoothing / (vocab_size - 1)


def negative_entropy(vocab_size: int, label_smoothing: float) -> Float[Array, ""]:
    confidence, low = target_probabilities(vocab_size, label_smoothing)
    # T5X's guard against log(0), kept so that the numbers are its numbers.
    others = (vocab_size - 1) * low * jnp.log(low + 1e-20)
    return confidence * jnp.log(confidence) + others


def _is_target(logits, targets):
    # A comparison against an iota instead of a one-hot array or a gather: it fuses into the pass
    # over the logits, and it splits over devices when the vocabulary does.
    return jax.lax.broadcasted_iota(jnp.int32, logits.shape, logits.ndim - 1) == targets[..., None]


def _target_logit(logits, targets):
    return jnp.sum(jnp.where(_is_target(logits, targets), logits, 0), axis=-1)
