"""Cross-entropy against the textbook formula in NumPy float64, its gradient against autodiff."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flan_mix.training.loss import cross_entropy, token_cross_entropy, token_losses

SETTINGS = [(0.0, 0.0), (1e-4, 0.0), (1e-3, 0.1), (0.05, 0.3)]


def textbook_losses(logits, targets, z_loss, label_smoothing):
    """KL divergence to the smoothed targets, plus z_loss times the squared log-partition."""
    logits = np.asarray(logits, np.float64)
    vocab_size = logits.shape[-1]
    wanted = np.full(logits.shape, label_smoothing / (vocab_size - 1))
    np.put_along_axis(wanted, np.asarray(targets)[..., None], 1.0 - label_smoothing, -1)
    log_z = np.log(np.sum(np.exp(logits), -1))
    log_wanted = np.log(wanted, where=wanted > 0, out=np.zeros_like(wanted))
    divergence = np.sum(wanted * (log_wanted - logits + log_z[..., None]), -1)
    return divergence + z_loss * log_z**2, z_loss * log_z**2


def random_logits(seed, scale=4.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=scale, size=(3, 5, 11)).astype(np.float32)
    return logits, rng.integers(0, 11, (3, 5)).astype(np.int32)


@pytest.mark.parametrize(("z_loss", "label_smoothing"), SETTINGS)
def test_each_position_has_the_textbook_loss(z_loss, label_smoothing):
    logits, targets = random_logits(0)
    losses = token_losses(logits, targets, z_loss=z_loss, label_smoothing=label_smoothing)
    loss, z = textbook_losses(logits, targets, z_loss, label_smoothing)
    np.testing.assert_allclose(losses.loss, loss, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(losses.z_loss, z, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("z_loss", "label_smoothing"), SETTINGS)
def test_the_gradient_is_that_of_the_formula(z_loss, label_smoothing):
    logits, targets = random_logits(1)
    cotangents = random_logits(2)[0][..., 0], random_logits(3)[0][..., 0]

    def plain(logits):
        log_z = jax.nn.logsumexp(logits, axis=-1)
        low = label_smoothing / (logits.shape[-1] - 1)
        wanted = jnp.where(jax.nn.one_hot(targets, 11) > 0, 1 - label_smoothing, low)
        z = z_loss * log_z**2
        return log_z - jnp.sum(wanted * logits, -1) + z, z

    _, pull_back = jax.vjp(plain, logits)
    _, ours = jax.vjp(lambda x: token_cross_entropy(x, targets, z_loss, label_smoothing), logits)
    np.testing.assert_allclose(ours(cotangents)[0], pull_back(cotangents)[0], atol=1e-5)


@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50))
@settings(max_examples=20)
def test_without_z_loss_a_constant_added_to_all_logits_changes_nothing(seed, shift):
    logits, targets = random_logits(seed)
    before = token_losses(logits, targets, label_smoothing=0.1).loss
    after = token_losses(logits + np.float32(shift), targets, label_smoothing=0.1).loss
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_predicting_exactly_the_smoothed_targets_costs_nothing():
    wanted = np.full((1, 1, 11), 0.1 / 10, np.float32)
    wanted[0, 0, 4] = 0.9
    loss = token_losses(np.log(wanted), np.array([[4]]), label_smoothing=0.1).loss
    np.testing.assert_allclose(loss, 0.0, atol=1e-6)


def test_huge_logits_stay_finite_with_their_gradients():
    logits = np.array([[[3e4, -3e4, 0.0]]], np.float32)

    def loss(x):
        return cross_entropy(x, np.array([[0]]), np.ones((1, 1))).loss

    value, gradient = jax.value_and_grad(loss)(logits)
    assert value == 0.0
    assert np.all(np.isfinite(gradient))


def test_sums_count_each_position_by_its_weight():
    logits, targets = random_logits(4)
    weights = np.random.default_rng(5).integers(0, 3, targets.shape)
    sums = cross_entropy(logits, targets, weights, z_loss=1e-3)
    loss, z = textbook_losses(logits, targets, 1e-3, 0.0)
    correct = np.argmax(logits, -1) == targets
    np.testing.assert_allclose(sums.loss, np.sum(loss * weights), rtol=1e-5)
    np.testing.assert_allclose(sums.z_loss, np.sum(z * weights), rtol=1e-5)
    np.testing.assert_allclose(sums.correct, np.sum(correct * weights))


def test_bfloat16_logits_get_a_float32_loss_and_a_bfloat16_gradient():
    logits, targets = random_logits(6)
    logits = jnp.asarray(logits, jnp.bfloat16)
    loss, gradient = jax.value_and_grad(
        lambda x: cross_entropy(x, targets, np.ones(targets.shape)).loss
    )(logits)
    assert (loss.dtype, gradient.dtype) == (jnp.float32, jnp.bfloat16)
