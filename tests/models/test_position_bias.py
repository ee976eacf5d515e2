"""Position buckets have T5's borders, and biases stand on the right diagonals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.models.position_bias import (
    RelativePositionBias,
    lay_out_diagonals,
    relative_position_bucket,
)
from tests.models.numpy_t5 import bucket


@pytest.mark.parametrize("bidirectional", [True, False])
def test_buckets_have_the_published_borders(bidirectional):
    offsets = np.arange(-1000, 1001)
    ours = relative_position_bucket(offsets, bidirectional=bidirectional)
    assert ours.tolist() == [bucket(offset, bidirectional) for offset in offsets.tolist()]


@pytest.mark.parametrize("query_length, key_length", [(1, 1), (1, 7), (7, 1), (5, 5), (4, 9)])
def test_diagonals_are_laid_out_by_offset(query_length, key_length):
    by_offset = np.random.default_rng(0).normal(size=(3, query_length + key_length - 1))
    laid_out = lay_out_diagonals(jnp.asarray(by_offset, jnp.float32), query_length, key_length)
    i, j = np.indices((query_length, key_length))
    expected = by_offset[:, query_length - 1 + j - i].astype(np.float32)
    np.testing.assert_array_equal(laid_out, expected)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_bias_of_a_step_is_a_row_of_the_whole(bidirectional):
    module = RelativePositionBias(num_heads=2, bidirectional=bidirectional)
    table = np.random.default_rng(0).normal(size=(2, 32)).astype(np.float32)
    bound = module.bind({"params": {"rel_embedding": table}})
    whole = np.asarray(lay_out_diagonals(bound(50, 50), 50, 50))
    for position, new in [(0, 1), (17, 1), (49, 1), (0, 6), (44, 6), (0, 50)]:
        rows = lay_out_diagonals(bound.at(jnp.int32(position), new, 50), new, 50)
        np.testing.assert_array_equal(rows, whole[:, position : position + new])


def test_gradient_of_the_table_counts_the_places_of_each_bucket():
    module = RelativePositionBias(num_heads=1, bidirectional=True)

    def total(table):
        by_offset = module.apply({"params": {"rel_embedding": table}}, 40, 30)
        return lay_out_diagonals(by_offset, 40, 30).sum()

    gradient = jax.grad(total)(jnp.zeros((1, 32)))
    offsets = np.arange(30)[None, :] - np.arange(40)[:, None]
    counts = np.bincount([bucket(d, True) for d in offsets.ravel().tolist()], minlength=32)
    np.testing.assert_array_equal(gradient[0], counts)
