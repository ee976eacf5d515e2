"""ROUGE for summaries, by Google's rouge-score.

Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries". The protocol behind a figure:
F-measure, Porter stemmer on, words of a-z and 0-9 in lower case, and where there are several
references the best of them for each key by itself, so that ROUGE-1 and ROUGE-L may come from
different ones; an example's scores are then averaged over the examples. ROUGE-Lsum takes the
longest common subsequences sentence by sentence, where a sentence ends at a line's end or at a full
stop, question or exclamation mark before white space (rouge-score itself sees line ends only).
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flan_mix.metrics.metric import Metric, check_scorable

_KEYS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"')])\s+")
_SCORED_CHARACTER = re.compile("[a-z0-9]")


@functools.cache
def _scorer() -> Any:
    # Imported when first used: it pulls NLTK in, which takes longer than the rest of a start.
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(_KEYS, use_stemmer=True)


def _score_rouge(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    for reference in references:
        _refuse_other_scripts(reference)
    best = _scorer().score_multi([_by_line(text) for text in references], _by_line(prediction))
    return {key: 100.0 * float(best[key].fmeasure) for key in _KEYS}


def _by_line(text: str) -> str:
    """A text with each sentence in a line of its own; white space changes no other score."""
    return _SENTENCE_END.sub("\n", text)


def _refuse_other_scripts(reference: str) -> None:
    """A reference without Latin letters would score 0 whatever is predicted."""
    lower = reference.lower()
    if not _SCORED_CHARACTER.search(lower) and any(c.isalpha() for c in lower):
        raise ValueError(
            "ROUGE reads words of a-z and 0-9 only and there are none in the reference "
            f"{reference[:60]!r}: use a metric made for its language."
        )


rouge = Metric(
    "rouge",
    _KEYS,
    _score_rouge,
    protocol="rouge-score, F-measure with Porter stemmer, the best of several references for each "
    "key, averaged over examples; Lsum by sentences.",
)
"""ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum."""
