"""Names and meanings of the logged metrics: T5X's, worked out by hand."""

import pytest

from flan_mix.training.metrics import BatchCounts, StepMetrics, summarize

FULL = BatchCounts(
    rows=2,
    encoder_positions=20,
    encoder_tokens=15,
    encoder_segments=4,
    decoder_positions=10,
    decoder_tokens=8,
    decoder_segments=4,
)
HALF = FULL.replace(encoder_tokens=5, decoder_tokens=2, encoder_segments=2, decoder_segments=2)


def step(counts, loss, weights, correct, learning_rate=0.1):
    return StepMetrics(
        loss=loss,
        z_loss=1.0,
        token_loss=3.0 * weights,
        correct=correct,
        weights=weights,
        learning_rate=learning_rate,
        gradient_norm=7.0,
        counts=counts,
    )


STEPS = [step(FULL, 16.0, 8.0, 6.0), step(HALF, 4.0, 2.0, 1.0, learning_rate=0.3)]


def test_losses_are_means_over_steps_tokens_or_positions():
    metrics = summarize(STEPS, seconds=4.0)
    assert metrics["loss"] == pytest.approx(10.0)
    assert metrics["cross_ent_loss"] == pytest.approx(9.0)
    assert metrics["z_loss"] == pytest.approx(1.0)
    assert metrics["loss_per_nonpadding_target_token"] == pytest.approx(2.0)
    assert metrics["loss_per_all_target_tokens"] == pytest.approx(1.0)
    assert metrics["cross_ent_loss_per_all_target_tokens"] == pytest.approx(0.9)
    assert metrics["z_loss_per_all_target_tokens"] == pytest.approx(0.1)
    assert metrics["token_loss"] == pytest.approx(3.0)
    assert metrics["accuracy"] == pytest.approx(0.7)


def test_fullness_counts_what_is_not_padding():
    metrics = summarize(STEPS, seconds=4.0)
    assert metrics["non_padding_fraction/encoder"] == pytest.approx(0.5)
    assert metrics["non_padding_fraction/decoder"] == pytest.approx(0.5)
    assert metrics["non_padding_fraction/overall"] == pytest.approx(0.5)
    assert metrics["non_padding_fraction/loss_weights"] == pytest.approx(0.5)
    assert metrics["effective_batch_size/encoder"] == pytest.approx(3.0)
    assert metrics["effective_batch_size/decoder"] == pytest.approx(3.0)


def test_rates_are_over_all_seconds_and_devices():
    metrics = summarize(STEPS, seconds=4.0, device_count=2)
    assert metrics["timing/seconds"] == 4.0
    assert metrics["timing/seqs"] == 4
    assert metrics["timing/steps_per_second"] == pytest.approx(0.5)
    assert metrics["timing/seqs_per_second"] == pytest.approx(1.0)
    assert metrics["timing/seqs_per_second_per_core"] == pytest.approx(0.5)
    assert metrics["timing/target_tokens_per_second"] == pytest.approx(5.0)
    assert metrics["timing/target_tokens_per_second_per_core"] == pytest.approx(2.5)
    assert metrics["timing/examples_per_second"] == pytest.approx(1.5)
    assert metrics["timing/non_padding_tokens_per_second"] == pytest.approx(7.5)


def test_learning_rate_is_the_mean_and_the_latest():
    metrics = summarize(STEPS, seconds=4.0)
    assert metrics["learning_rate"] == pytest.approx(0.2)
    assert metrics["learning_rate/current"] == pytest.approx(0.3)
    assert metrics["weight_gradient_norm"] == pytest.approx(7.0)


def test_batches_of_padding_alone_give_zeros_not_errors():
    empty = BatchCounts(*[0] * 7)
    metrics = summarize([step(empty, 0.0, 0.0, 0.0)], seconds=0.0)
    assert metrics["accuracy"] == 0.0
    assert metrics["timing/steps_per_second"] == 0.0
