"""Exact match and token F1 of short answers, as SQuAD scores them.

Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text",
https://arxiv.org/abs/1606.05250, section 6.1: case, punctuation, the articles a, an and the, and
white space do not count, and the best of several references does.
"""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence

from flan_mix.metrics.metric import Metric, check_scorable

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def _answer_words(text: str) -> list[str]:
    """The words that count. Punctuation goes first: "a.m." stays a word, "a - b" loses its a."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def _score_exact_match(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    words = _answer_words(prediction)
    return {"exact_match": 100.0 * any(words == _answer_words(text) for text in references)}


def _score_token_f1(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    words = _answer_words(prediction)
    return {"token_f1": 100.0 * max(_f1(words, _answer_words(text)) for text in references)}


def _f1(predicted: list[str], expected: list[str]) -> float:
    """2 · shared / (predicted + expected): the harmonic mean of precision and recall."""
    if not predicted and not expected:
        # Nothing was right to say and nothing was said: 1, as in SQuAD 2.0's script.
        return 1.0
    shared = (Counter(predicted) & Counter(expected)).total()
    return 2 * shared / (len(predicted) + len(expected))


_NORMALIZED = (
    "SQuAD's normalization: case, punctuation, the articles a, an and the, and white space do not "
    "count; the best of several references does."
)

exact_match = Metric(
    "exact_match",
    ("exact_match",),
    _score_exact_match,
    protocol=f"Share of answers whose words are a reference's, in their order. {_NORMALIZED}",
)
"""100 where the prediction's words are those of a reference in their order, else 0."""

token_f1 = Metric(
    "token_f1",
    ("token_f1",),
    _score_token_f1,
    protocol=f"F1 of an answer's words with a reference's, averaged over examples. {_NORMALIZED}",
)
"""F1 of the prediction's words against the reference that gives the highest, order ignored."""
