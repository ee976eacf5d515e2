"""t5x.losses: the loss normalizing factors and the cross entropy, by T5X's names."""

import enum

from flan_mix.training import cross_entropy
from flan_mix.training.loss_weights import (
    AVERAGE_PER_SEQUENCE,
    NUM_REAL_TARGET_TOKENS,
    NUM_TOTAL_TARGET_TOKENS,
)

__all__ = ["SpecialLossNormalizingFactor", "cross_entropy"]


class SpecialLossNormalizingFactor(enum.Enum):
    """The factors that depend on the batch; a gin file may also write them as strings."""

    NUM_REAL_TARGET_TOKENS = NUM_REAL_TARGET_TOKENS
    NUM_TOTAL_TARGET_TOKENS = NUM_TOTAL_TARGET_TOKENS
    AVERAGE_PER_SEQUENCE = AVERAGE_PER_SEQUENCE
