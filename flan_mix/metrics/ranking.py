"""Rank classification: the answer is the option that the model finds most likely."""

import math
from collections.abc import Hashable, Sequence


def rank_accuracy(
    targets: Sequence[tuple[Hashable, bool]], scores: Sequence[float]
) -> dict[str, float]:
    """The share of rows, 0 to 100, whose most likely option is a right one: a `metric_fn` of
    scores for SeqIO.

    targets: for each option (the row it belongs to, whether it is right). scores: its summed
    log-likelihood. The first of equally likely options is taken. Raises ValueError for lists of
    different lengths or without options, and for a score that is NaN.
    """
    if len(targets) != len(scores):
        raise ValueError(f"rank_accuracy: {len(scores)} scores for {len(targets)} options.")
    if not targets:
        raise ValueError("rank_accuracy: there are no options to rank.")
    best: dict[Hashable, tuple[float, bool]] = {}
    for (row, is_right), score in zip(targets, scores, strict=True):
        if math.isnan(score):
            raise ValueError(f"rank_accuracy: an option of {row!r} has the score NaN.")
        if row not in best or score > best[row][0]:
            best[row] = (float(score), is_right)
    right = sum(is_right for _, is_right in best.values())
    return {"rank_accuracy": 100.0 * right / len(best)}
