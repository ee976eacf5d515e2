"""Answers as the host reads them from a report: tokens up to their end, scores, texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from flan_mix.inference.beam_search import NONE_YET
from flan_mix.inference.segments import Report
from flan_mix.inference.settings import Decoding
from flan_mix.inference.stopping import Cut, cut_at_stop
from flan_mix.vocabularies import Vocabulary


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer.

    tokens: with the EOS where it ended; before a stop string where one cut it.
    score: the summed log-probability under the model of the tokens behind the prompt; in beam
        search, of all the tokens that were found and divided by the length penalty
        (`Decoding.length_penalty`).
    text: up to EOS or the stop string; None where no vocabulary is at hand.
    """

    tokens: list[int]
    score: float
    text: str | None = None


@dataclasses.dataclass(frozen=True)
class AnswerReader:
    """Reads the answers of one input from its part of a report."""

    decoding: Decoding
    eos_id: int
    vocabulary: Vocabulary | None

    def stopped(self, report: Report, row: int, prompt_tokens: int) -> np.ndarray:
        """bool [answers]: which answers of an input have come to a stop string.

        In beam search stop strings only cut what was found.
        """
        count = report.tokens.shape[1]
        if not self.decoding.stop or report.log_probs is None:
            return np.zeros(count, bool)
        cuts = (self._cut(self._tokens(report, row, i), prompt_tokens) for i in range(count))
        return np.array([cut is not None for cut in cuts])

    def read(self, report: Report, row: int, prompt_tokens: int) -> list[Answer]:
        """The answers of an input that is finished, best first."""
        found = [
            self._answer(report, row, number, prompt_tokens)
            for number in range(report.tokens.shape[1])
            if report.scores[row, number] > NONE_YET / 2
        ]
        # Sampled answers stand as they were drawn; those of a beam search are in order already.
        if self.decoding.method == "sample":
            found.sort(key=lambda answer: -answer.score)
        return found[: self.decoding.num_return]

    def _answer(self, report: Report, row: int, number: int, prompt_tokens: int) -> Answer:
        tokens = self._tokens(report, row, number)
        cut = self._cut(tokens, prompt_tokens)
        score = float(report.scores[row, number])
        if cut is not None:
            tokens = tokens[: cut.tokens]
            if report.log_probs is not None:
                score = float(report.log_probs[row, number, : cut.tokens].sum())
            return Answer(tokens, score, cut.text)
        text = None if self.vocabulary is None else self.vocabulary.decode(tokens)
        return Answer(tokens, score, text)

    def _tokens(self, report: Report, row: int, number: int) -> list[int]:
        tokens = report.tokens[row, number, : int(report.step)]
        ends = np.flatnonzero(tokens == self.eos_id)
        return tokens[: ends[0] + 1 if len(ends) else len(tokens)].tolist()

    def _cut(self, tokens: Sequence[int], prompt_tokens: int) -> Cut | None:
        if self.vocabulary is None:
            return None
        return cut_at_stop(tokens, self.vocabulary, self.decoding.stop, prompt_tokens=prompt_tokens)
