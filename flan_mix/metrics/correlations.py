"""Correlations of numbers that are answered as text, as for sentence similarity (STS-B)."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.metrics.metric import (
    CorpusScores,
    Metric,
    References,
    check_scorable,
    only_reference,
)

_KEYS = ("pearson", "spearman", "readable")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _check_number(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    _reference_number(references)
    return {}


def _reference_number(references: References) -> float:
    text = only_reference(references)
    number = _number(text)
    if np.isnan(number):
        raise ValueError(
            f"the reference {text[:60]!r} is no number, so nothing correlates with it."
        )
    return number


def _number(text: str) -> float:
    """The number that the whole text is; NaN for any other text and for what overflows."""
    number = float(text) if _NUMBER.fullmatch(text.strip()) else np.nan
    return number if np.isfinite(number) else np.nan


def _score_correlation(
    predictions: Sequence[str], references: Sequence[References]
) -> CorpusScores:
    expected = np.array([_reference_number(texts) for texts in references])
    given = np.array([_number(text) for text in predictions])
    readable = np.isfinite(given)
    if not readable.all():
        given[~readable] = given[readable].mean() if readable.any() else 0.0
    expected_ranks, given_ranks = _Ranks(expected), _Ranks(given)

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        ranks = expected_ranks(weights), given_ranks(weights)
        return {
            "pearson": 100.0 * _pearson(expected[None], given[None], weights),
            "spearman": 100.0 * _pearson(*ranks, weights),
            "readable": 100.0 * (weights @ readable) / weights.sum(axis=1),
        }

    return scores


def _pearson(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted correlations [resamples] of a and b [resamples or 1, examples]."""
    a, varies_a = _deviations(a, weights)
    b, varies_b = _deviations(b, weights)
    together = (weights * a * b).sum(axis=1)
    spread = np.sqrt((weights * a**2).sum(axis=1) * (weights * b**2).sum(axis=1))
    found = np.zeros(len(weights))
    np.divide(together, spread, out=found, where=varies_a & varies_b & (spread > 0))
    return np.clip(found, -1.0, 1.0)


def _deviations(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances from the weighted mean [resamples, examples], and which resamples have any.

    Where all values drawn are equal rounding leaves a trace that is no spread.
    """
    mean = (weights * values).sum(axis=1) / weights.sum(axis=1)
    away = np.where(weights > 0, values - mean[:, None], 0.0)
    trace = 1e-12 * np.abs(values).max(axis=1)
    return away, np.abs(away).max(axis=1) > trace


class _Ranks:
    """Ranks of values in resamples: sorted once, then counted by the weights."""

    def __init__(self, values: np.ndarray):
        self._order = np.argsort(values, kind="stable")
        _, self._starts, self._group = np.unique(
            values[self._order], return_index=True, return_inverse=True
        )

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Ranks [resamples, examples]; equal values share the mean of theirs."""
        counts = np.add.reduceat(weights[:, self._order], self._starts, axis=1)
        shared = np.cumsum(counts, axis=1) - (counts - 1) / 2
        ranks = np.empty_like(weights)
        ranks[:, self._order] = shared[:, self._group]
        return ranks


correlation = Metric(
    "correlation",
    _KEYS,
    _check_number,
    _score_correlation,
    protocol="Correlation of the numbers answered with the right ones, times 100; an answer that "
    "is no number counts as the mean of those that are, whose share is given as readable.",
)
"""Pearson's and Spearman's correlation with the references, times 100: -100 to 100.

A prediction counts where its whole text is a number. One that cannot be read is put in as the mean
of those that can, which moves with nothing; `readable` is the share that could be read. 0 where
all references, or all predictions, are the same.
"""
