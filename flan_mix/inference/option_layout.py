"""How the options of a batch of inputs lie in rows for the decoder.

All options of one input share its encoder row. They are packed as segments into blocks of one
width, each option whole; every input of a batch gets the same number of blocks, so that the rows
of an input lie where its encoder row lies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from flan_mix.inference.length_buckets import bucket_length

WIDEST_SHARED_BLOCK = 128
"""Wider blocks save no rows worth the longer self-attention; a longer option has its own width."""

NARROWEST_BLOCK = 8

Option = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class OptionRows:
    """Arrays int32 [inputs, blocks, width], and where each distinct option lies in them.

    tokens: what is scored. previous: what the decoder reads, each option shifted right behind a 0.
    segment_ids: from 1 within a block, 0 at padding.
    places: for each input, option -> slice of its blocks laid end to end.
    """

    tokens: np.ndarray
    previous: np.ndarray
    segment_ids: np.ndarray
    places: list[dict[Option, slice]]


def distinct(options: Sequence[Sequence[int]]) -> list[Option]:
    """The options without duplicates, in order."""
    return list(dict.fromkeys(tuple(map(int, option)) for option in options))


def lay_out(distinct_options: Sequence[Sequence[Option]], rows: int) -> OptionRows:
    """The rows for the distinct options of each of up to `rows` inputs; spare inputs have none."""
    width = _width(distinct_options)
    blocks = [_first_fit([len(option) for option in group], width) for group in distinct_options]
    count = _few_sizes(max((max(places, default=0) + 1 for places in blocks), default=1))
    tokens, previous, segments = (np.zeros((rows, count, width), np.int32) for _ in range(3))
    places: list[dict[Option, slice]] = []
    for row, (group, numbers) in enumerate(zip(distinct_options, blocks, strict=True)):
        filled, held = [0] * count, [0] * count
        places.append({})
        for option, block in zip(group, numbers, strict=True):
            start, end = filled[block], filled[block] + len(option)
            held[block] += 1
            tokens[row, block, start:end] = option
            previous[row, block, start + 1 : end] = option[:-1]
            segments[row, block, start:end] = held[block]
            filled[block] = end
            places[-1][option] = slice(block * width + start, block * width + end)
    return OptionRows(tokens, previous, segments, places)


def _width(groups: Sequence[Sequence[Option]]) -> int:
    longest = max((len(option) for group in groups for option in group), default=1)
    together = max((sum(map(len, group)) for group in groups), default=1)
    return bucket_length(max(longest, min(together, WIDEST_SHARED_BLOCK)), NARROWEST_BLOCK)


def _first_fit(lengths: Sequence[int], width: int) -> list[int]:
    """For each length the first block with room for it."""
    filled: list[int] = []
    chosen = []
    for length in lengths:
        fitting = (block for block, used in enumerate(filled) if used + length <= width)
        block = next(fitting, len(filled))
        if block == len(filled):
            filled.append(0)
        filled[block] += length
        chosen.append(block)
    return chosen


def _few_sizes(blocks: int) -> int:
    """The least of 1, 2, 3, 4, 6, 8, 12, ... from `blocks` on: few shapes to compile."""
    return blocks if blocks <= 2 else bucket_length(blocks, 2)
