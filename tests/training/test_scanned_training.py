"""A run with layers together is the run with layers apart: updates, reports and checkpoints."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.serialization import to_state_dict

from flan_mix.checkpoints import CheckpointStore
from flan_mix.models import Transformer, apply_projected, init_params, logical_axes
from flan_mix.models.layer_stacks import apart
from flan_mix.training import Adafactor, Partitioner, abstract_state, init_state, make_train_step
from flan_mix.training.loss_weights import LossConfig
from flan_mix.training.optimizers import AdamW
from tests.models.small_models import packed_batch, random_examples, small_config

OPTIMIZERS = {
    "adafactor": Adafactor(min_dim_size_to_factor=4, beta1=0.9, weight_decay_rate=0.01),
    "adamw": AdamW(weight_decay=0.1, max_gradient_norm=1.0),
}
STEPS = 3
NAMES = ["adafactor", pytest.param("adamw", marks=pytest.mark.slow)]


def model_of(scan: bool) -> Transformer:
    return Transformer(small_config(num_encoder_layers=2, num_decoder_layers=2, scan_layers=scan))


def placed(make, model, optimizer, *key):
    partitioner = Partitioner()
    init = functools.partial(init_params, model)
    return make(init, logical_axes(model), optimizer, partitioner, *key)


@functools.cache
def trained(name: str, scan: bool):
    model, optimizer = model_of(scan), OPTIMIZERS[name].build()
    partitioner = Partitioner()
    state = placed(init_state, model, optimizer, jax.random.key(0))
    step = make_train_step(
        functools.partial(apply_projected, model),
        optimizer,
        lambda step: jnp.float32(0.01),
        LossConfig(),
        partitioner=partitioner,
    )
    rows = [random_examples(40, [(5, 4), (3, 6)], seed) for seed in range(2)]
    batch = packed_batch(rows, 10, 12)
    # Compiling is most of what these tests take.
    quickly = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    update = jax.jit(step.update, compiler_options=quickly)
    for _ in range(STEPS):
        state, _ = update(state, partitioner.shard_batch(batch), jax.random.key(1))
    return state


def assert_same(state, wanted, tolerance=0.0):
    """Parameters and slots, layers apart."""
    for found, other in (
        (state.params, wanted.params),
        (to_state_dict(state.opt_state), to_state_dict(wanted.opt_state)),
    ):
        jax.tree.map(
            lambda x, y: np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance),
            apart(found),
            apart(other),
        )


@pytest.mark.parametrize("name", NAMES)
def test_training_scanned_is_training_unrolled(name):
    assert_same(trained(name, True), trained(name, False), tolerance=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("saved_scanned", [True, False])
def test_a_checkpoint_of_either_form_goes_on_in_either(name, saved_scanned, tmp_path):
    state, optimizer = trained(name, saved_scanned), OPTIMIZERS[name].build()
    with CheckpointStore(tmp_path) as store:
        store.save(state, loader={}, metadata={})
        store.wait()
        for scan in (True, False):
            like = placed(abstract_state, model_of(scan), optimizer)
            restored = store.restore(STEPS, like)
            assert restored.has_optimizer_state
            assert jax.tree.map(jnp.shape, restored.state.params) == jax.tree.map(
                jnp.shape, like.params
            )
            assert jax.tree.structure(restored.state) == jax.tree.structure(like)
            assert_same(restored.state, state)
