"""What `flan-mix plan` says, against figures known from elsewhere and sums done by hand."""

import functools
import json
import math
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from flan_mix.models import T5Config, Transformer, abstract_params
from flan_mix.runs.abstract_step import abstract_batch
from flan_mix.runs.plan import MeshShape, Plan, model_flops, parse_mesh, plan_run
from flan_mix.runs.plan_devices import device_named
from flan_mix.runs.plan_flops import matmul_flops
from flan_mix.runs.plan_program import program_of
from flan_mix.runs.trainer import Trainer
from flan_mix.training import (
    Adafactor,
    AdamW,
    LossConfig,
    Partitioner,
    standard_logical_axis_rules,
)

TINY = T5Config(
    vocab_size=512,
    emb_dim=64,
    num_heads=4,
    num_encoder_layers=1,
    num_decoder_layers=1,
    head_dim=16,
    mlp_dim=128,
    mlp_activations=("gelu", "linear"),
)
T5_1_1 = {
    # emb_dim, heads, layers, mlp_dim; TFLOP of a sequence of 512 and 128 tokens.
    "small": (512, 6, 8, 1024, 0.110),
    "base": (768, 12, 12, 2048, 0.438),
    "large": (1024, 16, 24, 2816, 1.504),
    "xl": (2048, 32, 24, 5120, 5.472),
    "xxl": (4096, 64, 24, 10240, 21.380),
}
ZERO = standard_logical_axis_rules(parameter_partitioning_dims=2)


@dataclass
class Dataset:
    batch_size: int = 8
    task_feature_lengths: dict[str, int] = field(
        default_factory=lambda: {"inputs": 32, "targets": 16}
    )


@dataclass
class Model:
    config: T5Config = TINY
    optimizer: Any = field(default_factory=Adafactor)
    loss_config: LossConfig = field(default_factory=LossConfig)

    @property
    def module(self) -> Transformer:
        return Transformer(self.config)


@functools.cache
def planned(
    mesh="data:1", config=TINY, optimizer=None, rules=None, microbatches=None, rows=8, chunk=None
) -> Plan:
    arguments = {
        "model": Model(config, optimizer or Adafactor(), LossConfig(chunk_positions=chunk)),
        "partitioner": Partitioner(logical_axis_rules=rules),
        "train_dataset_cfg": Dataset(rows),
        "trainer": Trainer(num_microbatches=microbatches),
    }
    return plan_run(arguments, parse_mesh(mesh), decoding=True)


def sent(plan, kind, axes):
    return sum(c.array_bytes for c in plan.communication if (c.kind, c.axes) == (kind, axes))


@pytest.mark.parametrize(
    "size",
    ["small", *(pytest.param(s, marks=pytest.mark.slow) for s in ("base", "large", "xl", "xxl"))],
)
def test_model_flops_are_those_of_the_published_sizes(size):
    emb_dim, heads, layers, mlp_dim, tflop = T5_1_1[size]
    config = T5Config(
        vocab_size=32128,
        emb_dim=emb_dim,
        num_heads=heads,
        num_encoder_layers=layers,
        num_decoder_layers=layers,
        mlp_dim=mlp_dim,
        mlp_activations=("gelu", "linear"),
    )
    module = Transformer(config)
    batch = abstract_batch(1, {"inputs": 512, "targets": 128}, Partitioner())
    found = model_flops(module, batch, abstract_params(module))
    assert found / 1e12 == pytest.approx(tflop, abs=6e-4)


def test_memory_of_the_state_is_its_share_of_the_parameters():
    one, zero = planned(), planned("data:8", rules=ZERO)
    assert one.memory["parameters"] == 4 * one.parameters
    assert zero.memory["parameters"] == pytest.approx(4 * one.parameters / 8, rel=0.02)
    adam = planned(optimizer=AdamW())
    assert adam.memory["optimizer"] == 2 * 4 * one.parameters + 4  # and optax's count of steps
    assert sum(zero.memory.values()) == zero.peak_bytes


def test_activations_grow_with_the_batch_and_shrink_with_devices_and_microbatches():
    small, large = planned(), planned(rows=32)
    assert large.memory["activations"] == pytest.approx(4 * small.memory["activations"], rel=0.1)
    split = planned("data:4", rows=32)
    assert split.memory["activations"] == pytest.approx(small.memory["activations"], rel=0.1)
    parts = planned(rows=32, microbatches=4)
    assert parts.memory["activations"] < 0.5 * large.memory["activations"]


def test_bfloat16_halves_activations():
    halves = planned(config=replace(TINY, dtype="bfloat16"), rows=32)
    ratio = halves.memory["activations"] / planned(rows=32).memory["activations"]
    assert 0.45 < ratio < 0.75  # Statistics and softmax stay in float32.


TABLE = 4 * TINY.vocab_size * TINY.emb_dim
BIASES = 4 * TINY.num_heads * (32 * 32 + 16 * 16)  # summed as [heads, query, key]


def test_data_parallel_devices_sum_every_gradient():
    plan = planned("data:8")
    # The table of embeddings has two gradients, of inputs and of targets.
    expected = 4 * plan.parameters + TABLE + BIASES
    assert sent(plan, "all-reduce", "data") == pytest.approx(expected, rel=0.01)
    assert {(c.kind, c.axes) for c in plan.communication} == {("all-reduce", "data")}


