"""Dropout falls where T5X lets it fall, with the masks shared along the axes T5X shares."""

import collections
import functools
import itertools

import flax.linen as nn
import jax
import numpy as np

from flan_mix.models import Transformer, apply
from flan_mix.models.layers import MultiHeadAttention
from tests.models.small_models import (
    logits_of,
    packed_batch,
    random_examples,
    random_params,
    small_config,
)

CONFIG = small_config(dropout_rate=0.5, num_encoder_layers=1, num_decoder_layers=1)
BATCH = packed_batch([random_examples(40, [(9, 6)], 0), random_examples(40, [(8, 5)], 1)], 10, 7)


@functools.cache
def dropout_calls():
    """(module path, output / input) of every nn.Dropout call of one forward pass, in order."""
    calls = []

    def record(next_function, args, kwargs, context):
        output = next_function(*args, **kwargs)
        if isinstance(context.module, nn.Dropout):
            calls.append(("/".join(context.module.path), np.asarray(output / args[0])))
        return output

    params = random_params(CONFIG, 0)
    with nn.intercept_methods(record):
        apply(Transformer(CONFIG), params, BATCH, jax.random.key(0))
    return calls


def test_dropout_sites_are_t5x():
    sites = collections.Counter(path for path, _ in dropout_calls())
    assert sites == {
        "encoder/embedding_dropout": 1,
        "encoder/layers_0/dropout": 2,  # After self-attention and after the feed-forward.
        "encoder/layers_0/mlp/Dropout_0": 1,  # Inside the feed-forward.
        "encoder/output_dropout": 1,
        "decoder/embedding_dropout": 1,
        "decoder/layers_0/dropout": 3,  # After both attentions and the feed-forward.
        "decoder/layers_0/mlp/Dropout_0": 1,
        "decoder/output_dropout": 1,
    }


def test_masks_are_shared_by_all_positions_except_at_the_encoder_output():
    for path, ratio in dropout_calls():
        kept = ~(np.isclose(ratio, 0.0) | np.isnan(ratio))
        assert 0.2 < kept.mean() < 0.8, path
        np.testing.assert_allclose(ratio[kept], 2.0, rtol=1e-5)
        shared = (kept == kept[:, :1]).mean(axis=(1, 2))
        if path == "encoder/output_dropout":
            assert (shared < 0.9).all()
        elif "mlp" not in path:  # A gelu's product may be zero by itself.
            assert (shared == 1.0).all(), path


def test_calls_and_rows_have_masks_of_their_own():
    calls = [ratio for path, ratio in dropout_calls() if "decoder" in path]
    same_shape = [ratio == 0 for ratio in calls if ratio.shape == calls[0].shape]
    for first, second in itertools.combinations(same_shape, 2):
        assert not np.array_equal(first, second)
    assert all(not np.array_equal(ratio[0] == 0, ratio[1] == 0) for ratio in calls)


def test_attention_drops_keys_for_all_queries_of_a_head():
    config = small_config(dropout_rate=0.5)
    attention = MultiHeadAttention(config)
    bound = attention.bind({}, rngs={"dropout": jax.random.key(0)})
    mask = np.asarray(bound._key_dropout((400, 2, 10, 6)))
    assert mask.shape == (400, 2, 10)
    assert set(np.unique(mask)) == {0.0, 2.0}
    assert abs(mask.mean() - 1.0) < 0.05


def test_rng_decides_the_masks_and_without_one_nothing_is_dropped():
    params = random_params(CONFIG, 0)
    noisy = [np.asarray(logits_of(CONFIG, params, BATCH, jax.random.key(s))) for s in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert np.abs(noisy[0] - noisy[2]).max() > 0.1
    plain = np.asarray(logits_of(CONFIG, params, BATCH))
    assert np.abs(plain - noisy[0]).max() > 0.1
