"""The model equals a plain float64 implementation, without any golden number."""

import dataclasses

import numpy as np
import pytest

from tests.models.numpy_t5 import NumpyT5
from tests.models.small_models import (
    T5_1_0,
    T5_1_1,
    logits_of,
    packed_batch,
    random_examples,
    random_flat_params,
    random_params,
    small_config,
)


def differences(config, batch, seed):
    """|ours - NumPy's| at real target positions."""
    reference = NumpyT5(dataclasses.asdict(config), random_flat_params(config, seed)).logits(batch)
    logits = logits_of(config, random_params(config, seed), batch)
    real = batch["decoder_segment_ids"] > 0
    return np.abs(np.asarray(logits) - reference)[real]


@pytest.mark.parametrize("kind", [T5_1_1, T5_1_0], ids=["t5_1_1", "t5_1_0"])
@pytest.mark.parametrize("seed", range(2))
def test_packed_batch_equals_numpy(kind, seed):
    config = small_config(**kind)
    examples = random_examples(40, [(7, 3), (5, 6), (9, 1), (12, 8), (1, 4)], seed)
    batch = packed_batch([examples[:3], examples[3:]], 24, 14)
    assert (batch["encoder_input_tokens"][batch["encoder_segment_ids"] > 0] == 0).any() or seed
    assert differences(config, batch, seed).max() < 2e-5


def test_sequences_beyond_the_last_bucket_equal_numpy():
    config = small_config(num_encoder_layers=1, num_decoder_layers=1)
    batch = packed_batch([random_examples(40, [(150, 140)], 0)], 150, 140)
    assert differences(config, batch, 0).max() < 2e-5


def test_bfloat16_is_near_float64_and_gives_float32_logits():
    config = small_config(dtype="bfloat16")
    batch = packed_batch([random_examples(40, [(7, 5), (8, 6)], 1)], 16, 12)
    logits = logits_of(config, random_params(config, 1), batch)
    assert logits.dtype == np.float32
    difference = differences(config, batch, 1)
    assert difference.max() > 1e-3 and np.sqrt(np.mean(difference**2)) < 0.05
