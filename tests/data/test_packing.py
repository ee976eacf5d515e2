"""Packing: no row too full, nothing lost, few gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.data.packing import pack

CAPACITY = (40, 12)


def used(rows: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(rows, weights=lengths[: len(rows)], minlength=count)


def next_fit_rows(inputs: np.ndarray, targets: np.ndarray, capacity: tuple[int, int]) -> int:
    """Rows when only the last one is open, as SeqIO's converter packs."""
    rows, room = 0, (-1, -1)
    for pair in zip(inputs.tolist(), targets.tolist(), strict=True):
        if pair[0] > room[0] or pair[1] > room[1]:
            rows, room = rows + 1, capacity
        room = (room[0] - pair[0], room[1] - pair[1])
    return rows


@settings(max_examples=200)
@given(
    lengths=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=120),
    max_rows=st.integers(1, 30),
)
def test_rows_hold_a_prefix_and_the_next_example_fits_nowhere(lengths, max_rows):
    inputs, targets = np.array(lengths, np.int64).reshape(-1, 2).T
    rows = pack(inputs, targets, CAPACITY, max_rows=max_rows)
    room_inputs = CAPACITY[0] - used(rows, inputs, max_rows)
    room_targets = CAPACITY[1] - used(rows, targets, max_rows)
    assert len(rows) <= len(inputs) and (len(rows) == 0 or rows.max() < max_rows)
    assert room_inputs.min() >= 0 and room_targets.min() >= 0
    if len(rows) < len(inputs):
        a, b = inputs[len(rows)], targets[len(rows)]
        assert not ((room_inputs >= max(a, 1)) & (room_targets >= max(b, 1))).any()


@pytest.mark.parametrize(("means", "full"), [((12, 2), 0.97), ((5, 4), 0.97), ((8, 2.4), 0.92)])
def test_rows_are_nearly_full_on_the_scarcer_dimension(means, full):
    random = np.random.default_rng(0)
    inputs = np.clip(random.gamma(2, means[0] / 2, 60_000).astype(int), 1, CAPACITY[0])
    targets = np.clip(random.gamma(2, means[1] / 2, 60_000).astype(int), 1, CAPACITY[1])
    rows = pack(inputs, targets, CAPACITY, max_rows=1000)
    fill = [used(rows, x, 1000).sum() / 1000 / c for x, c in ((inputs, 40), (targets, 12))]
    taken = slice(len(rows))
    assert max(fill) > full
    assert next_fit_rows(inputs[taken], targets[taken], CAPACITY) > 1.15 * 1000


def test_lengths_over_half_a_row_still_fill_every_row():
    """Two such examples never share a row, so far fewer fit than their tokens would suggest."""
    lengths = np.full(5000, 21)
    rows = pack(lengths, np.ones(5000, int), CAPACITY, max_rows=1000)
    assert np.array_equal(np.sort(rows), np.arange(1000))


def test_either_dimension_can_be_the_scarce_one():
    long_targets = pack(np.full(100, 4), np.full(100, 6), CAPACITY, max_rows=20)
    long_inputs = pack(np.full(100, 20), np.full(100, 1), CAPACITY, max_rows=20)
    assert np.bincount(long_targets).tolist() == np.bincount(long_inputs).tolist() == [2] * 20


def test_fewer_examples_than_rows_are_all_placed():
    assert len(pack(np.array([5, 5]), np.array([2, 2]), CAPACITY, max_rows=10)) == 2


def test_examples_without_tokens_take_no_room():
    rows = pack(np.zeros(50, int), np.zeros(50, int), CAPACITY, max_rows=1)
    assert len(rows) == 50
