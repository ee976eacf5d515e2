"""Entity F1: the names that a text says it found, each with its kind, against the right ones.

The text form is that of the entity recognition tasks: ``Anna (person); Cairo (location)``, and a
sentence without brackets where there are none.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.metrics.metric import CorpusScores, Metric, References, check_scorable

_KEYS = ("entity_f1", "entity_precision", "entity_recall")
# A name may hold brackets and semicolons itself: "Tool (live) (product); AC;DC (group)".
_ENTITY = re.compile(r"\s*(\S.*?)\s*\(([^()]*)\)\s*(?:;|$)", re.DOTALL)

Entities = Counter[tuple[str, str]]


def read_entities(text: str) -> Entities:
    """The (name, kind) pairs of a text with how often each stands there.

    Names keep their case, kinds do not; white space counts once. What is no name with its kind in
    brackets is passed over.
    """
    pairs = (found.groups() for found in _ENTITY.finditer(text))
    return Counter((" ".join(name.split()), " ".join(kind.lower().split())) for name, kind in pairs)


def _check_entities(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    for reference in references:
        rest = _ENTITY.sub("", reference)
        listed = len(rest) < len(reference)
        if rest.strip() if listed else re.search(r"[();]", reference):
            raise ValueError(
                f"the reference {reference[:60]!r} is no list of names: write them as "
                "'name (kind); name (kind)', or a sentence without brackets where there are none."
            )
    return {}


def _score_entities(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    pairs = zip(predictions, references, strict=True)
    counts = np.array([_best_counts(prediction, texts) for prediction, texts in pairs], np.float64)

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        shared, given, right = (weights @ counts).T
        return {
            "entity_f1": _percentage(2 * shared, given + right),
            "entity_precision": _percentage(shared, given),
            "entity_recall": _percentage(shared, right),
        }

    return scores


def _best_counts(prediction: str, references: References) -> tuple[int, int, int]:
    """(shared, predicted, right) with the reference of the highest F1."""
    given = read_entities(prediction)
    found = [_counts(given, read_entities(reference)) for reference in references]
    return max(found, key=lambda counts: (2 * counts[0] + 1) / (counts[1] + counts[2] + 1))


def _counts(given: Entities, right: Entities) -> tuple[int, int, int]:
    return (given & right).total(), given.total(), right.total()


def _percentage(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    found = np.zeros(len(part))
    np.divide(100.0 * part, whole, out=found, where=whole > 0)
    return found


entity_f1 = Metric(
    "entity_f1",
    _KEYS,
    _check_entities,
    _score_entities,
    protocol="Micro F1, precision and recall of (name, kind) pairs over all examples together, as "
    "CoNLL's but by name instead of position: a pair is right if name and kind are, as often as "
    "the reference has it. Case counts in names.",
)
"""F1, precision and recall of names with their kinds; 0 where there is nothing to divide by.

Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task". Of several
references of an example the one with the highest F1 counts.
"""
