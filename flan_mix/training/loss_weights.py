"""What each target position counts for, and what the summed loss is divided by.

`LossConfig` holds T5X's three loss macros (Z_LOSS, LABEL_SMOOTHING, LOSS_NORMALIZING_FACTOR).
`normalize` is applied to the whole batch before it is split into microbatches, so that gradient
accumulation gives the gradient of the large batch under every normalizing factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

NUM_REAL_TARGET_TOKENS = "NUM_REAL_TARGET_TOKENS"
NUM_TOTAL_TARGET_TOKENS = "NUM_TOTAL_TARGET_TOKENS"
AVERAGE_PER_SEQUENCE = "AVERAGE_PER_SEQUENCE"
SPECIAL_FACTORS = (NUM_REAL_TARGET_TOKENS, NUM_TOTAL_TARGET_TOKENS, AVERAGE_PER_SEQUENCE)


@dataclass(frozen=True)
class LossConfig:
    """How logits become a loss.

    z_loss: weight of (log Z)^2, T5's usual value is 1e-4.
    label_smoothing: probability taken from the target and spread over the other entries, in [0, 1).
    loss_normalizing_factor: the summed loss is divided by this number; or by the sum of the loss
        weights ("NUM_REAL_TARGET_TOKENS"), by batch x target length ("NUM_TOTAL_TARGET_TOKENS"), or
        every sequence weighs the same ("AVERAGE_PER_SEQUENCE", sequences of a packed row
        included); letters in any case. None leaves the sum.
    chunk_positions: for how many target positions of a device logits exist at a time; None
        chooses by vocabulary and platform. The loss does not depend on it.
    """

    z_loss: float = 0.0
    label_smoothing: float = 0.0
    loss_normalizing_factor: float | str | None = None
    chunk_positions: int | None = None

    def __post_init__(self):
        if self.chunk_positions is not None and self.chunk_positions < 1:
            raise ValueError(f"chunk_positions is {self.chunk_positions}; it must be at least 1")
        if not 0.0 <= self.label_smoothing < 1.0:
            raise ValueError(f"label_smoothing is {self.label_smoothing}; it must lie in [0, 1)")
        if self.z_loss < 0.0:
            raise ValueError(f"z_loss is {self.z_loss}; it must not be negative")
        _check_factor(self.loss_normalizing_factor)


class WeightedBatch(NamedTuple):
    """Weights of the positions [batch, length], and the scalar that their sum is divided by."""

    weights: Float[Array, "batch length"]
    factor: Float[Array, ""]


def normalize(batch: Mapping[str, Array], factor: float | str | None) -> WeightedBatch:
    """The weights and the divisor that `factor` (see `LossConfig`) means for this batch.

    Reads decoder_loss_weights, and decoder_segment_ids for AVERAGE_PER_SEQUENCE (a batch without
    them holds one sequence a row). A batch without any real position gets the divisor 1.
    """
    weights = batch["decoder_loss_weights"].astype(jnp.float32)
    if factor is None:
        return WeightedBatch(weights, jnp.float32(1.0))
    if not isinstance(factor, str):
        return WeightedBatch(weights, jnp.float32(factor))
    if factor.upper() == NUM_TOTAL_TARGET_TOKENS:
        return WeightedBatch(weights, jnp.float32(weights.size))
    if factor.upper() == AVERAGE_PER_SEQUENCE:
        weights = _per_sequence(weights, batch.get("decoder_segment_ids"))
    total = jnp.sum(weights)
    return WeightedBatch(weights, jnp.where(total > 0, total, 1.0))


def _per_sequence(
    weights: Float[Array, "batch length"], segment_ids: Int[Array, "batch length"] | None
) -> Float[Array, "batch length"]:
    """Weights scaled so that those of each sequence sum to 1; without any weight it stays 0."""
    if segment_ids is None:
        sums = jnp.sum(weights, axis=-1, keepdims=True)
    else:
        sums = jax.vmap(_sum_per_segment)(weights, segment_ids)
    return weights / jnp.where(sums > 0, sums, 1.0)


def _sum_per_segment(weights, segment_ids):
    """At each position of a row, the sum of the weights of its segment; all of shape [length]."""
    # A row of n positions holds at most n segments, numbered from 1; 0 is padding.
    sums = jax.ops.segment_sum(weights, segment_ids, num_segments=weights.shape[0] + 1)
    return sums[segment_ids]


def _check_factor(factor: float | str | None) -> None:
    if isinstance(factor, str) and factor.upper() not in SPECIAL_FACTORS:
        raise ValueError(
            f"loss_normalizing_factor is {factor!r}; give a number, None, or one of "
            f"{', '.join(SPECIAL_FACTORS)}"
        )
    if isinstance(factor, int | float) and not factor > 0:
        raise ValueError(f"loss_normalizing_factor is {factor}; it must be greater than 0")
