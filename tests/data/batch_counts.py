"""What a batch really holds, counted on the host."""

from dataclasses import dataclass

import numpy as np

from flan_mix.data.batches import Batch


@dataclass(frozen=True)
class BatchCounts:
    """How much a batch really holds.

    Attributes:
        encoder_tokens, decoder_tokens: positions inside a segment.
        examples: segments.
        encoder_positions, decoder_positions: all positions, padding included.
    """

    encoder_tokens: int
    decoder_tokens: int
    examples: int
    encoder_positions: int
    decoder_positions: int


def batch_counts(batch: Batch) -> BatchCounts:
    """Counts what a host batch (NumPy arrays) holds."""
    encoder, decoder = batch["encoder_segment_ids"], batch["decoder_segment_ids"]
    segments = np.maximum(encoder.max(axis=1, initial=0), decoder.max(axis=1, initial=0))
    return BatchCounts(
        encoder_tokens=int(np.count_nonzero(encoder)),
        decoder_tokens=int(np.count_nonzero(decoder)),
        examples=int(segments.sum()),
        encoder_positions=encoder.size,
        decoder_positions=decoder.size,
    )
