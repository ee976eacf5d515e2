"""Counts what a cache holds, for its manifest."""

import numpy as np

from flan_mix.data.cache_shards import ShardFolder
from flan_mix.data.manifest import FeatureSummary
from flan_mix.vocabularies import Vocabulary

_PERCENTILES = {"50": 0.5, "90": 0.9, "99": 0.99}


def summarize_feature(folder: ShardFolder, name: str, vocabulary: Vocabulary) -> FeatureSummary:
    """Lengths, unknown tokens and empty examples of one feature over all shards."""
    unknown = empty = 0
    lengths = [np.zeros(0, np.int64)]
    for shard in folder.shards():
        tokens, shard_lengths = getattr(shard, name), getattr(shard, f"{name}_lengths")
        lengths.append(shard_lengths)
        unknown += vocabulary.count_unknown(tokens)
        empty += _count_empty(tokens, shard_lengths, vocabulary.eos_id)
    return _summary(np.concatenate(lengths), unknown, empty)


def count_numbers(column: np.ndarray) -> dict[str, int]:
    """Examples by what a column of numbers says of them."""
    numbers, counts = np.unique(column, return_counts=True)
    return {str(n): int(c) for n, c in zip(numbers.tolist(), counts.tolist(), strict=True)}


def _count_empty(tokens: np.ndarray, lengths: np.ndarray, eos_id: int) -> int:
    """Examples that have no token, or EOS alone."""
    starts = np.cumsum(lengths) - lengths
    alone = tokens[starts[lengths == 1]] == eos_id
    return int((lengths == 0).sum() + alone.sum())


def _summary(lengths: np.ndarray, unknown: int, empty: int) -> FeatureSummary:
    some = lengths if lengths.size else np.zeros(1, np.int64)
    quantiles = np.quantile(some, list(_PERCENTILES.values()), method="higher")
    return FeatureSummary(
        tokens=int(lengths.sum()),
        shortest=int(some.min()),
        longest=int(some.max()),
        percentiles={name: int(q) for name, q in zip(_PERCENTILES, quantiles, strict=True)},
        unknown=unknown,
        empty=empty,
    )
