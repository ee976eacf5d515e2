"""Labels: accuracy, Matthews correlation, F1 of all classes and of the positive answer."""

from collections.abc import Mapping, Sequence

import numpy as np

from flan_mix.metrics.metric import (
    CorpusScores,
    Metric,
    References,
    check_scorable,
    only_reference,
)

_POSITIVE = frozenset({"yes", "true"})
_NEGATIVE = frozenset({"no", "false"})


def _score_label(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    correct = prediction.strip() in {reference.strip() for reference in references}
    return {"accuracy": 100.0 * correct}


accuracy = Metric(
    "accuracy",
    ("accuracy",),
    _score_label,
    protocol="Share of answers that are a reference to the letter, outer white space off, after "
    "the task's own postprocessing where it has one.",
)
"""100 where the prediction is one of the references, else 0.

White space around either is ignored; case and punctuation count, so it also tells exact matches of
code and other text whose every character matters.
"""


def _check_label(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    only_reference(references)
    return {}


def _labels(
    predictions: Sequence[str], references: Sequence[References]
) -> tuple[list[str], list[str], list[str | None]]:
    """(all right labels, sorted; the right ones; the given ones, None where it is no label)."""
    right = [only_reference(texts) for texts in references]
    labels = sorted(set(right))
    given = [prediction.strip() for prediction in predictions]
    return labels, right, [text if text in labels else None for text in given]


def _score_matthews(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    labels, right, given = _labels(predictions, references)
    agree = np.array([a == b for a, b in zip(right, given, strict=True)], np.float64)
    is_right, is_given = (_indicators(side, [*labels, None]) for side in (right, given))

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        total = weights.sum(axis=1)
        rights, givens = weights @ is_right, weights @ is_given
        together = (weights @ agree) * total - (rights * givens).sum(axis=1)
        spread = (total**2 - (rights**2).sum(axis=1)) * (total**2 - (givens**2).sum(axis=1))
        found = np.zeros(len(weights))
        np.divide(together, np.sqrt(spread), out=found, where=spread > 0)
        return {"matthews": 100.0 * found}

    return scores


def _indicators(texts: Sequence[str | None], labels: Sequence[str | None]) -> np.ndarray:
    """1 where an example's label is the column's, float64 [examples, labels]."""
    return np.array([[text == label for label in labels] for text in texts], np.float64)


matthews = Metric(
    "matthews",
    ("matthews",),
    _check_label,
    _score_matthews,
    protocol="Matthews correlation of labels (R_K for more than two), times 100; answers that are "
    "no label are one label more, always wrong.",
)
"""Matthews correlation of labels, times 100; for more than two, Gorodkin's R_K.

Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient",
equation 8. White space around a label is ignored. All predictions that are no reference's label
are one more label, always wrong. 0 where all references, or all predictions, are the same.
"""


def _score_macro(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    labels, right, given = _labels(predictions, references)
    is_right, is_given = (_indicators(side, labels) for side in (right, given))

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        either = weights @ is_right + weights @ is_given
        found = np.zeros_like(either)
        np.divide(2 * (weights @ (is_right * is_given)), either, out=found, where=either > 0)
        return {"macro_f1": 100.0 * found.sum(axis=1) / (either > 0).sum(axis=1)}

    return scores


macro_f1 = Metric(
    "macro_f1",
    ("macro_f1",),
    _check_label,
    _score_macro,
    protocol="F1 of each label over all examples together, averaged over the labels without "
    "weights; an answer that is no label is missing from its label's recall.",
)
"""Unweighted mean of the F1 of each label, as SuperGLUE scores CB beside accuracy.

Wang et al. 2019, "SuperGLUE: A Stickier Benchmark", https://arxiv.org/abs/1905.00537, section 3.2.
Labels are the references of the whole evaluation; white space around one is ignored. Of a resample
in which a label is neither right nor given the others are averaged.
"""


def _check_yes_or_no(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    reference = only_reference(references).lower()
    if reference not in _POSITIVE | _NEGATIVE:
        raise ValueError(
            f"the reference {reference[:60]!r} is neither yes or true nor no or false, so it "
            "cannot be told which answer is the positive one."
        )
    return {}


def _score_positive(predictions: Sequence[str], references: Sequence[References]) -> CorpusScores:
    given = np.array([text.strip().lower() in _POSITIVE for text in predictions])
    right = np.array([only_reference(texts).lower() in _POSITIVE for texts in references])
    both, either = (given & right).astype(np.float64), given.astype(np.float64) + right

    def scores(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        counted = weights @ either
        found = np.zeros(len(weights))
        np.divide(2 * (weights @ both), counted, out=found, where=counted > 0)
        return {"positive_f1": 100.0 * found}

    return scores


positive_f1 = Metric(
    "positive_f1",
    ("positive_f1",),
    _check_yes_or_no,
    _score_positive,
    protocol="F1 of the answer yes (or true) over all examples together; any answer but yes and "
    "true is taken for a no.",
)
"""F1 of the answer yes (or true) over all examples, as MultiRC's F1 over answers.

References are yes or no, true or false; case and outer white space do not count. Any prediction
but yes or true is taken for a no. 0 where neither side ever says yes.
"""