def test_zero_gathers_parameters_and_scatters_gradients():
    plan = planned("data:8", rules=ZERO)
    kernels = 4 * plan.parameters
    # The table of embeddings twice. The loss sums the gradient of the logits' kernel whole.
    assert sent(plan, "reduce-scatter", "data") == pytest.approx(kernels, rel=0.02)
    assert sent(plan, "all-reduce", "data") == pytest.approx(TABLE + BIASES, rel=0.02)
    # Forwards and backwards; the table of embeddings for inputs and for targets, forwards alone;
    # the logits' kernel once.
    assert sent(plan, "all-gather", "data") == pytest.approx(2 * kernels - TABLE, rel=0.02)


def test_model_parallel_layers_sum_their_outputs():
    plan = planned("model:4")
    inputs, targets = (4 * 8 * length * TINY.emb_dim for length in (32, 16))
    forwards = inputs * (1 + 2) + targets * (1 + 3)  # the look-up, and each block
    # Backwards each product with a kernel that is split by columns has a sum: q, k, v, wi_0 and
    # wi_1; attention to the encoder sums k and v over inputs; and the logits.
    backwards = inputs * (5 + 2) + targets * (5 + 1 + 1)
    # Of each position's logits the largest, the sum of their exponentials and the target's.
    loss = 3 * 4 * 8 * 16
    found = sent(plan, "all-reduce", "model")
    assert found == pytest.approx(forwards + backwards + loss, rel=1e-3)


def test_a_loss_in_chunks_sums_and_computes_as_much_and_holds_less():
    plan, chunked = planned("data:2,model:4"), planned("data:2,model:4", chunk=16)
    assert chunked.step_flops == plan.step_flops
    assert sent(chunked, "all-reduce", "model") == sent(plan, "all-reduce", "model")
    times = [
        sum(c.transfers for c in p.communication if c.axes == "model") for p in (plan, chunked)
    ]
    assert times[1] - times[0] == 4 * (4 - 1)  # four sums a chunk; 64 positions of a device
    wide = replace(TINY, vocab_size=4096)
    logits = 4 * 8 * 16 * wide.vocab_size
    saved = planned(config=wide).peak_bytes - planned(config=wide, chunk=16).peak_bytes
    assert saved > 0.5 * logits


def test_devices_share_the_products_of_a_step():
    whole = planned(chunk=24)  # 6 chunks of 24 hold 128 positions
    padding = 3 * 2 * (6 * 24 - 8 * 16) * TINY.emb_dim * TINY.vocab_size
    assert whole.step_flops == planned().step_flops + padding
    for mesh in ("data:8", "model:4", "data:2,model:4", "data:2,model:3"):
        assert planned(mesh).step_flops == planned().step_flops


def test_one_device_sends_nothing():
    assert planned().communication == ()


def test_a_device_too_small_is_said_to_be():
    plan = planned()
    device = device_named("v5e")
    assert plan.fits(device)
    assert not plan.fits(replace(device, memory_bytes=plan.peak_bytes - 1))
    assert plan.seconds(device, 0.5) == pytest.approx(2 * plan.model_flops / 197e12)


def test_decoding_keeps_keys_and_values_of_both_attentions():
    plan = planned("data:2,model:4")
    per_token = 2 * TINY.num_heads * TINY.head_dim * 4  # keys and values, float32
    assert plan.cache_bytes == 8 * (32 + 16) * per_token // 8


@pytest.mark.parametrize(
    "text, named",
    [
        ("data:0", "'data:0'"),
        ("pipe:2", "'pipe:2'"),
        ("data", "'data'"),
        ("data:2,data:4", "twice"),
    ],
)
def test_a_wrong_mesh_is_named(text, named):
    with pytest.raises(ValueError, match=named):
        parse_mesh(text)


def test_a_mesh_that_does_not_divide_the_batch_is_refused_with_the_mend():
    with pytest.raises(ValueError, match=r"BATCH_SIZE 8 .* 3 devices .* multiple of 3"):
        planned("data:3")
    with pytest.raises(ValueError, match=r"num_microbatches=4 .* multiple of 16"):
        planned("data:4", microbatches=4)


def test_an_unknown_device_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"h20 .*h200, h100, a100.*Did you mean h200"):
        device_named("h20")


def test_a_mesh_says_its_devices():
    assert parse_mesh("model:4,data:8") == MeshShape(8, 4)
    assert parse_mesh("model:4").devices == 4


COMMAND = (
    sys.executable,
    "-m",
    "flan_mix.cli",
    "plan",
    "--gin_file=gin/models/cpu/mini.gin",
    "--gin_file=gin/runs/finetune.gin",
    "--gin.BATCH_SIZE=64",
)


def test_the_command_needs_neither_data_nor_vocabulary_nor_devices():
    lengths = "--gin.TASK_FEATURE_LENGTHS={'inputs': 64, 'targets': 32}"
    ran = subprocess.run(
        [*COMMAND, lengths, "--mesh=data:16,model:4", "--device=v4", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    assert found["mesh"] == {"data": 16, "model": 4}
    assert found["rows"] == 64 and found["device"]["fits"] is True
    assert found["device"]["seconds_at_peak"] == found["model_flops"] / (64 * 275e12)
    assert sum(found["memory"].values()) == found["peak_bytes"]


def test_a_missing_macro_is_asked_for():
    ran = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "TASK_FEATURE_LENGTHS; add --gin.TASK_FEATURE_LENGTHS=" in ran.stderr
    assert "VOCABULARY" not in ran.stderr and "MODEL_DIR" not in ran.stderr


def test_a_scan_counts_its_body_once_for_each_turn():

    def repeated(x, w):
        return jax.lax.scan(lambda x, _: (x @ w, None), x, length=7)[0]

    square = jax.ShapeDtypeStruct((16, 16), jnp.float32)
    program = program_of(jax.make_jaxpr(repeated)(square, square))
    assert matmul_flops(program) == 7 * 2 * math.prod((16, 16, 16))
