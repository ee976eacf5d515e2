"""Scan and remat change what a model costs to compile and to hold, and nothing that it computes."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from flan_mix.inference.decoding import greedy_decode
from flan_mix.models import Transformer, abstract_params, apply, init_params, logical_axes
from flan_mix.models.layer_stacks import apart, together
from tests.models.small_models import packed_batch, random_examples, random_params, small_config

CONFIG = small_config(num_encoder_layers=2, num_decoder_layers=2)
ROWS = [random_examples(40, [(5, 4), (3, 6)], seed) for seed in range(2)]
BATCH = packed_batch(ROWS, 10, 12)
KEY = jax.random.key(3)
# Compiling is most of what these tests take.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
SLOW_POLICY = pytest.param("minimal", marks=pytest.mark.slow)


@functools.partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def loss_and_gradients(config, params, batch, key):
    def loss(params):
        return jnp.mean(jax.nn.logsumexp(apply(Transformer(config), params, batch, key), -1) ** 2)

    return jax.value_and_grad(loss)(params)


def assert_close(found, wanted):
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * np.abs(other).max())


@pytest.mark.parametrize("policy", [SLOW_POLICY, "full"])
def test_remat_changes_no_value_and_no_gradient_also_with_dropout(policy):
    config = small_config(num_encoder_layers=1, num_decoder_layers=1, dropout_rate=0.3)
    params = random_params(config, 0)
    wanted = loss_and_gradients(config, params, BATCH, KEY)
    remat = dataclasses.replace(config, remat_policy=policy)
    assert_close(loss_and_gradients(remat, params, BATCH, KEY), wanted)


@pytest.mark.parametrize("policy", ["none", SLOW_POLICY])
def test_scanned_layers_give_the_values_and_gradients_of_unrolled_ones(policy):
    params = random_params(CONFIG, 0)
    loss, gradients = loss_and_gradients(CONFIG, params, BATCH, KEY)
    scanned = dataclasses.replace(CONFIG, scan_layers=True, remat_policy=policy)
    found, stacked = loss_and_gradients(scanned, together(params), BATCH, KEY)
    np.testing.assert_allclose(found, loss, rtol=1e-6)
    assert_close(apart(stacked), gradients)


@pytest.mark.slow
def test_every_scanned_layer_has_dropout_of_its_own():
    config = dataclasses.replace(CONFIG, dropout_rate=0.5, scan_layers=True)
    batch = packed_batch(ROWS[:1], 10, 12)
    params = together(random_params(CONFIG, 0))
    _, gradients = loss_and_gradients(config, params, batch, KEY)
    # A hidden unit that is dropped in the one row there is leaves its weights without gradient.
    weights = gradients["decoder"]["layers"]["mlp"]["wo"]["kernel"]
    first, second = np.abs(weights).sum(axis=-1) == 0.0
    assert 0 < first.sum() < first.size
    assert 0 < second.sum() < second.size
    assert (first != second).any()


@functools.cache
def temporary_bytes(policy):
    # Scanned: for CPUs XLA merges what unrolled layers would compute again.
    config = small_config(
        num_encoder_layers=6, num_decoder_layers=1, emb_dim=64, mlp_dim=256, remat_policy=policy
    )
    config = dataclasses.replace(config, scan_layers=True)
    batch = packed_batch([random_examples(40, [(128, 4)], 0)] * 4, 128, 4)
    lowered = loss_and_gradients.lower(config, abstract_params(Transformer(config)), batch, KEY)
    memory = lowered.compile().memory_analysis()
    assert memory is not None
    return memory.temp_size_in_bytes


@pytest.mark.parametrize(
    ("policy", "share"), [("full", 0.4), pytest.param("minimal", 0.9, marks=pytest.mark.slow)]
)
def test_remat_needs_less_memory_of_scanned_layers(policy, share):
    assert temporary_bytes(policy) < share * temporary_bytes("none")


def test_layers_together_start_with_the_numbers_of_layers_apart():
    scanned = Transformer(dataclasses.replace(CONFIG, scan_layers=True))
    stacked = init_params(scanned, KEY)
    assert jax.tree.map(jnp.shape, stacked) == jax.tree.map(jnp.shape, abstract_params(scanned))
    fresh = init_params(Transformer(CONFIG), KEY)
    jax.tree.map(np.testing.assert_array_equal, apart(stacked), fresh)
    axes = logical_axes(scanned)
    assert axes["encoder"]["layers"]["attention"]["query"]["kernel"] == PartitionSpec(
        "layers", "embed", "joined_kv"
    )
    assert axes["encoder"]["relpos_bias"]["rel_embedding"] == PartitionSpec(
        "heads", "relpos_buckets"
    )


def test_a_scanned_model_decodes_as_the_unrolled_one():
    params = random_params(CONFIG, 1)
    scanned = dataclasses.replace(CONFIG, scan_layers=True)
    tokens = jnp.asarray(BATCH["encoder_input_tokens"])
    segments = jnp.asarray((BATCH["encoder_segment_ids"] == 1) * 1)
    wanted, found = (
        greedy_decode(Transformer(config), given, tokens, segments, max_decode_length=5)
        for config, given in ((CONFIG, params), (scanned, together(params)))
    )
    np.testing.assert_array_equal(found.tokens, wanted.tokens)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-5)


def test_decoding_with_layers_together_says_what_to_do():
    scanned, params = Transformer(CONFIG), together(random_params(CONFIG, 1))
    encoded = jnp.zeros((1, 3, CONFIG.emb_dim))
    with pytest.raises(ValueError, match="needs the layers apart"):
        scanned.apply({"params": params}, encoded, method="cross_key_values")


def test_an_unknown_policy_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"remat_policy is 'some'.*minimal"):
        small_config(remat_policy="some")
