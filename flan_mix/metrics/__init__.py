"""What a prediction is worth: scores from 0 to 100 per example, and how sure their mean is.

A `Metric` scores one prediction against its references, or all of them at once (BLEU,
correlations), and called with lists of both it is a metric function for SeqIO. The intervals say
how far a mean would move with other examples.
"""

from flan_mix.metrics.answers import exact_match, token_f1
from flan_mix.metrics.corpus_metrics import corpus_metric
from flan_mix.metrics.correlations import correlation
from flan_mix.metrics.editing import edit_similarity
from flan_mix.metrics.entities import entity_f1, read_entities
from flan_mix.metrics.faithfulness import (
    faithfulness,
    invented_mentions,
    missed_mentions,
    supported_mentions,
)
from flan_mix.metrics.intervals import Interval, bootstrap_interval, paired_bootstrap
from flan_mix.metrics.labels import accuracy, macro_f1, matthews, positive_f1
from flan_mix.metrics.mentions import Mention
from flan_mix.metrics.metric import CorpusScores, Metric, check_scorable, whole_scores
from flan_mix.metrics.question_groups import question_match
from flan_mix.metrics.summaries import rouge
from flan_mix.metrics.translations import bleu, chrf

__all__ = [
    "CorpusScores",
    "Interval",
    "Mention",
    "Metric",
    "accuracy",
    "bleu",
    "bootstrap_interval",
    "check_scorable",
    "chrf",
    "corpus_metric",
    "correlation",
    "edit_similarity",
    "entity_f1",
    "exact_match",
    "faithfulness",
    "invented_mentions",
    "macro_f1",
    "matthews",
    "missed_mentions",
    "paired_bootstrap",
    "positive_f1",
    "question_match",
    "read_entities",
    "rouge",
    "supported_mentions",
    "token_f1",
    "whole_scores",
]
