"""What a prediction is worth: scores from 0 to 100 per example, and how sure their mean is.

A `Metric` scores one prediction against its references, and called with lists of both it is a
metric function for SeqIO. The intervals say how far a mean would move with other examples.
"""

from flan_mix.metrics.answers import exact_match, token_f1
from flan_mix.metrics.editing import edit_similarity
from flan_mix.metrics.intervals import Interval, bootstrap_interval, paired_bootstrap
from flan_mix.metrics.labels import accuracy
from flan_mix.metrics.metric import Metric, check_scorable
from flan_mix.metrics.summaries import rouge

__all__ = [
    "Interval",
    "Metric",
    "accuracy",
    "bootstrap_interval",
    "check_scorable",
    "edit_similarity",
    "exact_match",
    "paired_bootstrap",
    "rouge",
    "token_f1",
]
