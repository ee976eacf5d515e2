"""Finds and fetches the tokens of examples that come from many caches at once.

Planning asks for spans (where an example's tokens lie), which reads offsets only; assembling a
batch fetches tokens for the rows of this host, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flan_mix.data.mixing import Picks
from flan_mix.data.token_cache import FEATURES, TokenCache


@dataclass(frozen=True)
class Spans:
    """Where the tokens of some examples lie: parallel arrays [count].

    Attributes:
        cache: int64, the number of the cache.
        start, length: int64 by feature ("inputs", "targets"); in tokens, not trimmed.
    """

    cache: np.ndarray
    start: dict[str, np.ndarray]
    length: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.cache)

    def __getitem__(self, where: slice | np.ndarray) -> "Spans":
        return Spans(
            self.cache[where],
            {name: values[where] for name, values in self.start.items()},
            {name: values[where] for name, values in self.length.items()},
        )


def join_spans(pieces: Sequence[Spans]) -> Spans:
    """One Spans after the other."""
    return Spans(
        np.concatenate([piece.cache for piece in pieces]),
        {name: np.concatenate([piece.start[name] for piece in pieces]) for name in FEATURES},
        {name: np.concatenate([piece.length[name] for piece in pieces]) for name in FEATURES},
    )


class TokenLookup:
    """The caches of a mixture, by part and rendering pass."""

    def __init__(self, parts: Sequence[Sequence[TokenCache]], *, eos_id: int):
        """`parts`: for each part its caches, one for each rendering pass."""
        self._passes = len(parts[0])
        caches = [cache for passes in parts for cache in passes]
        self._tokens = {name: [cache.tokens(name) for cache in caches] for name in FEATURES}
        self._offsets = {name: [cache.offsets(name) for cache in caches] for name in FEATURES}
        self._eos_id = eos_id

    def spans(self, picks: Picks) -> Spans:
        """The spans of the examples `picks` names, in the same order."""
        cache = picks.part * self._passes + picks.pass_index
        order = np.argsort(cache, kind="stable")
        numbers, firsts = np.unique(cache[order], return_index=True)
        start = {name: np.empty(len(cache), np.int64) for name in FEATURES}
        length = {name: np.empty(len(cache), np.int64) for name in FEATURES}
        for number, group in zip(numbers, np.split(order, firsts[1:]), strict=True):
            example = picks.example[group]
            for name in FEATURES:
                offsets = self._offsets[name][number]
                start[name][group] = offsets[example]
                length[name][group] = offsets[example + 1] - offsets[example]
        return Spans(cache, start, length)

    def fetch(self, spans: Spans, feature: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """The tokens of examples, one after the other, each trimmed to `width`.

        Returns (tokens int32 [total], lengths int64 [count]). An example that is too long keeps
        its first tokens and, if it ended with EOS, that EOS as its last.
        """
        starts, lengths = spans.start[feature], spans.length[feature]
        kept = np.minimum(lengths, width)
        sources = self._tokens[feature]
        pieces = [
            sources[cache][start:end]
            for cache, start, end in zip(
                spans.cache.tolist(), starts.tolist(), (starts + kept).tolist(), strict=True
            )
        ]
        tokens = np.concatenate(pieces).astype(np.int32) if pieces else np.zeros(0, np.int32)
        ends = np.cumsum(kept)
        for trimmed in np.flatnonzero((lengths > width) & (kept > 0)):
            final = sources[spans.cache[trimmed]][starts[trimmed] + lengths[trimmed] - 1]
            if final == self._eos_id:
                tokens[ends[trimmed] - 1] = final
        return tokens, kept
