"""How much of a text would have to be typed again: for code, and other text that must be exact.

Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals"; by the
library editdistance, which SeqIO needs as well.
"""

from collections.abc import Mapping, Sequence

from flan_mix.metrics.metric import Metric, check_scorable


def _score_edit_similarity(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    return {"edit_similarity": 100.0 * max(_similarity(prediction, text) for text in references)}


def _similarity(a: str, b: str) -> float:
    # Only here: what trains on cached tokens does without.
    import editdistance

    longest = max(len(a), len(b))
    return 1.0 - editdistance.eval(a, b) / longest if longest else 1.0


edit_similarity = Metric(
    "edit_similarity",
    ("edit_similarity",),
    _score_edit_similarity,
    protocol="100 · (1 - Levenshtein distance in characters / length of the longer text) with the "
    "nearest reference, averaged over examples.",
)
"""100 · (1 - Levenshtein distance / length of the longer text), for the nearest reference."""
