"""What T5X's loss normalizing factors mean, on batches small enough to count by hand."""

import numpy as np
import pytest

from flan_mix.training.loss_weights import LossConfig, normalize

# Row 0: segments of 3 and 1 tokens, the first token of the long one without weight; row 1: one
# segment of 2 tokens.
BATCH = {
    "decoder_segment_ids": np.array([[1, 1, 1, 2], [1, 1, 0, 0]]),
    "decoder_loss_weights": np.array([[0, 1, 1, 1], [1, 1, 0, 0]]),
}


def test_without_a_factor_the_sum_stays():
    weights, factor = normalize(BATCH, None)
    np.testing.assert_array_equal(weights, BATCH["decoder_loss_weights"])
    assert factor == 1.0


def test_a_number_divides_the_sum():
    assert normalize(BATCH, 233472).factor == 233472.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("NUM_REAL_TARGET_TOKENS", 5.0), ("num_total_target_tokens", 8.0)],
)
def test_token_factors_count_tokens_in_any_case_of_letters(name, expected):
    weights, factor = normalize(BATCH, name)
    assert factor == expected
    np.testing.assert_array_equal(weights, BATCH["decoder_loss_weights"])


def test_average_per_sequence_gives_each_packed_sequence_the_same_weight():
    weights, factor = normalize(BATCH, "AVERAGE_PER_SEQUENCE")
    np.testing.assert_allclose(weights, [[0, 0.5, 0.5, 1], [0.5, 0.5, 0, 0]])
    assert factor == 3.0


def test_average_per_sequence_takes_a_row_full_of_single_tokens():
    batch = {
        "decoder_segment_ids": np.array([[1, 2, 3, 4]]),
        "decoder_loss_weights": np.array([[1, 2, 4, 8]]),
    }
    weights, factor = normalize(batch, "AVERAGE_PER_SEQUENCE")
    np.testing.assert_array_equal(weights, [[1, 1, 1, 1]])
    assert factor == 4.0


def test_average_per_sequence_takes_a_row_without_segment_ids_as_one_sequence():
    batch = {"decoder_loss_weights": BATCH["decoder_loss_weights"]}
    weights, factor = normalize(batch, "AVERAGE_PER_SEQUENCE")
    np.testing.assert_allclose(weights, [[0, 1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose(factor, 2.0, rtol=1e-6)


@pytest.mark.parametrize("name", ["NUM_REAL_TARGET_TOKENS", "AVERAGE_PER_SEQUENCE"])
def test_a_batch_of_padding_alone_is_divided_by_one(name):
    empty = {key: np.zeros_like(value) for key, value in BATCH.items()}
    weights, factor = normalize(empty, name)
    assert factor == 1.0
    assert not np.any(weights)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss_normalizing_factor": "AVERAGE"}, "AVERAGE_PER_SEQUENCE"),
        ({"loss_normalizing_factor": 0.0}, "greater than 0"),
        ({"label_smoothing": 1.0}, r"\[0, 1\)"),
        ({"z_loss": -1e-4}, "negative"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LossConfig(**settings)
