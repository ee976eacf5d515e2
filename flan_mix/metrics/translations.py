"""BLEU and chrF for translations, by sacrebleu.

Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation"; Post 2018,
"A Call for Clarity in Reporting BLEU Scores". The protocol behind a figure: one BLEU of the whole
corpus, case kept, tokenizer 13a, exponential smoothing, references as many as an example has
(signature nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp). chrF is Popović 2015, "chrF: character
n-gram F-score for automatic MT evaluation", on characters alone and so for every script.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flan_mix.metrics.metric import CorpusScores, Metric, References, check_scorable

# Written without spaces between words: Thai, Lao, Khmer, Burmese, Japanese and Chinese.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@functools.cache
def _sacrebleu() -> Any:
    # Imported when first used: it takes longer than the rest of a start.
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize="13a", smooth_method="exp")


def _check_translation(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    for reference in references:
        unspaced, letters = (
            len(_WITHOUT_SPACES.findall(reference)),
            sum(map(str.isalpha, reference)),
        )
        if unspaced > letters / 2:
            raise ValueError(
                f"the reference {reference[:60]!r} is written without spaces between words, which "
                "this BLEU's tokenizer (13a) needs: use a metric made for its language."
            )
    return {}


def _score_bleu(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    pairs = zip(predictions, references, strict=True)
    counts = np.array([_counts(prediction, texts) for prediction, texts in pairs])

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        return {"bleu": np.array([_bleu(row) for row in weights @ counts])}

    return scores


def _counts(prediction: str, references: References) -> list[float]:
    """What BLEU adds up over examples: matches and n-grams of each order, then both lengths."""
    found = _sacrebleu().corpus_score([prediction], [[text] for text in references])
    return [*found.counts, *found.totals, found.sys_len, found.ref_len]


def _bleu(counts: np.ndarray) -> float:
    whole = [int(count) for count in counts]
    orders = (len(whole) - 2) // 2
    matches, ngrams, lengths = whole[:orders], whole[orders:-2], whole[-2:]
    return float(_sacrebleu().compute_bleu(matches, ngrams, *lengths, smooth_method="exp").score)


bleu = Metric(
    "bleu",
    ("bleu",),
    _check_translation,
    _score_bleu,
    protocol="sacrebleu's BLEU of all examples together, with all references of each: "
    "nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp.",
)
"""BLEU of all predictions together, 0 to 100."""


@functools.cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _check_texts(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    return {}


def _score_chrf(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    # What chrF adds up over examples: n-grams of each length said, right, and shared. sacrebleu
    # has no public way to them; the tests hold the figure against its corpus_chrf.
    pairs = zip(predictions, references, strict=True)
    found = [
        _chrf()._extract_corpus_statistics([prediction], [[text] for text in texts])
        for prediction, texts in pairs
    ]
    counts = np.array([statistics[0] for statistics in found], np.float64)

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        return {"chrf": np.array([_chrf()._compute_f_score(row) for row in weights @ counts])}

    return scores


chrf = Metric(
    "chrf",
    ("chrf",),
    _check_texts,
    _score_chrf,
    protocol="sacrebleu's chrF of all examples together, the best of several references: "
    "nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no.",
)
"""chrF2 of all predictions together, 0 to 100."""
