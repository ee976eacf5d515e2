"""What a prediction is worth: scores from 0 to 100 per example, and how sure their mean is.

A `Metric` scores one prediction against its references, or all of them at once (BLEU,
correlations), and called with lists of both it is a metric function for SeqIO. The intervals say
how far a mean would move with other examples.
"""

from flan_mix.metrics.answers import exact_match, token_f1
from flan_mix.metrics.corpus_metrics import corpus_metric
from flan_mix.metrics.correlations import correlation
from flan_mix.metrics.editing import edit_similarity
from flan_mix.metrics.intervals import Interval, bootstrap_interval, paired_bootstrap
from flan_mix.metrics.labels import accuracy, matthews, positive_f1
from flan_mix.metrics.metric import CorpusScores, Metric, check_scorable, whole_scores
from flan_mix.metrics.summaries import rouge
from flan_mix.metrics.translations import bleu

__all__ = [
    "CorpusScores",
    "Interval",
    "Metric",
    "accuracy",
    "bleu",
    "bootstrap_interval",
    "check_scorable",
    "corpus_metric",
    "correlation",
    "edit_similarity",
    "exact_match",
    "matthews",
    "paired_bootstrap",
    "positive_f1",
    "rouge",
    "token_f1",
    "whole_scores",
]
