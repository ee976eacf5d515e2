"""Packing changes nothing for an example, whatever stands beside it."""

import numpy as np
import pytest

from tests.models.small_models import (
    logits_of,
    packed_batch,
    random_examples,
    random_params,
    small_config,
)

CONFIG = small_config(num_encoder_layers=1, num_decoder_layers=2)
LENGTHS = [(6, 4), (3, 7), (9, 2), (4, 5)]


def packed_logits(rows, input_length=26, target_length=20):
    batch = packed_batch(rows, input_length, target_length)
    return np.asarray(logits_of(CONFIG, random_params(CONFIG, 0), batch)), batch


@pytest.mark.parametrize("seed", range(3))
def test_packed_example_has_the_logits_it_has_alone(seed):
    examples = random_examples(40, LENGTHS, seed)
    packed, batch = packed_logits([examples])
    for segment, example in enumerate(examples, start=1):
        alone, _ = packed_logits([[example]])
        in_pack = packed[0][batch["decoder_segment_ids"][0] == segment]
        np.testing.assert_allclose(in_pack, alone[0, : len(in_pack)], rtol=1e-4, atol=1e-5)


def test_padding_length_does_not_change_logits():
    examples = random_examples(40, LENGTHS, 7)
    tight, _ = packed_logits([examples], 22, 18)
    loose, _ = packed_logits([examples], 37, 25)
    np.testing.assert_allclose(loose[:, :18], tight[:, :18], rtol=1e-4, atol=1e-5)


def test_token_zero_inside_a_segment_is_read():
    (inputs, targets), *_ = random_examples(40, [(6, 4)], 0)
    with_zero, with_seven = inputs.copy(), inputs.copy()
    with_zero[2], with_seven[2] = 0, 7
    # Were id 0 padding, the example without that token would give the same logits at its end.
    without = np.delete(inputs, 2)
    logits = [
        packed_logits([[(row, targets)]])[0][0, 3] for row in (with_zero, with_seven, without)
    ]
    assert np.abs(logits[0] - logits[1]).max() > 1e-2
    assert np.abs(logits[0] - logits[2]).max() > 1e-2


def test_later_targets_do_not_reach_earlier_logits():
    (inputs, targets), *_ = random_examples(40, [(6, 5)], 0)
    changed = targets.copy()
    changed[3] = (changed[3] + 1) % 40
    first, second = packed_logits([[(inputs, targets)]])[0], packed_logits([[(inputs, changed)]])[0]
    # Target 3 is the decoder's input at place 4.
    np.testing.assert_array_equal(first[0, :4], second[0, :4])
    assert np.abs(first[0, 4] - second[0, 4]).max() > 1e-3


def test_id_outside_the_vocabulary_cannot_pass_unnoticed():
    logits, _ = packed_logits([[(np.array([3, 40, 5]), np.array([2, 1]))]])
    assert np.isnan(logits[0, :2]).all()
