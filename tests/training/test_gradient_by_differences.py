"""Gradients of the loss of a T5 against differences of the float64 NumPy T5: no JAX in between."""

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict

from flan_mix.models import Transformer, apply
from flan_mix.training.loss import cross_entropy
from tests.models.numpy_t5 import NumpyT5
from tests.models.small_models import T5_1_0, T5_1_1, random_flat_params, small_config
from tests.training.tiny_run import random_batch

Z_LOSS, LABEL_SMOOTHING = 1e-3, 0.1
STEP = 1e-6


def numpy_loss(config, params, batch):
    """The summed loss by the textbook, in float64."""
    logits = NumpyT5(vars(config), params).logits(batch)
    log_z = np.log(np.exp(logits).sum(-1))
    low = LABEL_SMOOTHING / (config.vocab_size - 1)
    wanted = np.full(logits.shape, low)
    np.put_along_axis(wanted, batch["decoder_target_tokens"][..., None], 1 - LABEL_SMOOTHING, -1)
    divergence = np.sum(wanted * (np.log(wanted) - logits + log_z[..., None]), -1)
    losses = divergence + Z_LOSS * log_z**2
    return np.sum(losses * batch["decoder_loss_weights"])


def jax_loss(config, batch, params):
    logits = apply(Transformer(config), params, batch)
    return cross_entropy(
        logits,
        batch["decoder_target_tokens"],
        batch["decoder_loss_weights"],
        z_loss=Z_LOSS,
        label_smoothing=LABEL_SMOOTHING,
    ).loss


@pytest.mark.parametrize("variant", [T5_1_1, T5_1_0], ids=["t5_1_1", "t5_1_0"])
def test_the_loss_changes_along_each_parameter_as_its_gradient_says(variant):
    config = small_config(num_encoder_layers=1, num_decoder_layers=1, **variant)
    batch = {name: array % 40 for name, array in random_batch(0, rows=2).items()}
    params = {
        path: array.astype(np.float64) for path, array in random_flat_params(config, 1).items()
    }
    loss, gradients = jax.jit(jax.value_and_grad(lambda p: jax_loss(config, batch, p)))(
        unflatten_dict({k: v.astype(np.float32) for k, v in params.items()}, sep="/")
    )
    np.testing.assert_allclose(loss, numpy_loss(config, params, batch), rtol=1e-5)
    rng = np.random.default_rng(2)
    for path, gradient in flatten_dict(gradients, sep="/").items():
        direction = rng.normal(size=gradient.shape)
        there, back = (
            numpy_loss(config, {**params, path: params[path] + sign * STEP * direction}, batch)
            for sign in (1, -1)
        )
        found = np.sum(np.asarray(gradient, np.float64) * direction)
        size = np.linalg.norm(gradient) * np.linalg.norm(direction)
        np.testing.assert_allclose(
            found, (there - back) / (2 * STEP), rtol=1e-3, atol=1e-5 * size, err_msg=path
        )
