"""How much of a text would have to be typed again: for code, and other text that must be exact."""

from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.metrics.metric import Metric, check_scorable


def _score_edit_similarity(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    return {"edit_similarity": 100.0 * max(_similarity(prediction, text) for text in references)}


def _similarity(a: str, b: str) -> float:
    longest = max(len(a), len(b))
    return 1.0 - _edit_distance(a, b) / longest if longest else 1.0


def _edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance in characters, one row of the table at a time.

    Within a row a cell may also come from its left neighbour for 1: the least of all cells to the
    left, each plus its distance, is a running minimum once every cell's own index is taken off.
    """
    letters = np.array([ord(c) for c in b], np.int32)
    index = np.arange(len(b) + 1)
    row = index
    for deleted, letter in enumerate(a, start=1):
        replaced = row[:-1] + (letters != ord(letter))
        from_above = np.concatenate([[deleted], np.minimum(row[1:] + 1, replaced)])
        row = np.minimum.accumulate(from_above - index) + index
    return int(row[-1])


edit_similarity = Metric(
    "edit_similarity",
    ("edit_similarity",),
    _score_edit_similarity,
    protocol="100 · (1 - Levenshtein distance in characters / length of the longer text) with the "
    "nearest reference, averaged over examples.",
)
"""100 · (1 - Levenshtein distance / length of the longer text), for the nearest reference."""
