"""Intervals of weighted means over several tasks: what a category's or the overall score gets.

The tasks are fixed and their examples are drawn again, each task's on its own: the interval says
how far the figure would move with other examples of the same tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flan_mix.metrics import Interval


@dataclass(frozen=True)
class BootstrapSettings:
    """How intervals are drawn; written beside the figures."""

    seed: int = 0
    resamples: int = 1000
    confidence: float = 0.95


DEFAULT_BOOTSTRAP = BootstrapSettings()


def weighted_mean_interval(
    samples: Sequence[np.ndarray], weights: Sequence[float], settings: BootstrapSettings
) -> Interval:
    """The sum of weight times mean over `samples`, each [examples] of a task, with its interval.

    With the differences of paired scores as samples it is the interval of a difference.
    """
    random = np.random.default_rng(settings.seed)
    pairs = list(zip(samples, weights, strict=True))
    totals = sum(w * _resampled_means(s, random, settings.resamples) for s, w in pairs)
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(totals, [tail, 1 - tail])
    mean = sum(weight * float(np.mean(sample)) for sample, weight in pairs)
    return Interval(mean, float(low), float(high))


def _resampled_means(sample: np.ndarray, random: np.random.Generator, resamples: int) -> np.ndarray:
    """Means [resamples] of as many values, drawn with replacement; a few draws at a time."""
    block = max(1, (1 << 22) // sample.size)
    sizes = [min(block, resamples - start) for start in range(0, resamples, block)]
    draws = (random.integers(sample.size, size=(size, sample.size)) for size in sizes)
    return np.concatenate([sample[drawn].mean(axis=1) for drawn in draws])
