"""Accumulation equals the large batch, dropout follows the step, resume is exact."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.training import (
    Adafactor,
    AdamW,
    LossConfig,
    abstract_state,
    evaluate_batches,
    make_eval_step,
    make_metrics_step,
    state_from_params,
)
from tests.training.tiny_run import random_batch
from tests.training.toy_model import (
    LOGICAL_AXES,
    ONE_DEVICE,
    apply_toy,
    apply_toy_without_dropout,
    init_toy,
    toy_run,
)

RNG = jax.random.key(3)


def take_steps(state, step, first, last):
    losses = []
    for number in range(first, last):
        state, metrics = step(state, ONE_DEVICE.shard_batch(random_batch(number)), RNG)
        losses.append(float(metrics.loss))
    return state, losses


def assert_same_bits(tree, other):
    jax.tree.map(np.testing.assert_array_equal, jax.device_get(tree), jax.device_get(other))


@pytest.mark.parametrize(
    "factor",
    [None, "NUM_REAL_TARGET_TOKENS", "NUM_TOTAL_TARGET_TOKENS", "AVERAGE_PER_SEQUENCE"],
)
def test_accumulated_gradients_equal_those_of_the_large_batch(factor):
    # Momentum without a decay: the moment after one step is the gradient, scaled by a number.
    optimizer = AdamW(b1=0.5)
    batch = random_batch(0)
    batch["decoder_loss_weights"][:4] //= 2  # a half without any weight: unequal token counts
    results = []
    for parts in (None, 4):
        state, step = toy_run(
            apply_fn=apply_toy_without_dropout,
            optimizer=optimizer,
            loss_config=LossConfig(1e-3, 0.1, factor),
            num_microbatches=parts,
        )
        state, metrics = step(state, ONE_DEVICE.shard_batch(batch), RNG)
        results.append((state.opt_state[0].mu, metrics))
    (whole, whole_metrics), (gradient, metrics) = results
    for path, expected in jax.tree.leaves_with_path(whole):
        found = dict(jax.tree.leaves_with_path(gradient))[path]
        np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(jax.tree.leaves(metrics), jax.tree.leaves(whole_metrics), rtol=1e-5)


def test_microbatches_that_do_not_divide_the_batch_are_refused_with_the_multiple_that_does():
    state, step = toy_run(num_microbatches=3)
    with pytest.raises(ValueError, match="make BATCH_SIZE a multiple of 3"):
        step(state, ONE_DEVICE.shard_batch(random_batch(0)), RNG)


def test_training_brings_the_loss_down():
    state, step = toy_run(loss_config=LossConfig(loss_normalizing_factor="NUM_REAL_TARGET_TOKENS"))
    batch = ONE_DEVICE.shard_batch(random_batch(0))
    losses = []
    for _ in range(60):
        state, metrics = step(state, batch, RNG)
        losses.append(float(metrics.loss))
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("optimizer", [Adafactor(min_dim_size_to_factor=16, beta1=0.9), AdamW()])
def test_stopping_and_going_on_from_a_copy_gives_the_same_bits_as_never_stopping(optimizer):
    state, step = toy_run(optimizer=optimizer)
    through, straight_losses = take_steps(state, step, 0, 6)

    state, step = toy_run(optimizer=optimizer)
    stopped, first_losses = take_steps(state, step, 0, 2)
    placement = abstract_state(init_toy, LOGICAL_AXES, optimizer.build(), ONE_DEVICE)
    restored = jax.tree.map(
        lambda array, place: jax.device_put(array, place.sharding),
        jax.device_get(stopped),
        placement,
    )
    resumed, last_losses = take_steps(restored, step, 2, 6)

    assert first_losses + last_losses == straight_losses
    assert_same_bits(resumed, through)


def test_dropout_differs_between_steps_and_keys_but_not_between_runs():
    state, step = toy_run(learning_rate=0.0)
    same = ONE_DEVICE.shard_batch(random_batch(0))
    state, first = step(state, same, RNG)
    state, second = step(state, same, RNG)
    _, other_key = step(toy_run()[0], same, jax.random.key(4))
    _, again = step(toy_run()[0], same, RNG)
    assert float(again.loss) == float(first.loss)
    assert len({float(m.loss) for m in (first, second, other_key)}) == 3


def test_the_step_takes_over_the_memory_of_the_state():
    state, step = toy_run()
    before = state.params["embedding"]
    step(state, ONE_DEVICE.shard_batch(random_batch(0)), RNG)
    assert before.is_deleted()


def test_a_state_made_from_parameters_leaves_them_to_their_owner():
    params = init_toy(jax.random.key(1))
    optimizer = Adafactor(min_dim_size_to_factor=16).build()
    placement = abstract_state(init_toy, LOGICAL_AXES, optimizer, ONE_DEVICE)
    state = state_from_params(params, placement, optimizer, step=1000)
    assert int(state.step) == 1000
    _, step = toy_run()
    step(state, ONE_DEVICE.shard_batch(random_batch(0)), RNG)
    assert not params["embedding"].is_deleted()


def test_parameters_of_another_shape_are_refused_by_name():
    optimizer = AdamW().build()
    placement = abstract_state(init_toy, LOGICAL_AXES, optimizer, ONE_DEVICE)
    params = init_toy(jax.random.key(1))
    params["head"] = {"kernel": params["head"]["kernel"].T}
    with pytest.raises(ValueError, match=r"'head'.*given \(128, 16\), the model has \(16, 128\)"):
        state_from_params(params, placement, optimizer)


def test_the_learning_rate_of_a_step_is_the_schedule_at_the_updates_done_before():
    state, step = toy_run()
    step = dataclasses.replace(step, learning_rate_fn=lambda step: jnp.float32(step))
    for expected in (0.0, 1.0):
        state, metrics = step(state, ONE_DEVICE.shard_batch(random_batch(0)), RNG)
        assert float(metrics.learning_rate) == expected


def test_metrics_count_the_batch():
    state, step = toy_run()
    batch = random_batch(0)
    _, metrics = step(state, ONE_DEVICE.shard_batch(batch), RNG)
    encoder, decoder = batch["encoder_segment_ids"], batch["decoder_segment_ids"]
    assert {name: int(value) for name, value in vars(metrics.counts).items()} == {
        "rows": 8,
        "encoder_positions": encoder.size,
        "encoder_tokens": np.count_nonzero(encoder),
        "encoder_segments": 24,
        "decoder_positions": decoder.size,
        "decoder_tokens": np.count_nonzero(decoder),
        "decoder_segments": 24,
    }
    assert metrics.weights == np.count_nonzero(decoder)


def half_right_batch(seed, params):
    """A batch whose targets the toy model predicts in half of the rows, some without weight."""
    batch = random_batch(seed)
    predicted = np.argmax(np.matmul(*apply_toy(params, batch, None)), axis=-1)
    batch["decoder_target_tokens"][::2] = predicted[::2]
    batch["decoder_loss_weights"][:, ::2] = 0
    return batch


def test_eval_sums_are_those_of_the_model_without_dropout():
    state, _ = toy_run()
    batch = half_right_batch(1, state.params)
    eval_step = make_eval_step(apply_toy, LossConfig(z_loss=1e-3), partitioner=ONE_DEVICE)
    sums = evaluate_batches(eval_step, state.params, [ONE_DEVICE.shard_batch(batch)])
    logits = np.matmul(*apply_toy(jax.device_get(state.params), batch, None)).astype(np.float64)
    log_z = np.log(np.exp(logits).sum(-1))
    targets, weights = batch["decoder_target_tokens"], batch["decoder_loss_weights"]
    losses = log_z - np.take_along_axis(logits, targets[..., None], -1)[..., 0]
    # Eight rows of three examples each, which come one by one.
    examples = [(row, number) for row in range(8) for number in (1, 2, 3)]
    correct = logits.argmax(-1) == targets
    for found, of_token in (
        (sums.loss - sums.z_loss, losses),
        (sums.z_loss, 1e-3 * log_z**2),
        (sums.correct, correct),
        (sums.weights, np.ones_like(losses)),
    ):
        expected = [
            np.sum((of_token * weights)[row][batch["decoder_segment_ids"][row] == number])
            for row, number in examples
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert sums.correct.sum() > 0


def test_an_example_without_a_target_and_empty_rows_keep_the_others_in_their_places():
    state, _ = toy_run()
    batch = random_batch(1)
    batch["encoder_segment_ids"][3] = batch["decoder_segment_ids"][3] = 0
    # Of row 1 the second example has an input alone.
    hollow = batch["decoder_segment_ids"][1] == 2
    batch["decoder_segment_ids"][1][hollow] = 0
    batch["decoder_loss_weights"] = (batch["decoder_segment_ids"] > 0).astype(np.int32)
    eval_step = make_eval_step(apply_toy, LossConfig(), partitioner=ONE_DEVICE)
    sums = evaluate_batches(eval_step, state.params, [ONE_DEVICE.shard_batch(batch)])
    assert len(sums.loss) == 21 == sums.means()["sequences"]
    assert np.flatnonzero(sums.weights == 0).tolist() == [4]
    assert sums.loss[4] == 0
    assert evaluate_batches(eval_step, state.params, []).means()["tokens"] == 0


def test_token_loss_and_correct_count_weighted_tokens_whatever_the_normalizing_factor():
    state, step = toy_run(
        apply_fn=apply_toy_without_dropout,
        loss_config=LossConfig(loss_normalizing_factor="AVERAGE_PER_SEQUENCE"),
    )
    batch = ONE_DEVICE.shard_batch(half_right_batch(2, state.params))
    eval_step = make_eval_step(apply_toy, LossConfig(), partitioner=ONE_DEVICE)
    sums = evaluate_batches(eval_step, state.params, [batch])
    _, metrics = step(state, batch, RNG)
    np.testing.assert_allclose(metrics.token_loss, sums.loss.sum(), rtol=1e-6)
    assert (metrics.weights, metrics.correct) == (sums.weights.sum(), sums.correct.sum())


def test_means_over_eval_batches_are_per_token_not_per_batch():
    state, _ = toy_run()
    eval_step = make_eval_step(apply_toy, LossConfig(z_loss=1e-3), partitioner=ONE_DEVICE)
    batches = [half_right_batch(seed, state.params) for seed in (1, 2)]
    batches[0]["decoder_loss_weights"][1:] = 0
    placed = [ONE_DEVICE.shard_batch(batch) for batch in batches]
    first, second = (evaluate_batches(eval_step, state.params, [batch]) for batch in placed)
    means = evaluate_batches(eval_step, state.params, placed).means()
    tokens = first.weights.sum() + second.weights.sum()
    assert means["tokens"] == tokens
    assert means["loss"] == pytest.approx((first.loss.sum() + second.loss.sum()) / tokens)
    assert means["cross_ent_loss"] == pytest.approx(means["loss"] - means["z_loss"])
    assert means["accuracy"] == pytest.approx((first.correct.sum() + second.correct.sum()) / tokens)


def test_reported_weights_are_those_of_the_step():
    state, step = toy_run()
    before = jax.device_get(state.params)
    step = dataclasses.replace(step, reports_weights=True)
    state, metrics = step(state, ONE_DEVICE.shard_batch(random_batch(0)), RNG)
    after, found = jax.device_get(state.params), metrics.further
    for path, new in jax.tree_util.tree_leaves_with_path(after):
        name = "/".join(key.key for key in path)
        old = before
        for key in path:
            old = old[key.key]
        size, change = (np.sqrt(np.mean(np.square(x))) for x in (new, new - old))
        np.testing.assert_allclose(found[f"weight_rms/{name}"], size, rtol=1e-5)
        np.testing.assert_allclose(found[f"weight_update_rms/{name}"], change, rtol=1e-5)
        np.testing.assert_allclose(found[f"weight_max/{name}"], np.abs(new).max(), rtol=1e-6)
        assert float(found[f"weight_gradient_rms/{name}"]) > 0


def test_measured_metrics_are_those_a_train_step_without_dropout_would_report():
    state, step = toy_run()
    step = dataclasses.replace(step, apply_fn=apply_toy_without_dropout)
    batch = ONE_DEVICE.shard_batch(random_batch(0))
    measure = make_metrics_step(apply_toy_without_dropout, step.loss_config, partitioner=ONE_DEVICE)
    measured = jax.device_get(measure(state.params, batch))
    _, trained = step(state, batch, RNG)
    for name in ("loss", "z_loss", "token_loss", "correct", "weights"):
        np.testing.assert_allclose(getattr(measured, name), getattr(trained, name), rtol=1e-6)
    assert (measured.learning_rate, measured.gradient_norm) == (0, 0)
