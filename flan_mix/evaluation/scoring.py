"""Scores answers against references, with the task's postprocess applied to both."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from flan_mix.evaluation.predictions import Prediction, ScoredTexts
from flan_mix.metrics import Metric


def score_predictions(
    predictions: Sequence[Prediction],
    metrics: Sequence[Metric],
    postprocess: Callable[[str], str] | None = None,
) -> list[Prediction]:
    """The predictions with their scores, and with the texts compared where they differ.

    Raises ValueError naming task and example for what a metric or the postprocess refuses.
    """
    return [_scored(prediction, metrics, postprocess) for prediction in predictions]


def _scored(
    prediction: Prediction,
    metrics: Sequence[Metric],
    postprocess: Callable[[str], str] | None,
) -> Prediction:
    try:
        texts = _compared(prediction, postprocess)
        scores: dict[str, float] = {}
        for metric in metrics:
            scores.update(metric.score(texts.prediction, texts.references, prediction.source))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{prediction.task}, example {prediction.id!r}: {error}") from error
    scored = texts if postprocess is not None else None
    return replace(prediction, scores=scores, scored=scored)


def _compared(prediction: Prediction, postprocess: Callable[[str], str] | None) -> ScoredTexts:
    if postprocess is None:
        return ScoredTexts(prediction.prediction, prediction.references)
    references = tuple(postprocess(reference) for reference in prediction.references)
    return ScoredTexts(postprocess(prediction.prediction), references)
