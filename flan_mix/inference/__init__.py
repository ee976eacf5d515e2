"""Inference: predicted tokens (decoding), likelihoods of given ones (scoring), many at once."""

from flan_mix.inference.answers import Answer
from flan_mix.inference.beam_search import RankedAnswers, beam_decode
from flan_mix.inference.choosing import choose, normalized_scores
from flan_mix.inference.decoding import DecodeResult, greedy_decode
from flan_mix.inference.generator import Generator
from flan_mix.inference.ranking import OptionScorer
from flan_mix.inference.scoring import score_rows, score_segments, token_log_likelihoods
from flan_mix.inference.settings import Decoding

__all__ = [
    "Answer",
    "DecodeResult",
    "Decoding",
    "Generator",
    "OptionScorer",
    "RankedAnswers",
    "beam_decode",
    "choose",
    "greedy_decode",
    "normalized_scores",
    "score_rows",
    "score_segments",
    "token_log_likelihoods",
]
