"""Attention reads what the masks allow, and drops keys as T5X drops weights."""

import jax.numpy as jnp
import numpy as np

from flan_mix.models.attention import Mask, attend, causal_mask, segment_mask


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
        attend(query, key, value, bias=None, mask=Mask(mask)),
        attend(query, spoiled_key, spoiled_value, bias=None, mask=Mask(mask)),
    )


def test_query_without_keys_attends_evenly():
    query, key, value = random_heads(1)
    attended = attend(query, key, value, bias=None, mask=Mask(np.zeros((1, 1, 5), bool)))
    means = np.broadcast_to(value.mean(axis=2, keepdims=True), attended.shape)
    np.testing.assert_allclose(attended, means, rtol=1e-5, atol=1e-6)


def test_dropping_keys_equals_dropping_weights_for_all_queries():
    query, key, value = random_heads(2)
    bias = np.random.default_rng(3).normal(size=(3, 4, 5)).astype(np.float32)
    kept = (np.random.default_rng(4).random((2, 3, 5)) < 0.7) / 0.7
    scores = np.einsum("bhqd,bhkd->bhqk", query, key) + bias
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = np.einsum("bhqk,bhkd->bhqd", weights * kept[:, :, None, :], value)
    everything = Mask(np.ones((1, 1, 1), bool))
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


def test_causal_mask_sees_the_past_and_the_present():
    assert np.asarray(causal_mask(3)[0]).tolist() == np.tri(3, dtype=bool).tolist()


def test_float32_logits_are_not_rounded_before_the_softmax():
    # Logits of some tens: rounded to bfloat16 they are off by a tenth.
    heads = [jnp.asarray(2 * array, jnp.bfloat16) for array in random_heads(5, size=64)]
    mask = Mask(np.ones((1, 1, 1), bool))
    exact = attend(*(array.astype(np.float32) for array in heads), bias=None, mask=mask)
    error = {
        keep: np.abs(attend(*heads, bias=None, mask=mask, float32_logits=keep) - exact).mean()
        for keep in (False, True)
    }
    assert error[True] < 0.7 * error[False]
