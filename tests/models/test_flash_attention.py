"""The TPU's flash kernel gives the numbers and gradients of the plain formula.

No TPU is needed: the kernel runs in Pallas' own simulation of one, and is lowered for one.
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.pallas import tpu

from flan_mix.models import Transformer, apply
from flan_mix.models.attention import _tell, attend, attention_path, segment_mask
from flan_mix.models.layer_stacks import together
from flan_mix.models.platform import assume
from flan_mix.models.position_bias import RelativePositionBias
from tests.models.small_models import packed_batch, random_examples, random_params, small_config


def segments_of(*rows: tuple[int, ...], length: int) -> np.ndarray:
    """Segment ids of rows whose examples have the given lengths, padding behind them."""
    ids = np.zeros((len(rows), length), np.int32)
    for row, lengths in enumerate(rows):
        of_row = np.repeat(np.arange(1, len(lengths) + 1), lengths)
        ids[row, : len(of_row)] = of_row
    return ids


CASES = {
    "encoder": (segments_of((100, 90, 30), (256,), length=256),) * 2,
    "decoder": (segments_of((60, 250), (10, 7, 300), length=384),) * 2,
    "cross": (
        segments_of((40, 50), (128,), length=128),
        segments_of((200, 100), (384,), length=384),
    ),
}
"""Segments of queries and keys; 256 is one block of the kernel and 384 three."""


@pytest.mark.parametrize("case", CASES)
def test_flash_kernel_has_values_and_gradients_of_the_formula(case):
    """Of queries, keys, values and the table that the bias is read from, keys dropped or not."""
    query_ids, key_ids = CASES[case]
    is_causal = case == "decoder"
    random = np.random.default_rng(0)
    heads, head_dim = 2, 16
    arrays = [
        random.normal(size=(2, heads, ids.shape[1], head_dim)).astype(np.float32)
        for ids in (query_ids, key_ids, key_ids)
    ]
    kept = (random.random((2, heads, key_ids.shape[1])) < 0.8).astype(np.float32) / 0.8
    counted = random.normal(size=arrays[0].shape) * (query_ids > 0)[:, None, :, None]
    table = random.normal(size=(heads, 32)).astype(np.float32)
    mask = segment_mask(query_ids, key_ids, is_causal=is_causal)
    module = RelativePositionBias(heads, bidirectional=not is_causal)

    def attended(kernel):
        def run(query, key, value, table):
            lengths = query.shape[2], key.shape[2]
            bias = None if case == "cross" else module.apply({"params": table}, *lengths)
            dropped = None if case == "encoder" else kept
            out = attend(
                query, key, value, bias=bias, mask=mask, key_dropout=dropped, kernel=kernel
            )
            return jnp.sum(out * counted), jnp.where((query_ids > 0)[:, None, :, None], out, 0)

        return jax.jit(jax.value_and_grad(run, argnums=(0, 1, 2, 3), has_aux=True))

    inputs = (*arrays, {"rel_embedding": table})
    (_, expected), expected_gradients = attended("xla")(*inputs)
    with assume("tpu"), tpu.force_tpu_interpret_mode():
        (_, values), gradients = attended("flash")(*inputs)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
    for found, wanted in zip(
        jax.tree.leaves(gradients), jax.tree.leaves(expected_gradients), strict=True
    ):
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * scale)


def lowered(function, *shapes) -> str:
    """The program of `function` for a TPU."""
    with assume("tpu"):
        traced = jax.jit(function).trace(*shapes)
        return traced.lower(lowering_platforms=("tpu",)).as_text()


KERNEL = "@tpu_custom_call"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("head_dim", [64, 128])
def test_flash_kernel_and_its_gradients_lower_for_tpus(head_dim, dtype):
    """Once forward and twice backward, at a length of several blocks."""
    length = 1024
    heads = jax.ShapeDtypeStruct((2, 4, length, head_dim), dtype)
    bias = jax.ShapeDtypeStruct((4, 2 * length - 1), "float32")
    ids = jax.ShapeDtypeStruct((2, length), "int32")

    def loss(query, key, value, bias, ids):
        mask = segment_mask(ids, ids, is_causal=True)
        attended = attend(query, key, value, bias=bias, mask=mask)
        return jnp.sum(attended.astype(jnp.float32))

    program = lowered(jax.grad(loss, argnums=(0, 1, 2, 3)), heads, heads, heads, bias, ids)
    assert program.count(KERNEL) == 3


def model_and_batch(**changes):
    """A small model and rows of 128 inputs and 128 targets, packed."""
    config = small_config(**changes)
    rows = [
        random_examples(config.vocab_size, lengths, seed)
        for seed, lengths in enumerate([[(40, 30), (70, 90)], [(100, 60)]])
    ]
    return Transformer(config), random_params(config, 5), packed_batch(rows, 128, 128)


@pytest.mark.parametrize(
    ("changes", "kernels"),
    [
        ({"attention_kernel": "flash"}, 3),
        ({"attention_kernel": "flash", "scan_layers": True}, 3),
        ({"attention_kernel": "auto"}, 0),
        ({"attention_kernel": "xla"}, 0),
    ],
)
def test_a_model_on_a_tpu_takes_the_kernel_that_is_asked_for(changes, kernels):
    """In all three attentions (layers share the code); 'auto' takes it for longer rows."""
    model, params, batch = model_and_batch(**changes)
    if model.config.scan_layers:
        params = together(params)
    program = lowered(lambda params: apply(model, params, batch), params)
    assert program.count(KERNEL) == kernels


def test_a_model_over_several_tpus_gives_each_its_rows_and_heads():
    model, params, batch = model_and_batch(attention_kernel="flash")
    mesh = jax.sharding.AbstractMesh((2, 2), ("data", "model"))
    rules = (("batch", "data"), ("heads", "model"), ("length", None), ("kv", None))

    def run(params, batch):
        with jax.sharding.use_abstract_mesh(mesh), nn.logical_axis_rules(rules):
            return apply(model, params, batch)

    whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    shapes = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=whole), (params, batch)
    )
    program = lowered(run, *shapes)
    calls = [line for line in program.splitlines() if KERNEL in line]
    assert len(calls) == 3
    # One of 2 rows and one of 2 heads, which are 6 wide.
    assert all("-> tensor<1x1x128x6xf32>" in line for line in calls)


def test_packed_rows_of_a_model_have_the_logits_of_the_formula():
    """At every target with weight, and the gradients of every parameter."""
    model, params, batch = model_and_batch(attention_kernel="flash", num_decoder_layers=1)

    def loss(params, kernel):
        config = dataclasses.replace(model.config, attention_kernel=kernel)
        logits = apply(Transformer(config), params, batch)
        weights = batch["decoder_loss_weights"][..., None]
        return jnp.sum(jnp.sin(logits) * weights), logits * weights

    run = jax.jit(jax.value_and_grad(loss, has_aux=True), static_argnums=1)
    (_, expected), wanted = run(params, "xla")
    with assume("tpu"), tpu.force_tpu_interpret_mode():
        (_, logits), gradients = run(params, "flash")
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max()),
        gradients,
        wanted,
    )


@pytest.mark.parametrize(
    ("kernel", "platform", "sizes", "changes", "path"),
    [
        ("auto", "tpu", (1024, 1024, 64), {}, "flash"),
        ("auto", "tpu", (2048, 1024, 128), {}, "flash"),
        ("auto", "tpu", (128, 1024, 64), {}, "xla"),
        ("auto", "tpu", (1024, 4096, 64), {}, "xla"),
        ("flash", "tpu", (4096, 4096, 64), {}, "flash"),
        ("flash", "tpu", (128, 1024, 64), {}, "flash"),
        ("flash", "tpu", (1, 1024, 64), {}, "xla"),
        ("flash", "tpu", (1000, 1024, 64), {}, "xla"),
        ("flash", "tpu", (1024, 1024, 192), {}, "xla"),
        ("flash", "tpu", (1024, 1024, 64), {"has_segments": False}, "xla"),
        ("flash", "tpu", (1024, 1024, 64), {"is_placed": False}, "xla"),
        ("xla", "tpu", (1024, 1024, 64), {}, "xla"),
        ("auto", "gpu", (1024, 1024, 64), {}, "xla"),
        ("flash", "cpu", (1024, 1024, 64), {}, "xla"),
    ],
)
def test_the_kernel_is_taken_where_it_can_and_shall(kernel, platform, sizes, changes, path):
    facts = {"has_segments": True, "is_placed": True, **changes}
    assert attention_path(kernel, platform, sizes, **facts)[0] == path


def test_the_path_is_logged_once_and_says_why(caplog):
    model, params, batch = model_and_batch(attention_kernel="auto")
    _tell.cache_clear()
    with caplog.at_level("INFO", "flan_mix.models.attention"):
        lowered(lambda params: apply(model, params, batch), params)
    assert [record.getMessage() for record in caplog.records] == [
        "attention: xla (128 x 128 positions, fewer than 1024)"
    ]
