"""Which metric of ours gives a corpus score of some key: how a stored evaluation is resampled."""

from flan_mix.metrics.correlations import correlation
from flan_mix.metrics.entities import entity_f1
from flan_mix.metrics.labels import macro_f1, matthews, positive_f1
from flan_mix.metrics.metric import Metric
from flan_mix.metrics.question_groups import question_match
from flan_mix.metrics.translations import bleu, chrf

_SHIPPED = (bleu, chrf, correlation, entity_f1, macro_f1, matthews, positive_f1, question_match)


def corpus_metric(key: str) -> Metric | None:
    """The corpus metric that ships with Flan Mix and gives `key`; None if there is none."""
    return next((metric for metric in _SHIPPED if key in metric.keys), None)
