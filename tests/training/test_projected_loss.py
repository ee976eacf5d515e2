"""The loss that never holds the logits against the loss of the logits, values and gradients."""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flan_mix.training import LossConfig
from flan_mix.training.loss import token_losses
from flan_mix.training.projected_loss import projected_losses

BATCH, LENGTH, EMBED, VOCAB = 3, 7, 8, 50


def random_case(seed=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    hidden = jnp.asarray(random.normal(size=(BATCH, LENGTH, EMBED)), dtype)
    kernel = random.normal(size=(EMBED, VOCAB)).astype(np.float32)
    targets = random.integers(0, VOCAB, (BATCH, LENGTH)).astype(np.int32)
    # Padding in the middle of a row as well as at its end, and weights that differ.
    weights = random.choice([0.0, 0.5, 1.0, 2.0], (BATCH, LENGTH)).astype(np.float32)
    return hidden, kernel, targets, weights


def of_logits(hidden, kernel, targets, weights, config):
    """The same from the logits of all positions."""
    logits = jnp.dot(hidden.astype(jnp.float32), kernel)
    losses = token_losses(
        logits, targets, z_loss=config.z_loss, label_smoothing=config.label_smoothing
    )
    return jnp.sum(losses.loss * weights), losses


@pytest.mark.parametrize("chunk_positions", [1, 4, 21, 1000, None])
@pytest.mark.parametrize(("z_loss", "label_smoothing"), [(0.0, 0.0), (1e-2, 0.0), (1e-3, 0.1)])
def test_losses_and_gradients_are_those_of_the_logits(z_loss, label_smoothing, chunk_positions):
    config = LossConfig(z_loss, label_smoothing, chunk_positions=chunk_positions)
    hidden, kernel, targets, weights = random_case()

    def gradients(losses_of):
        def total(hidden, kernel, weights):
            total, losses = losses_of(hidden, kernel, targets, weights, config)
            return 3.0 * total, losses

        run = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True))
        return run(hidden, kernel, weights)

    (total, losses), found = gradients(projected_losses)
    (wanted_total, wanted_losses), wanted = gradients(of_logits)
    np.testing.assert_allclose(total, wanted_total, rtol=1e-5)
    counts = weights > 0
    for ours, theirs in zip(losses, wanted_losses, strict=True):
        np.testing.assert_allclose(ours[counts], theirs[counts], rtol=1e-5, atol=1e-6)
        assert not np.any(ours[~counts])
    for ours, theirs in zip(found[:2], wanted[:2], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[2][counts], wanted[2][counts], rtol=1e-5)


def test_hidden_states_in_bfloat16_have_gradients_in_bfloat16():
    hidden, kernel, targets, weights = random_case(dtype=jnp.bfloat16)
    config = LossConfig(z_loss=1e-4, chunk_positions=5)

    def gradient(losses_of):
        return jax.grad(lambda h: losses_of(h, kernel, targets, weights, config)[0])(hidden)

    ours, theirs = gradient(projected_losses), gradient(of_logits)
    assert ours.dtype == jnp.bfloat16
    np.testing.assert_allclose(
        ours.astype(np.float32), theirs.astype(np.float32), rtol=1e-2, atol=1e-2
    )


def test_nothing_counts_gives_nothing():
    hidden, kernel, targets, weights = random_case()
    run = jax.value_and_grad(
        lambda h: projected_losses(h, kernel, targets, 0 * weights, LossConfig())[0]
    )
    total, gradient = run(hidden)
    assert total == 0
    assert not np.any(gradient)


def test_ties_count_as_correct():
    hidden, targets = np.ones((1, 1, 1), np.float32), np.array([[1]])
    losses_of = functools.partial(projected_losses, weights=np.ones((1, 1)), config=LossConfig())
    for kernel, correct in (([[1, 1, 0]], 1), ([[2, 1, 0]], 0)):
        _, losses = losses_of(hidden, np.asarray(kernel, np.float32), targets)
        assert losses.correct == correct


def test_no_array_has_all_positions_and_the_vocabulary():
    hidden, kernel, targets, weights = random_case()
    config = LossConfig(chunk_positions=4)

    def total(losses_of, hidden, kernel):
        return losses_of(hidden, kernel, targets, weights, config)[0]

    def largest(losses_of):
        """The most elements of an array with the vocabulary as its last dimension."""
        run = jax.jit(jax.grad(functools.partial(total, losses_of), argnums=(0, 1)))
        text = run.lower(hidden, kernel).compile().as_text()
        shapes = re.findall(rf"f32\[([\d,]*{VOCAB})\]", text)
        return max(np.prod([int(size) for size in shape.split(",")]) for shape in shapes)

    assert largest(of_logits) == BATCH * LENGTH * VOCAB
    assert largest(projected_losses) == EMBED * VOCAB


def test_chunks_of_nothing_are_refused():
    with pytest.raises(ValueError, match="chunk_positions is 0"):
        LossConfig(chunk_positions=0)
