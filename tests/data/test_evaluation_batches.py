"""Evaluation batches: every example once, in order."""

import numpy as np

from flan_mix.data.evaluation_batches import evaluation_batches
from tests.data.batch_counts import batch_counts
from tests.data.synthetic_caches import numbered_cache, random_lengths


def test_every_example_comes_once_in_order_and_the_rest_is_empty(tmp_path):
    cache = numbered_cache(tmp_path, "a", random_lengths(10, 0, (20, 9)))
    batches = list(evaluation_batches(cache, batch_size=4))
    indices = np.concatenate([index for _, index in batches])
    assert indices.tolist() == [*range(10), -1, -1]
    last = batches[-1][0]
    assert batch_counts(last).examples == 2
    assert (last["encoder_input_tokens"][2:] == 0).all()
    assert (last["decoder_loss_weights"][2:] == 0).all()


def test_rows_hold_whole_examples_at_the_longest_length(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(5, 2), (9, 4), (3, 7)])
    ((batch, _),) = evaluation_batches(cache, batch_size=3)
    assert batch["encoder_input_tokens"].shape == (3, 9)
    assert batch["decoder_target_tokens"].shape == (3, 7)
    for row in range(3):
        inputs = batch["encoder_input_tokens"][row][batch["encoder_segment_ids"][row] == 1]
        assert inputs.tolist() == cache[row]["inputs"].tolist()


def test_given_lengths_trim_and_keep_eos(tmp_path):
    cache = numbered_cache(tmp_path, "a", [(9, 7)])
    lengths = {"inputs": 4, "targets": 3}
    ((batch, _),) = evaluation_batches(cache, batch_size=1, feature_lengths=lengths)
    assert batch["encoder_input_tokens"].tolist() == [[2, 2, 2, 1]]
    assert batch["decoder_target_tokens"].tolist() == [[2, 2, 1]]


def test_the_examples_asked_for_come_in_that_order(tmp_path):
    cache = numbered_cache(tmp_path, "a", random_lengths(10, 0, (20, 9)))
    asked = [0, 2, 3, 5, 9, 7]
    batches = list(evaluation_batches(cache, batch_size=4, examples=asked))
    assert [i for _, indices in batches for i in indices] == [*asked, -1, -1]
    row = batches[1][0]["encoder_input_tokens"][0]
    assert row[row != 0].tolist() == cache[9]["inputs"].tolist()


def test_empty_cache_gives_no_batches(tmp_path):
    assert list(evaluation_batches(numbered_cache(tmp_path, "a", []), batch_size=4)) == []
