"""Rank classification's last step: which of the scored options is the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def normalized_scores(scores: Sequence[float], lengths: Sequence[int]) -> np.ndarray:
    """Log-likelihood per token, float64: a long option is not unlikely for being long.

    `lengths` are the tokens each score is summed over. Raises ValueError where they are not one
    for each score, or below 1.
    """
    sums, tokens = np.asarray(scores, np.float64), np.asarray(lengths, np.int64)
    if sums.shape != tokens.shape:
        raise ValueError(f"{sums.size} scores and {tokens.size} lengths: each option needs both")
    if tokens.size and tokens.min() < 1:
        raise ValueError(f"option {int(tokens.argmin())} has length {tokens.min()}; at least 1")
    return sums / tokens


def choose(scores: Sequence[float], lengths: Sequence[int], normalize: bool) -> int:
    """The index of the likeliest option, by sum or (`normalize`) per token; ties to the first.

    Duplicates of an option have its score (`OptionScorer` scores distinct options once), so the
    first of them is chosen. Raises ValueError without options and where a score is NaN, since the
    comparison would then mean nothing.
    """
    compared = normalized_scores(scores, lengths) if normalize else np.asarray(scores, np.float64)
    if not compared.size:
        raise ValueError("no options to choose from")
    if np.isnan(compared).any():
        raise ValueError(f"option {int(np.isnan(compared).argmax())} has the score NaN")
    return int(compared.argmax())
