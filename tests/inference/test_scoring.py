"""Likelihoods of given targets, by token, row and packed example."""

import jax
import numpy as np
import pytest

from flan_mix.inference import score_rows, score_segments, token_log_likelihoods
from flan_mix.models import Transformer
from tests.models.numpy_t5 import NumpyT5
from tests.models.small_models import (
    packed_batch,
    random_examples,
    random_flat_params,
    random_params,
    small_config,
)

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=1)
MODEL = Transformer(CONFIG)
PARAMS = random_params(CONFIG, 0)
EXAMPLES = random_examples(40, [(6, 4), (3, 7), (9, 2), (4, 5)], 0)


def numpy_score(inputs, targets):
    fields = {name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__}
    reference = NumpyT5(fields, random_flat_params(CONFIG, 0))
    logits = reference.example_logits(inputs, np.concatenate([[0], targets[:-1]]))
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return log_probs[np.arange(len(targets)), targets].sum()


def test_packed_segments_score_as_each_example_alone():
    batch = packed_batch([EXAMPLES[:3], EXAMPLES[3:]], 20, 15)
    scores = jax.jit(lambda batch: score_segments(MODEL, PARAMS, batch, max_segments=4))(batch)
    expected = np.zeros((2, 4))
    for place, example in zip([(0, 0), (0, 1), (0, 2), (1, 0)], EXAMPLES, strict=True):
        expected[place] = numpy_score(*example)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_row_score_is_the_sum_over_its_segments():
    batch = packed_batch([EXAMPLES[:3], EXAMPLES[3:]], 20, 15)
    rows = jax.jit(lambda batch: score_rows(MODEL, PARAMS, batch))(batch)
    segments = jax.jit(lambda batch: score_segments(MODEL, PARAMS, batch, max_segments=3))(batch)
    np.testing.assert_allclose(rows, np.asarray(segments).sum(axis=1), rtol=1e-6)


def test_loss_weights_choose_the_tokens_that_count():
    batch = packed_batch([EXAMPLES[:1]], 6, 5)
    score = jax.jit(lambda batch: token_log_likelihoods(MODEL, PARAMS, batch))
    whole = np.asarray(score(batch))
    assert (whole[0, :4] < 0).all() and whole[0, 4] == 0
    batch["decoder_loss_weights"][0, 1:] = 0
    first = np.asarray(score(batch))
    assert first[0, 0] == pytest.approx(whole[0, 0]) and not first[0, 1:].any()
