"""Bootstrap confidence intervals: how far a mean score would move with other examples.

Efron 1979, "Bootstrap Methods: Another Look at the Jackknife"; the percentile interval. Seeded,
so that a report says the same each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DRAWN_AT_ONCE = 1 << 22  # Bounds the memory: 32 MiB of indices.


@dataclass(frozen=True)
class Interval:
    """A mean, and between what bounds it lies at the confidence asked for."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    *,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """The mean of `values` [examples] with its percentile bootstrap interval.

    Raises ValueError for no values, more than one dimension, values that are not finite, a
    confidence outside (0, 1), or no resamples.
    """
    scores = _checked_scores(values)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}.")
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, not {resamples}.")
    means = _resampled_means(scores, np.random.default_rng(seed), resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(scores.mean()), float(low), float(high))


def paired_bootstrap(
    before: Sequence[float] | np.ndarray,
    after: Sequence[float] | np.ndarray,
    *,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """The mean gain from `before` to `after`, scores of the same examples in the same order.

    Resampling the examples keeps each one's two scores together, so what is hard about an
    example cancels out. An interval without 0 is a significant difference. Raises ValueError for
    different lengths and for what `bootstrap_interval` refuses.
    """
    first, second = _checked_scores(before), _checked_scores(after)
    if first.shape != second.shape:
        raise ValueError(
            f"before has {len(first)} scores and after {len(second)}: a paired comparison needs "
            "the same examples in both."
        )
    gains = second - first
    return bootstrap_interval(gains, seed=seed, resamples=resamples, confidence=confidence)


def _checked_scores(values: Sequence[float] | np.ndarray) -> np.ndarray:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or not scores.size:
        raise ValueError(f"scores must be one value per example, not of shape {scores.shape}.")
    if not np.isfinite(scores).all():
        place = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise ValueError(f"the score of example {place} is {scores[place]}: scores must be finite.")
    return scores


def _resampled_means(scores: np.ndarray, random: np.random.Generator, resamples: int) -> np.ndarray:
    """Means [resamples] of as many scores, drawn with replacement."""
    block = max(1, _DRAWN_AT_ONCE // scores.size)
    sizes = [min(block, resamples - start) for start in range(0, resamples, block)]
    draws = (random.integers(scores.size, size=(size, scores.size)) for size in sizes)
    return np.concatenate([scores[drawn].mean(axis=1) for drawn in draws])
