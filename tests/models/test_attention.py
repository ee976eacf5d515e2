"""Attention reads what the masks allow, and drops keys as T5X drops weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.models import attention
from flan_mix.models.attention import Mask, attend, segment_mask
from flan_mix.models.position_bias import lay_out_diagonals


def random_heads(seed, batch=2, heads=3, queries=4, keys=5, size=6):
    random = np.random.default_rng(seed)
    shapes = [(batch, heads, queries, size), (batch, heads, keys, size), (batch, heads, keys, size)]
    return [random.normal(size=shape).astype(np.float32) for shape in shapes]


def test_masked_keys_and_values_are_never_read():
    query, key, value = random_heads(0)
    mask = np.ones((2, 4, 5), bool)
    mask[:, :, 3] = False
    spoiled_key, spoiled_value = key.copy(), value.copy()
    spoiled_key[:, :, 3], spoiled_value[:, :, 3] = 1e4, -1e4
    np.testing.assert_array_equal(
        attend(query, key, value, bias=None, mask=Mask(given=mask)),
        attend(query, spoiled_key, spoiled_value, bias=None, mask=Mask(given=mask)),
    )


def test_query_without_keys_attends_evenly():
    query, key, value = random_heads(1)
    attended = attend(query, key, value, bias=None, mask=Mask(given=np.zeros((1, 1, 5), bool)))
    means = np.broadcast_to(value.mean(axis=2, keepdims=True), attended.shape)
    np.testing.assert_allclose(attended, means, rtol=1e-5, atol=1e-6)


def test_dropping_keys_equals_dropping_weights_for_all_queries():
    query, key, value = random_heads(2)
    bias = np.random.default_rng(3).normal(size=(3, 4 + 5 - 1)).astype(np.float32)
    kept = (np.random.default_rng(4).random((2, 3, 5)) < 0.7) / 0.7
    scores = np.einsum("bhqd,bhkd->bhqk", query, key) + lay_out_diagonals(bias, 4, 5)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = np.einsum("bhqk,bhkd->bhqd", weights * kept[:, :, None, :], value)
    everything = Mask(given=np.ones((1, 1, 1), bool))
    dropped = attend(query, key, value, bias=bias, mask=everything, key_dropout=kept)
    np.testing.assert_allclose(dropped, expected, rtol=1e-4, atol=1e-6)


def test_segments_meet_only_themselves_and_padding_meets_nothing():
    mask = segment_mask(np.array([[1, 1, 2, 0]]), np.array([[1, 2, 2, 0, 0]]))
    assert np.asarray(mask.allowed[0]).tolist() == [
        [True, False, False, False, False],
        [True, False, False, False, False],
        [False, True, True, False, False],
        [False, False, False, False, False],
    ]


def test_causal_mask_sees_the_past_and_the_present_of_its_segment():
    ids = np.array([[1, 1, 1], [1, 2, 2]])
    allowed = segment_mask(ids, ids, is_causal=True).allowed
    assert np.asarray(allowed[0]).tolist() == np.tri(3, dtype=bool).tolist()
    assert np.asarray(allowed[1, :, 0]).tolist() == [True, False, False]


def test_float32_logits_are_not_rounded_before_the_softmax():
    # Logits of some tens: rounded to bfloat16 they are off by a tenth.
    heads = [jnp.asarray(2 * array, jnp.bfloat16) for array in random_heads(5, size=64)]
    mask = Mask(given=np.ones((1, 1, 1), bool))
    exact = attend(*(array.astype(np.float32) for array in heads), bias=None, mask=mask)
    error = {
        keep: np.abs(attend(*heads, bias=None, mask=mask, float32_logits=keep) - exact).mean()
        for keep in (False, True)
    }
    assert error[True] < 0.7 * error[False]


MASKS = {
    "given": Mask(given=np.tri(7, 5, dtype=bool)[None]),
    "keys": Mask(given=np.array([[[1, 0, 1, 1, 0]], [[0, 1, 1, 0, 1]]], bool)),
    "all": Mask(given=np.ones((1, 1, 1), bool)),
    "segments": segment_mask(
        np.array([[1, 1, 2, 2, 2, 3, 0], [1, 1, 1, 1, 1, 2, 2]]),
        np.array([[1, 2, 2, 3, 0], [1, 1, 1, 2, 2]]),
    ),
    "causal": segment_mask(
        np.array([[1, 1, 2, 2, 2, 3, 0], [1, 1, 1, 1, 1, 1, 1]]),
        np.array([[1, 1, 2, 2, 2], [1, 1, 1, 1, 1]]),
        is_causal=True,
    ),
}


@pytest.mark.parametrize("masked", MASKS)
@pytest.mark.parametrize("biased", [True, False])
def test_blocks_of_queries_give_what_all_at_once_give(monkeypatch, masked, biased):
    query, key, value = random_heads(6, queries=7, keys=5)
    random = np.random.default_rng(7)
    bias = random.normal(size=(3, 7 + 5 - 1)).astype(np.float32) if biased else None
    mask = MASKS[masked]
    cotangent = random.normal(size=query.shape).astype(np.float32)

    def values_and_gradients():
        def attended(*arrays):
            return attend(*arrays[:3], bias=arrays[3], mask=mask)

        values, pull_back = jax.vjp(attended, query, key, value, bias)
        return jax.tree.leaves((values, pull_back(cotangent)))

    whole = values_and_gradients()
    # Three blocks of 3, 3 and 1 queries.
    monkeypatch.setattr(attention, "MOST_PAIRS", 15)
    for of_blocks, of_all in zip(values_and_gradients(), whole, strict=True):
        np.testing.assert_allclose(of_blocks, of_all, rtol=1e-5, atol=1e-5)


def test_long_attention_holds_a_block_of_queries_against_keys_at_once():
    def temporary_bytes(length):
        heads = jax.ShapeDtypeStruct((1, 2, length, 8), jnp.float32)
        bias = jax.ShapeDtypeStruct((2, 2 * length - 1), jnp.float32)
        ids = jax.ShapeDtypeStruct((1, length), jnp.int32)

        def gradients(query, key, value, bias, ids):
            mask = segment_mask(ids, ids, is_causal=True)
            values, pull_back = jax.vjp(
                lambda q, k, v, b: attend(q, k, v, bias=b, mask=mask), query, key, value, bias
            )
            return pull_back(values)

        compiled = jax.jit(gradients).lower(heads, heads, heads, bias, ids).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary_bytes(4096) < 1.5 * temporary_bytes(2048)
