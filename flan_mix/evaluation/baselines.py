"""Stand-ins that need no model: what a summarizer must beat before its scores mean anything.

Three for dialogues: the first turn; the human summary that fits all dialogues best; and a list
of common words, which no reader would take for a summary and which ROUGE likes all the same.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

_VOCABULARY_SIZE = 3000  # The rarer words change no mean that counts.


def first_turn(dialogue: str) -> str:
    """The first line with text in it, speaker included; "" for a dialogue without text.

    The speaker's name stays, since summaries tell names: on SAMSum's validation split that makes
    ROUGE-1 24.3 instead of 18.3.
    """
    lines = (line.strip() for line in dialogue.splitlines())
    return next((line for line in lines if line), "")


def best_constant_summary(
    summaries: Sequence[str], *, seed: int = 0, candidates: int = 3000, judges: int = 1000
) -> str:
    """The training summary that scores the highest mean ROUGE-1 F1 as everyone's summary.

    `candidates` and `judges` are how many of `summaries`, drawn with `seed`, are tried and are
    scored against. Raises ValueError for no summaries.
    """
    judge = _Judge.of(_drawn(summaries, judges, seed))
    return max(_drawn(summaries, candidates, seed + 1), key=judge.mean_f1)


def common_words_summary(
    summaries: Sequence[str], *, seed: int = 0, judges: int = 1000, words: int = 200
) -> str:
    """Words put one after the other for as long as the mean ROUGE-1 F1 over `summaries` grows.

    Chosen from the `words` most frequent ones, stemmed as ROUGE stems. It is the strongest
    constant for ROUGE-1 found greedily, and worth little in ROUGE-2. Raises ValueError for no
    summaries.
    """
    judge = _Judge.of(_drawn(summaries, judges, seed))
    chosen: list[str] = []
    best = 0.0
    while True:
        candidates = [[*chosen, word] for word in list(judge.columns)[:words]]
        score, longer = max((judge.mean_f1_of(c), c) for c in candidates)
        if score <= best:
            return " ".join(chosen)
        chosen, best = longer, score


def _drawn(summaries: Sequence[str], count: int, seed: int) -> list[str]:
    if not summaries:
        raise ValueError("there are no training summaries to choose a constant one from.")
    return random.Random(seed).sample(list(summaries), min(count, len(summaries)))


@dataclass(frozen=True)
class _Judge:
    """Reference summaries as word counts, so that a candidate is scored against all at once.

    counts: [references, words]; lengths: [references], in words; columns: of each word, the most
    frequent word first.
    """

    counts: np.ndarray
    lengths: np.ndarray
    columns: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, references: Sequence[str]) -> "_Judge":
        bags = [Counter(rouge_words(reference)) for reference in references]
        frequency = Counter(word for bag in bags for word in sorted(bag))
        words = [word for word, _ in frequency.most_common(_VOCABULARY_SIZE)]
        counts = np.array([[bag[word] for word in words] for bag in bags], np.int16)
        lengths = np.array([bag.total() for bag in bags])
        return cls(counts, lengths, {word: column for column, word in enumerate(words)})

    def mean_f1(self, text: str) -> float:
        """Mean ROUGE-1 F1 of a text over the references, 0 to 1."""
        return self.mean_f1_of(rouge_words(text))

    def mean_f1_of(self, words: Sequence[str]) -> float:
        """The same for words that are stemmed already."""
        overlap = np.zeros(len(self.lengths))
        for word, count in Counter(words).items():
            if word in self.columns:
                overlap += np.minimum(self.counts[:, self.columns[word]], count)
        return float(np.mean(2 * overlap / np.maximum(len(words) + self.lengths, 1)))


def rouge_words(text: str) -> list[str]:
    """The words ROUGE compares: lower case, letters and digits, stemmed (rouge-score's own)."""
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=True).tokenize(text)
