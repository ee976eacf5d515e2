"""What a training step is measured with: a model, its optimizer and batches."""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import jax
import numpy as np

from flan_mix.data import TrainLoader
from flan_mix.models import T5Config, Transformer, apply_projected, init_params, logical_axes
from flan_mix.training import (
    Adafactor,
    LossConfig,
    Partitioner,
    TrainState,
    TrainStep,
    create_learning_rate_scheduler,
    init_state,
    make_train_step,
)
from tools.bench.synthetic_mixture import made_mixture

ROWS_OF = ("real", "padded", "packed")
"""Every position real; one example of 160 / 30 tokens in the median a row; as many as fit."""


def training(config: T5Config, partitioner: Partitioner) -> tuple[TrainState, TrainStep]:
    """A fresh state and the step that trains it: Adafactor, z-loss, dropout as configured."""
    model, optimizer = Transformer(config), Adafactor().build()
    step = make_train_step(
        partial(apply_projected, model),
        optimizer,
        create_learning_rate_scheduler(factors="constant", base_learning_rate=1e-3),
        LossConfig(z_loss=1e-4),
        partitioner=partitioner,
    )
    init, axes = partial(init_params, model), logical_axes(model)
    return init_state(init, axes, optimizer, partitioner, jax.random.key(0)), step


def full_batch(rows: int, inputs: int, targets: int, vocab_size: int) -> dict[str, np.ndarray]:
    """One example a row, all positions real."""
    random = np.random.default_rng(0)
    encoder, decoder = (random.integers(2, vocab_size, (rows, n)) for n in (inputs, targets))
    places = [np.broadcast_to(np.arange(n), (rows, n)) for n in (inputs, targets)]
    arrays = {
        "encoder_input_tokens": encoder,
        "encoder_segment_ids": np.ones_like(encoder),
        "encoder_positions": places[0],
        "decoder_input_tokens": np.pad(decoder, ((0, 0), (1, 0)))[:, :-1],
        "decoder_target_tokens": decoder,
        "decoder_loss_weights": np.ones_like(decoder),
        "decoder_segment_ids": np.ones_like(decoder),
        "decoder_positions": places[1],
    }
    return {name: array.astype(np.int32) for name, array in arrays.items()}


def batch_of(
    rows_of: str, shape: tuple[int, int, int], vocab_size: int
) -> Mapping[str, np.ndarray]:
    """A batch of (rows, inputs, targets) with rows of one of ROWS_OF."""
    rows, inputs, targets = shape
    if rows_of == "real":
        return full_batch(*shape, vocab_size)
    with tempfile.TemporaryDirectory(prefix="rows_") as folder:
        mixture = made_mixture(
            Path(folder), tasks=1, examples=5000, median_inputs=160, median_targets=30
        )
        loader = TrainLoader(
            mixture,
            feature_lengths={"inputs": inputs, "targets": targets},
            batch_size=rows,
            pack=rows_of == "packed",
            seed=0,
        )
        return next(iter(loader))


def tokens_of(batch: Mapping[str, np.ndarray]) -> int:
    """Positions that are no padding."""
    sides = ("encoder", "decoder")
    return sum(int(np.count_nonzero(batch[f"{side}_segment_ids"])) for side in sides)
