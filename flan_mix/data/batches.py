"""Turns the tokens of examples into a batch: the arrays that models see.

A batch is a dict of int32 arrays under SeqIO's encoder-decoder names, [rows, length]. A row
holds one example or, packed, several, told apart by segment ids that count from 1. Padding is
id 0 in segment 0; an id 0 inside a segment is a token like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flan_mix.data.token_cache import FEATURES

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class FlatTokens:
    """One feature of some examples, laid end to end.

    Attributes:
        tokens: int32 [total].
        lengths: int64 [examples], summing to total.
    """

    tokens: np.ndarray
    lengths: np.ndarray


def assemble_batch(
    inputs: FlatTokens,
    targets: FlatTokens,
    row_splits: np.ndarray,
    feature_lengths: Mapping[str, int],
) -> Batch:
    """Lays examples out in rows.

    Args:
        inputs, targets: the examples in row order, each no longer than its feature length.
        row_splits: int64 [rows + 1]; row r holds the examples row_splits[r]:row_splits[r + 1].
        feature_lengths: {"inputs": encoder length, "targets": decoder length}.

    Returns:
        The batch; equal to what seqio.EncDecFeatureConverter makes of the same rows.
    """
    encoder = _Layout(inputs.lengths, row_splits, feature_lengths["inputs"])
    decoder = _Layout(targets.lengths, row_splits, feature_lengths["targets"])
    return {
        "encoder_input_tokens": encoder.spread(inputs.tokens),
        "encoder_segment_ids": encoder.segment_ids(),
        "encoder_positions": encoder.positions(),
        "decoder_input_tokens": decoder.spread(decoder.shift_right(targets.tokens)),
        "decoder_target_tokens": decoder.spread(targets.tokens),
        "decoder_loss_weights": decoder.filled.astype(np.int32),
        "decoder_segment_ids": decoder.segment_ids(),
        "decoder_positions": decoder.positions(),
    }


def batch_from_rows(
    rows: Sequence[Sequence[Mapping[str, Sequence[int] | np.ndarray]]],
    feature_lengths: Mapping[str, int],
    *,
    eos_id: int = 1,
) -> Batch:
    """A batch from rows of {"inputs": ids, "targets": ids}, each example trimmed on its own.

    Raises ValueError where the examples of a row are longer together than the row.
    """
    examples = [example for row in rows for example in row]
    row_splits = np.cumsum([0] + [len(row) for row in rows])
    flat = {name: _flatten(examples, name, feature_lengths[name], eos_id) for name in FEATURES}
    return assemble_batch(flat["inputs"], flat["targets"], row_splits, feature_lengths)


def trim(tokens: np.ndarray, width: int, *, eos_id: int = 1) -> np.ndarray:
    """The first `width` ids; the last is EOS if the whole ended with it."""
    if len(tokens) <= width or width == 0:
        return tokens[:width]
    trimmed = np.array(tokens[:width])
    if tokens[-1] == eos_id:
        trimmed[-1] = eos_id
    return trimmed


class _Layout:
    """Where examples laid end to end stand in rows of `width`.

    A row is filled from its left without gaps, so writing flat values to the filled positions in
    reading order puts each one in its place.
    """

    def __init__(self, lengths: np.ndarray, row_splits: np.ndarray, width: int):
        self._lengths = lengths
        self._row_splits = row_splits
        self._ends = np.cumsum(lengths)
        used = np.diff(np.concatenate([[0], self._ends])[row_splits])
        if used.max(initial=0) > width:
            row = int(used.argmax())
            raise ValueError(f"row {row} holds {used[row]} tokens, more than its length {width}")
        self.filled = np.arange(width) < used[:, None]

    def spread(self, flat: np.ndarray) -> np.ndarray:
        rows = np.zeros(self.filled.shape, np.int32)
        rows[self.filled] = flat
        return rows

    def segment_ids(self) -> np.ndarray:
        first = np.repeat(self._row_splits[:-1], np.diff(self._row_splits))
        number = np.arange(1, len(self._lengths) + 1) - first
        return self.spread(np.repeat(number, self._lengths))

    def positions(self) -> np.ndarray:
        total = int(self._lengths.sum())
        return self.spread(np.arange(total) - np.repeat(self._starts(), self._lengths))

    def shift_right(self, flat: np.ndarray) -> np.ndarray:
        shifted = np.zeros_like(flat)
        shifted[1:] = flat[:-1]
        shifted[self._starts()[self._lengths > 0]] = 0
        return shifted

    def _starts(self) -> np.ndarray:
        return self._ends - self._lengths


def _flatten(
    examples: Sequence[Mapping[str, Sequence[int] | np.ndarray]],
    name: str,
    width: int,
    eos_id: int,
) -> FlatTokens:
    pieces = [trim(np.asarray(x[name], np.int32), width, eos_id=eos_id) for x in examples]
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    return FlatTokens(np.concatenate([np.zeros(0, np.int32), *pieces]), lengths)
