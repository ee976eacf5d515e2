"""Fresh parameters: published counts, T5X's initial spreads, logical axes for every dimension."""

import functools
import math

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict
from jax.sharding import PartitionSpec

from flan_mix.models import (
    Transformer,
    abstract_params,
    init_params,
    logical_axes,
)
from flan_mix.models.parameters import in_compute_dtype
from tests.models.small_models import (
    T5_1_0,
    T5_1_1,
    logits_of,
    packed_batch,
    random_examples,
    random_params,
    small_config,
)


@functools.partial(jax.jit, static_argnums=0)
def fresh_params(config, seed):
    return init_params(Transformer(config), jax.random.key(seed))


def test_initial_spreads_are_t5x():
    config = small_config(
        emb_dim=256, num_heads=8, head_dim=16, mlp_dim=300, vocab_size=500, num_encoder_layers=1
    )
    params = flatten_dict(fresh_params(config, 0), sep="/")
    expected = {
        "token_embedder/embedding": 1.0,
        # The 1/sqrt(head_dim) of attention lies in the queries' first values.
        "encoder/layers_0/attention/query/kernel": 1 / math.sqrt(256) / math.sqrt(16),
        "encoder/layers_0/attention/key/kernel": 1 / math.sqrt(256),
        "decoder/layers_0/encoder_decoder_attention/out/kernel": 1 / math.sqrt(128),
        "decoder/layers_0/mlp/wi_1/kernel": 1 / math.sqrt(256),
        "decoder/layers_0/mlp/wo/kernel": 1 / math.sqrt(300),
        "decoder/logits_dense/kernel": 1 / math.sqrt(256),
        # Uniform with variance 1 / mean of fan-in and fan-out.
        "encoder/relpos_bias/rel_embedding": 1 / math.sqrt((8 + 32) / 2),
    }
    for path, spread in expected.items():
        assert np.std(params[path]) == pytest.approx(spread, rel=0.1), path
    assert np.all(params["decoder/layers_0/pre_mlp_layer_norm/scale"] == 1.0)
    limit = 2 / 0.8796 / math.sqrt(256)  # Two standard deviations, before T5X's correction.
    assert np.abs(params["decoder/layers_0/mlp/wi_1/kernel"]).max() <= limit * 1.001
    assert np.abs(params["encoder/layers_0/attention/key/kernel"]).max() > limit


@pytest.mark.parametrize("kind", [T5_1_1, T5_1_0], ids=["t5_1_1", "t5_1_0"])
def test_shapes_and_axes_are_those_of_the_whole_model(kind):
    """Only one layer of a stack is looked at for them."""
    model = Transformer(small_config(num_encoder_layers=3, num_decoder_layers=2, **kind))
    token = np.ones((1, 1), np.int32)
    boxed = jax.eval_shape(
        lambda rng: model.init(rng, token, token, token, token)["params"], jax.random.key(0)
    )
    whole = flatten_dict(boxed, sep="/")
    shapes = flatten_dict(abstract_params(model), sep="/")
    axes = flatten_dict(logical_axes(model), sep="/")
    assert {path: param.value for path, param in whole.items()} == shapes
    assert {path: PartitionSpec(*param.names) for path, param in whole.items()} == axes


def test_parameters_are_float32_in_bfloat16_models():
    params = abstract_params(Transformer(small_config(dtype="bfloat16")))
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(params)} == {"float32"}


def test_same_seed_gives_the_same_parameters_and_another_gives_others():
    config = small_config(num_encoder_layers=1, num_decoder_layers=1)
    first, again, other = (fresh_params(config, seed) for seed in (0, 0, 1))
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, first, again)))
    kernels = [tree["decoder"]["layers_0"]["mlp"]["wo"]["kernel"] for tree in (first, other)]
    assert not np.array_equal(*kernels)


def test_every_dimension_has_its_logical_axis():
    model = Transformer(small_config())
    axes = flatten_dict(logical_axes(model), sep="/")
    shapes = flatten_dict(abstract_params(model), sep="/")
    assert axes.keys() == shapes.keys()
    assert all(len(axes[path]) == len(shapes[path].shape) for path in shapes)
    assert axes["encoder/layers_1/attention/out/kernel"] == PartitionSpec("joined_kv", "embed")
    assert axes["decoder/logits_dense/kernel"] == PartitionSpec("embed", "vocab")
    assert axes["encoder/relpos_bias/rel_embedding"] == PartitionSpec("heads", "relpos_buckets")


@pytest.mark.parametrize("kind", [T5_1_1, T5_1_0], ids=["t5_1_1", "t5_1_0"])
def test_casting_parameters_once_changes_no_result(kind):
    config = small_config(dtype="bfloat16", num_encoder_layers=1, num_decoder_layers=1, **kind)
    params = random_params(config, 0)
    cast = in_compute_dtype(config, params)
    assert cast["encoder"]["layers_0"]["mlp"]["wo"]["kernel"].dtype == "bfloat16"
    batch = packed_batch([random_examples(40, [(7, 5), (8, 6)], 1)], 16, 12)
    np.testing.assert_array_equal(logits_of(config, cast, batch), logits_of(config, params, batch))
