"""Which metric of ours gives a corpus score of some key: how a stored evaluation is resampled."""

from flan_mix.metrics.correlations import correlation
from flan_mix.metrics.labels import matthews, positive_f1
from flan_mix.metrics.metric import Metric
from flan_mix.metrics.translations import bleu

_SHIPPED = (bleu, correlation, matthews, positive_f1)


def corpus_metric(key: str) -> Metric | None:
    """The corpus metric that ships with Flan Mix and gives `key`; None if there is none."""
    return next((metric for metric in _SHIPPED if key in metric.keys), None)
