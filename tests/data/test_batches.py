"""Batches: layout of rows, trimming, and what counts as padding."""

import numpy as np
import pytest

from flan_mix.data.batches import batch_from_rows, trim
from tests.data.batch_counts import batch_counts

LENGTHS = {"inputs": 10, "targets": 7}


def example(inputs, targets):
    return {"inputs": inputs, "targets": targets}


def test_packed_row_is_laid_out_as_seqio_documents():
    """The worked example in the docstring of seqio.EncDecFeatureConverter."""
    rows = [[example([7, 8, 5, 1], [3, 9, 1]), example([8, 4, 9, 3, 1], [4, 1])]]
    batch = batch_from_rows(rows, LENGTHS)
    expected = {
        "encoder_input_tokens": [7, 8, 5, 1, 8, 4, 9, 3, 1, 0],
        "encoder_segment_ids": [1, 1, 1, 1, 2, 2, 2, 2, 2, 0],
        "encoder_positions": [0, 1, 2, 3, 0, 1, 2, 3, 4, 0],
        "decoder_target_tokens": [3, 9, 1, 4, 1, 0, 0],
        "decoder_input_tokens": [0, 3, 9, 0, 4, 0, 0],
        "decoder_loss_weights": [1, 1, 1, 1, 1, 0, 0],
        "decoder_segment_ids": [1, 1, 1, 2, 2, 0, 0],
        "decoder_positions": [0, 1, 2, 0, 1, 0, 0],
    }
    assert {name: array.tolist()[0] for name, array in batch.items()} == expected
    assert {array.dtype for array in batch.values()} == {np.dtype(np.int32)}


def test_id_0_inside_a_segment_is_a_token():
    batch = batch_from_rows([[example([5, 0, 1], [0, 0, 6, 1])]], LENGTHS)
    assert batch["encoder_segment_ids"][0].tolist() == [1, 1, 1] + [0] * 7
    assert batch["decoder_loss_weights"][0].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert batch["decoder_target_tokens"][0].tolist() == [0, 0, 6, 1, 0, 0, 0]
    assert batch["decoder_positions"][0].tolist() == [0, 1, 2, 3, 0, 0, 0]


def test_too_long_example_is_trimmed_and_keeps_its_eos():
    batch = batch_from_rows([[example([*range(2, 30), 1], [*range(2, 20), 1])]], LENGTHS)
    assert batch["encoder_input_tokens"][0].tolist() == [*range(2, 11), 1]
    assert batch["decoder_target_tokens"][0].tolist() == [2, 3, 4, 5, 6, 7, 1]
    assert batch["decoder_input_tokens"][0].tolist() == [0, 2, 3, 4, 5, 6, 7]


def test_too_long_example_without_eos_is_only_cut():
    assert trim(np.arange(2, 30), 4).tolist() == [2, 3, 4, 5]


def test_trimming_leaves_what_it_was_given_alone():
    tokens = np.array([2, 3, 4, 1])
    assert trim(tokens, 2).tolist() == [2, 1]
    assert tokens.tolist() == [2, 3, 4, 1]


def test_empty_rows_and_empty_features_are_padding():
    rows = [[], [example([], [4, 1]), example([6, 1], [])], []]
    batch = batch_from_rows(rows, LENGTHS)
    assert batch["encoder_segment_ids"].tolist()[1] == [2, 2] + [0] * 8
    assert batch["decoder_segment_ids"].tolist()[1] == [1, 1] + [0] * 5
    assert all((array[[0, 2]] == 0).all() for array in batch.values())


def test_row_that_is_too_full_is_refused():
    with pytest.raises(ValueError, match="row 1 holds 12 tokens, more than its length 10"):
        batch_from_rows([[], [example([2] * 6, [1]), example([2] * 6, [1])]], LENGTHS)


def test_counts_leave_padding_out():
    rows = [[example([5, 0, 1], [3, 1]), example([1], [0, 2, 1])], []]
    counts = batch_counts(batch_from_rows(rows, LENGTHS))
    assert (counts.encoder_tokens, counts.decoder_tokens, counts.examples) == (4, 5, 2)
    assert (counts.encoder_positions, counts.decoder_positions) == (20, 14)
