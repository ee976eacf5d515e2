"""Intervals of weighted means over several tasks: what a category's or the overall score gets.

The tasks are fixed and their examples are drawn again, each task's on its own: the interval says
how far the figure would move with other examples of the same tasks.
"""

from collections.abc import Callable, Iterator, Sequence
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

_DRAWN_AT_ONCE = 1 << 22  # Bounds the memory: 32 MiB of indices.


@dataclass(frozen=True)
class CorpusSample:
    """Examples that have a score together and none alone.

    scores: how often each example counts, float64 [resamples, size] -> scores [resamples].
    """

    size: int
    scores: Callable[[np.ndarray], np.ndarray]


Sample = np.ndarray | CorpusSample


def figure(sample: Sample) -> float:
    """The score of a sample: the mean of values [examples], or the corpus's."""
    if isinstance(sample, CorpusSample):
        return float(sample.scores(np.ones((1, sample.size)))[0])
    return float(np.mean(sample))


def weighted_mean_interval(
    samples: Sequence[Sample], weights: Sequence[float], settings: BootstrapSettings
) -> Interval:
    """The sum of weight times figure over `samples`, one of each task, with its interval.

    With the differences of paired scores as samples it is the interval of a difference.
    """
    return weighted_mean_spread(samples, weights, settings)[0]


def weighted_mean_spread(
    samples: Sequence[Sample], weights: Sequence[float], settings: BootstrapSettings
) -> tuple[Interval, float]:
    """The same interval, and the standard error: the deviation of the figure over the draws."""
    random = np.random.default_rng(settings.seed)
    pairs = list(zip(samples, weights, strict=True))
    totals = np.zeros(settings.resamples)
    for sample, weight in pairs:
        totals += weight * _resampled_figures(sample, random, settings.resamples)
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(totals, [tail, 1 - tail])
    mean = sum(weight * figure(sample) for sample, weight in pairs)
    return Interval(mean, float(low), float(high)), float(np.std(totals))


def _resampled_figures(sample: Sample, random: np.random.Generator, resamples: int) -> np.ndarray:
    """Figures [resamples] of as many examples, drawn with replacement; a few draws at a time."""
    if isinstance(sample, CorpusSample):
        draws = _draws(sample.size, random, resamples)
        return np.concatenate([sample.scores(_counted(drawn)) for drawn in draws])
    draws = _draws(sample.size, random, resamples)
    return np.concatenate([sample[drawn].mean(axis=1) for drawn in draws])


def _draws(size: int, random: np.random.Generator, resamples: int) -> Iterator[np.ndarray]:
    """Indices of examples [some resamples, size], until there are enough."""
    block = max(1, _DRAWN_AT_ONCE // size)
    for start in range(0, resamples, block):
        yield random.integers(size, size=(min(block, resamples - start), size))


def _counted(drawn: np.ndarray) -> np.ndarray:
    """How often each example was drawn, float64 [resamples, size], from indices of that shape."""
    size = drawn.shape[1]
    return np.array([np.bincount(row, minlength=size) for row in drawn], np.float64)
