"""Accuracy: did the prediction name the right label?"""

from collections.abc import Mapping, Sequence

from flan_mix.metrics.metric import Metric, check_scorable


def _score_label(prediction: str, references: Sequence[str]) -> Mapping[str, float]:
    check_scorable(prediction, references)
    correct = prediction.strip() in {reference.strip() for reference in references}
    return {"accuracy": 100.0 * correct}


accuracy = Metric("accuracy", ("accuracy",), _score_label)
"""100 where the prediction is one of the references, else 0.

White space around either is ignored; case and punctuation count, so it also tells exact matches of
code and other text whose every character matters.
"""
