"""The train step of a T5 lowers for accelerators that this machine does not have."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from flan_mix.models import Transformer, apply_projected, init_params, logical_axes
from flan_mix.training import Adafactor, LossConfig, Partitioner, abstract_state, make_train_step
from tests.training.tiny_run import random_batch, tiny_config


@pytest.mark.parametrize("platform", ["tpu", "cuda"])
def test_train_step_lowers_for(platform):
    model, optimizer = Transformer(tiny_config()), Adafactor().build()
    partitioner = Partitioner(devices=(jax.devices()[0],))
    step = make_train_step(
        partial(apply_projected, model),
        optimizer,
        lambda step: jnp.float32(1e-3),
        LossConfig(z_loss=1e-4),
        partitioner=partitioner,
        num_microbatches=2,
    )
    state = abstract_state(partial(init_params, model), logical_axes(model), optimizer, partitioner)
    batch = {
        name: jax.ShapeDtypeStruct(rows.shape, rows.dtype, sharding=partitioner.batch_sharding)
        for name, rows in random_batch(0).items()
    }
    exported = jax.export.export(step.jit_for(state), platforms=[platform])(
        state, batch, jax.random.key(0)
    )
    assert exported.platforms == (platform,)
    assert len(exported.out_avals) == len(jax.tree.leaves(state)) + len(
        jax.tree.leaves(jax.eval_shape(step.update, state, batch, jax.random.key(0))[1])
    )
