"""Cached decoding predicts what the whole model, applied to the predicted rows, predicts."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.inference import greedy_decode
from flan_mix.models import Transformer
from flan_mix.models.t5 import empty_caches
from tests.models.small_models import (
    T5_1_0,
    T5_1_1,
    logits_of,
    packed_batch,
    random_examples,
    random_params,
    small_config,
)

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=2)
PARAMS = random_params(CONFIG, 1)
STEPS = 16
NO_TOKEN = 99  # As EOS, an id outside the vocabulary: all rows run to the end.

ROWS = [[example] for example in random_examples(40, [(7, 1), (12, 1), (1, 1), (9, 1)], 0)]
BATCH = packed_batch(ROWS, 12, 1)
TOKENS, SEGMENT_IDS = BATCH["encoder_input_tokens"], BATCH["encoder_segment_ids"]


@functools.partial(jax.jit, static_argnums=0)
def decode(config, params, tokens, segment_ids, eos_id):
    """Compiled once per configuration and shape."""
    return greedy_decode(
        Transformer(config), params, tokens, segment_ids, max_decode_length=STEPS, eos_id=eos_id
    )


def teacher_forced(config, params, predicted):
    """[batch, length, vocab] log-probabilities given the predicted tokens themselves."""
    shifted = np.concatenate([np.zeros_like(predicted[:, :1]), predicted[:, :-1]], axis=1)
    batch = {
        "encoder_input_tokens": TOKENS,
        "encoder_segment_ids": SEGMENT_IDS,
        "decoder_input_tokens": shifted,
        "decoder_segment_ids": np.ones_like(shifted),
    }
    return np.asarray(jax.nn.log_softmax(logits_of(config, params, batch)))


@pytest.mark.parametrize("kind", [T5_1_1, T5_1_0], ids=["t5_1_1", "t5_1_0"])
def test_every_token_is_the_likeliest_of_the_whole_model(kind):
    config = small_config(num_encoder_layers=1, num_decoder_layers=2, **kind)
    params = random_params(config, 1)
    result = decode(config, params, TOKENS, SEGMENT_IDS, NO_TOKEN)
    predicted = np.asarray(result.tokens)
    assert int(result.steps) == STEPS
    assert len({tuple(row) for row in predicted.tolist()}) > 1
    log_probs = teacher_forced(config, params, predicted)
    chosen = np.take_along_axis(log_probs, predicted[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(chosen, log_probs.max(axis=-1), atol=1e-5)
    np.testing.assert_allclose(result.scores, chosen.sum(axis=1), rtol=1e-5)


def test_rows_stop_at_their_eos_and_score_it():
    free = np.asarray(decode(CONFIG, PARAMS, TOKENS, SEGMENT_IDS, NO_TOKEN).tokens)
    log_probs = teacher_forced(CONFIG, PARAMS, free)
    eos_id = int(free[1, 4])
    result = decode(CONFIG, PARAMS, TOKENS, SEGMENT_IDS, eos_id)
    for row, unstopped in enumerate(free):
        length = [*unstopped.tolist(), eos_id].index(eos_id) + 1
        expected = np.where(np.arange(STEPS) < length, unstopped, 0)
        np.testing.assert_array_equal(result.tokens[row], expected)
        places = np.arange(min(length, STEPS))
        score = log_probs[row, places, unstopped[places]].sum()
        np.testing.assert_allclose(result.scores[row], score, rtol=1e-4)
    assert np.asarray(result.tokens)[1, 5:].max() == 0


def test_loop_ends_with_the_last_unfinished_row():
    free = np.asarray(decode(CONFIG, PARAMS, TOKENS, SEGMENT_IDS, NO_TOKEN).tokens).tolist()
    for chosen in ([0, 0, 0, 0], [3, 3, 3, 3], [1, 2, 1, 2]):
        eos_id = free[chosen[0]][4]
        ends = [[*free[row], *[eos_id] * STEPS].index(eos_id) + 1 for row in chosen]
        result = decode(CONFIG, PARAMS, TOKENS[chosen], SEGMENT_IDS[chosen], eos_id)
        assert int(result.steps) == min(max(ends), STEPS)
        assert min(ends) <= 5


def test_rows_of_padding_alone_are_finished_from_the_start():
    keep = np.array([[1], [1], [0], [1]])
    result = decode(CONFIG, PARAMS, TOKENS * keep, SEGMENT_IDS * keep, NO_TOKEN)
    whole = decode(CONFIG, PARAMS, TOKENS, SEGMENT_IDS, NO_TOKEN)
    np.testing.assert_array_equal(result.tokens, whole.tokens * keep)
    assert float(result.scores[2]) == 0.0
    nothing = decode(CONFIG, PARAMS, TOKENS * 0, SEGMENT_IDS * 0, NO_TOKEN)
    assert int(nothing.steps) == 0 and not nothing.tokens.any()


def test_padding_of_the_inputs_does_not_change_the_answer():
    tight = decode(CONFIG, PARAMS, TOKENS, SEGMENT_IDS, NO_TOKEN)
    wide = [np.pad(array, ((0, 0), (0, 9))) for array in (TOKENS, SEGMENT_IDS)]
    loose = decode(CONFIG, PARAMS, *wide, NO_TOKEN)
    np.testing.assert_array_equal(tight.tokens, loose.tokens)
    np.testing.assert_allclose(tight.scores, loose.scores, rtol=1e-5)


def test_steps_of_one_or_several_tokens_give_the_logits_of_the_whole():
    targets = np.random.default_rng(0).integers(0, 40, (4, 6)).astype(np.int32)
    batch = {
        "encoder_input_tokens": TOKENS,
        "encoder_segment_ids": SEGMENT_IDS,
        "decoder_input_tokens": targets,
        "decoder_segment_ids": np.ones_like(targets),
    }
    whole = np.asarray(logits_of(CONFIG, PARAMS, batch))

    @jax.jit
    def in_steps(params):
        bound = Transformer(CONFIG).bind({"params": params})
        cross = bound.cross_key_values(bound.encode(TOKENS, SEGMENT_IDS))
        caches, position, logits = empty_caches(CONFIG, 4, 9), 0, []
        for size in (3, 1, 2):
            part = targets[:, position : position + size]
            new, caches = bound.decode_step(part, jnp.int32(position), cross, caches, SEGMENT_IDS)
            logits.append(new)
            position += size
        return jnp.concatenate(logits, axis=1)

    np.testing.assert_allclose(in_steps(PARAMS), whole, rtol=1e-4, atol=1e-5)


def test_bfloat16_decodes_with_caches_in_bfloat16():
    config = small_config(num_encoder_layers=1, num_decoder_layers=2, dtype="bfloat16")
    assert {cache.key.dtype.name for cache in empty_caches(config, 2, 5)} == {"bfloat16"}
    result = decode(config, PARAMS, TOKENS, SEGMENT_IDS, NO_TOKEN)
    log_probs = teacher_forced(CONFIG, PARAMS, np.asarray(result.tokens))
    chosen = np.take_along_axis(log_probs, np.asarray(result.tokens)[..., None], axis=-1)[..., 0]
    # In float32 the same tokens are nearly the likeliest, and nearly as likely.
    assert (log_probs.max(axis=-1) - chosen).max() < 0.2
    np.testing.assert_allclose(result.scores, chosen.sum(axis=1), rtol=0.05)
