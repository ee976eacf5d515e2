"""A metric: a function that scores one prediction, with the name and the keys of its scores.

Evaluation calls `score_example` for the scores it writes beside every prediction; SeqIO and T5X
call the metric itself with all targets and predictions, and get the means.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How predictions are scored, from 0 to 100.

    name: what the metric is called in tables and logs.
    keys: the scores it gives for an example, the main one first.
    score_example: (prediction, references) -> a score for each key; raises TypeError or
        ValueError for what it cannot score.
    """

    name: str
    keys: tuple[str, ...]
    score_example: Callable[[str, Sequence[str]], Mapping[str, float]]

    @property
    def __name__(self) -> str:
        """The metric's name, where a function's is expected."""
        return self.name

    def __call__(
        self, targets: Sequence[str | Sequence[str]], predictions: Sequence[str]
    ) -> dict[str, float]:
        """The mean of each key over the examples: a `metric_fn` for SeqIO.

        A target is one text, or the sequence of an example's references. Raises ValueError for
        lists of different lengths or without examples, and what `score_example` raises with the
        number of the example, counted from 0.
        """
        if len(targets) != len(predictions):
            raise ValueError(
                f"{self.name}: {len(predictions)} predictions for {len(targets)} targets: there "
                "must be one of each for every example."
            )
        if not len(targets):
            raise ValueError(f"{self.name}: there are no examples to score.")
        pairs = zip(targets, predictions, strict=True)
        scores = [self._score(index, *pair) for index, pair in enumerate(pairs)]
        return {key: math.fsum(row[key] for row in scores) / len(scores) for key in self.keys}

    def _score(
        self, index: int, target: str | Sequence[str], prediction: str
    ) -> Mapping[str, float]:
        references = (target,) if isinstance(target, str) else target
        try:
            return self.score_example(prediction, references)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{self.name}, example {index}: {error}") from error


def check_scorable(prediction: object, references: object) -> None:
    """Refuses what is no text beside a non-empty sequence of texts.

    A lone string as `references` would otherwise be scored letter by letter. Raises TypeError for
    wrong types and ValueError when there is no reference.
    """
    if not isinstance(prediction, str):
        raise TypeError(f"the prediction must be a str, not {_kind(prediction)}.")
    if isinstance(references, str) or not isinstance(references, Sequence):
        raise TypeError(
            f"the references must be a list or tuple of str, not {_kind(references)}: "
            "put a single reference in a list."
        )
    if not references:
        raise ValueError("there is no reference to score the prediction against.")
    for reference in references:
        if not isinstance(reference, str):
            raise TypeError(f"every reference must be a str, not {_kind(reference)}.")


def _kind(value: object) -> str:
    shown = repr(value)
    return f"{type(value).__name__} ({shown if len(shown) <= 60 else shown[:57] + '...'})"
