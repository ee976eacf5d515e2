"""A metric: a function that scores predictions, with the name and the keys of its scores.

Most score one prediction and are averaged. Some (BLEU, correlations, F1 of a class) are a figure
of all examples at once and of no single one: they have `score_corpus`. Evaluation calls `score` and
`score_all`; SeqIO and T5X call the metric itself with all targets and predictions. What needs more
than those (the source of a summary, which question an answer belongs to) is scored by evaluation
alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

References = Sequence[str]
# How often each example counts, float64 [resamples, examples] -> the keys' scores, [resamples].
# Each row of weights is one corpus: all ones is the corpus itself, others are its resamples.
CorpusScores = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Metric:
    """How predictions are scored, from 0 to 100 (a correlation from -100 to 100).

    name: what the metric is called in tables and logs.
    keys: the scores it gives, the main one first.
    score_example: (prediction, references) -> a score for each key, or none at all where there is
        `score_corpus`; raises TypeError or ValueError for what it cannot score.
    score_corpus: for figures that are no mean over examples: (predictions, references of each) ->
        a function from weights of the examples to the scores. None where the mean is the figure.
    protocol: how the figure comes about, in a sentence or two, to be shown beside it.
    score_with_source: instead of `score_example`, (prediction, references, source), where the
        source is what the model was asked, without worked exemplars.
    score_with_ids: instead of `score_corpus`, (predictions, references of each, ids of each), for
        examples that belong together by their ids.
    """

    name: str
    keys: tuple[str, ...]
    score_example: Callable[[str, References], Mapping[str, float]]
    score_corpus: Callable[[Sequence[str], Sequence[References]], CorpusScores] | None = None
    protocol: str = ""
    score_with_source: Callable[[str, References, str], Mapping[str, float]] | None = None
    score_with_ids: (
        Callable[[Sequence[str], Sequence[References], Sequence[str]], CorpusScores] | None
    ) = None

    @property
    def __name__(self) -> str:
        """The metric's name, where a function's is expected."""
        return self.name

    @property
    def is_of_corpus(self) -> bool:
        """Whether its figures are of all examples at once, and not means over them."""
        return self.score_corpus is not None or self.score_with_ids is not None

    @property
    def needs_texts_only(self) -> bool:
        """Whether predictions and references are enough, as SeqIO has no more to give."""
        return self.score_with_source is None and self.score_with_ids is None

    def score(self, prediction: str, references: References, source: str) -> Mapping[str, float]:
        """The scores of one example, none for a figure of the corpus; see `score_example`."""
        if self.score_with_source is not None:
            return self.score_with_source(prediction, references, source)
        return self.score_example(prediction, references)

    def score_all(
        self, predictions: Sequence[str], references: Sequence[References], ids: Sequence[str]
    ) -> CorpusScores | None:
        """A corpus's scores by how often each example counts; None where they are means."""
        if self.score_with_ids is not None:
            return self.score_with_ids(predictions, references, ids)
        return self.score_corpus(predictions, references) if self.score_corpus else None

    def __call__(
        self, targets: Sequence[str | Sequence[str]], predictions: Sequence[str]
    ) -> dict[str, float]:
        """The figure of each key, as a rule the mean over the examples: a `metric_fn` for SeqIO.

        A target is one text, or the sequence of an example's references. Raises ValueError for
        lists of different lengths or without examples, for metrics that need more than these, and
        what `score_example` raises with the number of the example, counted from 0; TypeError for a
        lone text in place of a list.
        """
        if not self.needs_texts_only:
            raise ValueError(
                f"{self.name} needs the {'ids' if self.score_with_ids else 'source texts'} of the "
                "examples as well: evaluate with flan_mix.eval, or call score or score_all."
            )
        for name, given in (("targets", targets), ("predictions", predictions)):
            if isinstance(given, str):
                raise TypeError(f"{self.name}: {name} must be a list, not {_kind(given)}.")
        if len(targets) != len(predictions):
            raise ValueError(
                f"{self.name}: {len(predictions)} predictions for {len(targets)} targets: there "
                "must be one of each for every example."
            )
        if not len(targets):
            raise ValueError(f"{self.name}: there are no examples to score.")
        pairs = zip(targets, predictions, strict=True)
        scores = [self._score(index, *pair) for index, pair in enumerate(pairs)]
        if self.score_corpus is not None:
            return whole_scores(
                self.score_corpus(predictions, [_listed(t) for t in targets]), scores
            )
        return {key: math.fsum(row[key] for row in scores) / len(scores) for key in self.keys}

    def _score(
        self, index: int, target: str | Sequence[str], prediction: str
    ) -> Mapping[str, float]:
        try:
            return self.score_example(prediction, _listed(target))
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{self.name}, example {index}: {error}") from error


def whole_scores(scores: CorpusScores, examples: Sequence[object]) -> dict[str, float]:
    """The scores of the corpus itself, of that many examples."""
    found = scores(np.ones((1, len(examples))))
    return {key: float(values[0]) for key, values in found.items()}


def only_reference(references: References) -> str:
    """The one right answer, outer white space off; ValueError where there are different ones."""
    texts = {reference.strip() for reference in references}
    if len(texts) > 1:
        shown = ", ".join(repr(text[:60]) for text in sorted(texts)[:3])
        raise ValueError(f"there must be one right answer, not {len(texts)}: {shown}.")
    return texts.pop()


def _listed(target: str | Sequence[str]) -> References:
    return (target,) if isinstance(target, str) else target


def check_scorable(prediction: object, references: object) -> None:
    """Refuses what is no text beside a non-empty sequence of texts.

    A lone string as `references` would otherwise be scored letter by letter. Raises TypeError for
    wrong types and ValueError when there is no reference.
    """
    if not isinstance(prediction, str):
        raise TypeError(f"the prediction must be a str, not {_kind(prediction)}: decode it first.")
    if isinstance(references, str) or not isinstance(references, Sequence):
        raise TypeError(
            f"the references must be a list or tuple of str, not {_kind(references)}: "
            "put a single reference in a list."
        )
    if not references:
        raise ValueError(
            "there is no reference to score the prediction against: give the row a target or a "
            "`references` field that is not empty."
        )
    for reference in references:
        if not isinstance(reference, str):
            raise TypeError(
                f"every reference must be a str, not {_kind(reference)}: decode it first."
            )


def _kind(value: object) -> str:
    shown = repr(value)
    return f"{type(value).__name__} ({shown if len(shown) <= 60 else shown[:57] + '...'})"
