"""Plans a block of rows: which examples share which row, from lengths alone.

A block is a pure function of the place in the stream where it begins, and it takes a whole
stretch of the stream, so that place is all a resumed run has to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from flan_mix.data.mixing import ExampleStream
from flan_mix.data.packing import pack
from flan_mix.data.shuffling import shuffled, stable_key
from flan_mix.data.token_cache import FEATURES
from flan_mix.data.token_lookup import Spans, TokenLookup, join_spans


@dataclass(frozen=True)
class StreamPosition:
    """A place between two examples of the stream: `offset` examples into chunk `chunk`."""

    chunk: int
    offset: int


@dataclass(frozen=True)
class Block:
    """Planned rows.

    Attributes:
        spans: the examples in row order.
        row_splits: int64 [rows + 1]; row r holds the examples row_splits[r]:row_splits[r + 1].
        end: where the next block begins.
    """

    spans: Spans
    row_splits: np.ndarray
    end: StreamPosition


class BlockPlanner:
    """Plans blocks of `rows` rows over the stream of a mixture."""

    def __init__(
        self,
        stream: ExampleStream,
        lookup: TokenLookup,
        feature_lengths: Mapping[str, int],
        *,
        rows: int,
        packed: bool,
        shuffle: bool,
        seed: int,
    ):
        self._stream = stream
        self._lookup = lookup
        self._capacity = (feature_lengths["inputs"], feature_lengths["targets"])
        self._rows = rows
        self._packed = packed
        self._shuffle = shuffle
        self._seed = seed
        # Blocks mostly end inside a chunk, where the next one begins.
        self._chunk_spans = lru_cache(maxsize=2)(lambda c: lookup.spans(stream.chunk(c)))

    def plan(self, start: StreamPosition) -> Block:
        """The block that begins at `start`."""
        spans, chunk_sizes = self._window(start)
        row = self._rows_of(spans, start)
        order = np.argsort(row, kind="stable")
        row_splits = np.searchsorted(row[order], np.arange(self._rows + 1))
        return Block(spans[order], row_splits, _advance(start, len(row), chunk_sizes))

    def _window(self, start: StreamPosition) -> tuple[Spans, list[int]]:
        """Enough of the stream to fill the block, and the sizes of the chunks it lies in."""
        pieces, sizes, load, chunk = [], [], np.zeros(2), start.chunk
        while load.max() < self._rows:
            spans = self._chunk_spans(chunk)
            sizes.append(len(spans))
            pieces.append(spans[start.offset :] if chunk == start.chunk else spans)
            load += self._load(pieces[-1])
            chunk += 1
        return join_spans(pieces), sizes

    def _load(self, spans: Spans) -> np.ndarray:
        """Rows that the examples fill at least, by either feature, [2]."""
        if not self._packed:
            return np.array([len(spans)] * 2, np.float64)
        # An example without tokens counts as one token, so that the window ends.
        trimmed = [np.maximum(x, 1).sum() for x in self._trimmed(spans)]
        return np.array(trimmed) / self._capacity

    def _trimmed(self, spans: Spans) -> list[np.ndarray]:
        pairs = zip(FEATURES, self._capacity, strict=True)
        return [np.minimum(spans.length[name], width) for name, width in pairs]

    def _rows_of(self, spans: Spans, start: StreamPosition) -> np.ndarray:
        """The row of each example that the block takes, a prefix of `spans`."""
        if not self._packed:
            return np.arange(self._rows)
        inputs, targets = self._trimmed(spans)
        row = pack(inputs, targets, self._capacity, max_rows=self._rows)
        if not self._shuffle:
            return row
        # Packing opens rows with the longest examples first; batches should not show it.
        key = stable_key("rows", self._seed, start.chunk, start.offset)
        return shuffled(self._rows, key)[row]


def _advance(start: StreamPosition, examples: int, chunk_sizes: list[int]) -> StreamPosition:
    chunk, offset = start.chunk, start.offset + examples
    for size in chunk_sizes:
        if offset < size:
            break
        offset -= size
        chunk += 1
    return StreamPosition(chunk, offset)
