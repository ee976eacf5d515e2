"""Batches of like length: few shapes, little padding, every example once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flan_mix.inference.length_buckets import bucket_length, plan_batches


def test_buckets_are_two_per_doubling():
    buckets = sorted({bucket_length(length) for length in range(1, 1025)})
    assert buckets == [32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]


@given(st.integers(1, 100_000))
def test_bucket_holds_the_length_and_wastes_at_most_a_third(length):
    bucket = bucket_length(length)
    assert bucket >= length
    assert bucket == 32 or bucket - length < bucket / 3


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 9))
def test_every_example_is_planned_once_and_fits(lengths, batch_size):
    batches = plan_batches(lengths, batch_size)
    assert sorted(i for batch in batches for i in batch.indices) == list(range(len(lengths)))
    assert all(len(batch.indices) == batch_size for batch in batches[:-1])
    for batch in batches:
        assert batch.length == bucket_length(max(lengths[i] for i in batch.indices))
    in_order = [lengths[i] for batch in batches for i in batch.indices]
    assert in_order == sorted(lengths, reverse=True)


def test_no_examples_make_no_batches():
    assert plan_batches([], 4) == []


@pytest.mark.parametrize("lengths, shapes", [([20] * 100, {32}), ([20, 300] * 50, {32, 384})])
def test_neighbours_in_length_share_shapes(lengths, shapes):
    assert {batch.length for batch in plan_batches(lengths, 10)} == shapes
