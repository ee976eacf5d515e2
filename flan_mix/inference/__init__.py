"""Inference: predicted tokens (decoding), likelihoods of given ones (scoring), many at once."""

from flan_mix.inference.decoding import DecodeResult, greedy_decode
from flan_mix.inference.generator import Generator
from flan_mix.inference.scoring import score_rows, score_segments, token_log_likelihoods

__all__ = [
    "DecodeResult",
    "Generator",
    "greedy_decode",
    "score_rows",
    "score_segments",
    "token_log_likelihoods",
]
