"""Batches for evaluation: every example, or those asked for, once, in order, one to a row."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from flan_mix.data.batches import Batch, batch_from_rows
from flan_mix.data.token_cache import FEATURES, TokenCache


def evaluation_batches(
    cache: TokenCache,
    *,
    batch_size: int,
    feature_lengths: Mapping[str, int] | None = None,
    examples: Sequence[int] | None = None,
) -> Iterator[tuple[Batch, np.ndarray]]:
    """Yields (batch, indices): row r is example indices[r] of the cache, or empty where it is -1.

    Args:
        cache: what to read.
        batch_size: rows of every batch; the last is filled up with empty rows.
        feature_lengths: examples are trimmed to these; None takes the longest of the cache.
        examples: their indices, in the order wanted; None: all.

    Yields:
        batch: as `batches` describes; indices: int64 [batch_size].
    """
    lengths = feature_lengths or longest_lengths(cache)
    chosen = range(len(cache)) if examples is None else examples
    for first in range(0, len(chosen), batch_size):
        indices = np.full(batch_size, -1, np.int64)
        present = chosen[first : first + batch_size]
        indices[: len(present)] = present
        rows = [[cache[i]] if i >= 0 else [] for i in indices.tolist()]
        yield batch_from_rows(rows, lengths, eos_id=cache.manifest.eos_id), indices


def longest_lengths(cache: TokenCache) -> dict[str, int]:
    """Feature lengths into which every example of a cache fits, each at least 1."""
    return {name: max(1, cache.manifest.features[name].longest) for name in FEATURES}
