"""The smallest thing that the training floor can train: an embedding and a projection.

It compiles in a moment, which a T5 does not, and has all that matters to a train step: dropout, a
factored and an unfactored parameter, logical axes and activation constraints.
"""

from __future__ import annotations

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from flan_mix.training import (
    Adafactor,
    AdamW,
    LossConfig,
    Partitioner,
    TrainState,
    TrainStep,
    abstract_state,
    init_state,
    make_train_step,
)
from tests.training.tiny_run import VOCAB_SIZE

WIDTH = 16
ONE_DEVICE = Partitioner(devices=(jax.devices()[0],))
ADAFACTOR = Adafactor(min_dim_size_to_factor=16)
LOGICAL_AXES = {
    "embedding": PartitionSpec("vocab", "embed"),
    "scale": PartitionSpec("embed"),
    "head": {"kernel": PartitionSpec("embed", "vocab")},
}


def init_toy(rng: jax.Array) -> dict:
    """Fresh parameters."""
    first, second = jax.random.split(rng)
    return {
        "embedding": jax.random.normal(first, (VOCAB_SIZE, WIDTH)),
        "scale": jnp.ones((WIDTH,)),
        "head": {"kernel": jax.random.normal(second, (WIDTH, VOCAB_SIZE)) / WIDTH},
    }


def apply_toy(
    params: dict, batch: dict, dropout_rng: jax.Array | None
) -> tuple[jax.Array, jax.Array]:
    """The next token from the token alone, hidden states and kernel; dropout 0.1 with a key."""
    hidden = params["embedding"][batch["decoder_input_tokens"]] * params["scale"]
    if dropout_rng is not None:
        hidden *= jax.random.bernoulli(dropout_rng, 0.9, hidden.shape) / 0.9
    hidden = nn.with_logical_constraint(hidden, ("batch", "length", "embed"))
    return hidden, params["head"]["kernel"]


def apply_toy_without_dropout(params: dict, batch: dict, dropout_rng):
    """`apply_toy` that never drops anything, to compare batches split in different ways."""
    del dropout_rng
    return apply_toy(params, batch, None)


def toy_run(
    *,
    apply_fn=apply_toy,
    optimizer: Adafactor | AdamW = ADAFACTOR,
    loss_config: LossConfig = LossConfig(),
    num_microbatches: int | None = None,
    learning_rate: float = 0.01,
) -> tuple[TrainState, TrainStep]:
    """A fresh state, always of the same numbers, and the step that trains it on ONE_DEVICE."""
    initial, placement = _initial_state(optimizer)
    state = jax.tree.map(lambda x, place: jax.device_put(x, place.sharding), initial, placement)
    return state, _step(apply_fn, optimizer, loss_config, num_microbatches, learning_rate)


@functools.cache
def _initial_state(optimizer: Adafactor | AdamW) -> tuple[TrainState, TrainState]:
    built, rng = optimizer.build(), jax.random.key(0)
    state = init_state(init_toy, LOGICAL_AXES, built, ONE_DEVICE, rng)
    return jax.device_get(state), abstract_state(init_toy, LOGICAL_AXES, built, ONE_DEVICE)


@functools.cache  # Compiling takes seconds, so tests that want the same step share one.
def _step(apply_fn, optimizer, loss_config, num_microbatches, learning_rate) -> TrainStep:
    return make_train_step(
        apply_fn,
        optimizer.build(),
        lambda step: jnp.float32(learning_rate),
        loss_config,
        partitioner=ONE_DEVICE,
        num_microbatches=num_microbatches,
    )
