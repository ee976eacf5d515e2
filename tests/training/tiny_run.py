"""A tiny T5 put together with the training floor, and random packed batches to train it on."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

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

VOCAB_SIZE = 128


def tiny_config(dropout_rate: float = 0.1, *, scan_layers: bool = False) -> T5Config:
    """A T5 1.1 whose dimensions all divide by 4; two layers a stack if they are scanned."""
    layers = 2 if scan_layers else 1
    return T5Config(
        vocab_size=VOCAB_SIZE,
        emb_dim=32,
        num_heads=4,
        head_dim=8,
        num_encoder_layers=layers,
        num_decoder_layers=layers,
        mlp_dim=64,
        mlp_activations=("gelu", "linear"),
        dropout_rate=dropout_rate,
        scan_layers=scan_layers,
    )


def tiny_run(
    partitioner: Partitioner,
    *,
    dropout_rate: float = 0.1,
    scan_layers: bool = False,
    loss_config: LossConfig | None = None,
    num_microbatches: int | None = None,
    optimizer: Adafactor | None = None,
) -> tuple[TrainState, TrainStep]:
    """A fresh state (always the same numbers) and the step that trains it."""
    model = Transformer(tiny_config(dropout_rate, scan_layers=scan_layers))
    # A low threshold, so that factored moments take part at this size.
    built = (optimizer or Adafactor(min_dim_size_to_factor=32)).build()
    step = make_train_step(
        partial(apply_projected, model),
        built,
        create_learning_rate_scheduler(factors="constant", base_learning_rate=1e-3),
        loss_config or LossConfig(z_loss=1e-4),
        partitioner=partitioner,
        num_microbatches=num_microbatches,
    )
    init = partial(init_params, model)
    return init_state(init, logical_axes(model), built, partitioner, jax.random.key(0)), step


def random_batch(seed: int, rows: int = 8, inputs: int = 16, targets: int = 12) -> dict:
    """A packed batch with uneven examples, up to 3 a row, and padding at the end of rows."""
    rng = np.random.default_rng(seed)
    encoder = _segments(rng, rows, inputs)
    decoder = _segments(rng, rows, targets)
    target_tokens = rng.integers(2, VOCAB_SIZE, (rows, targets)) * (decoder > 0)
    starts = np.diff(decoder, axis=1, prepend=0) != 0
    shifted = np.pad(target_tokens, ((0, 0), (1, 0)))[:, :-1]
    arrays = {
        "encoder_input_tokens": rng.integers(2, VOCAB_SIZE, (rows, inputs)) * (encoder > 0),
        "encoder_segment_ids": encoder,
        "encoder_positions": _positions(encoder),
        "decoder_input_tokens": np.where(starts, 0, shifted) * (decoder > 0),
        "decoder_target_tokens": target_tokens,
        "decoder_loss_weights": decoder > 0,
        "decoder_segment_ids": decoder,
        "decoder_positions": _positions(decoder),
    }
    return {name: array.astype(np.int32) for name, array in arrays.items()}


def _segments(rng: np.random.Generator, rows: int, length: int) -> np.ndarray:
    segments = np.zeros((rows, length), np.int32)
    for row in segments:
        cuts = np.sort(rng.choice(np.arange(1, length + 1), 3, replace=False))
        for number, (start, end) in enumerate(zip([0, *cuts[:-1]], cuts, strict=True), 1):
            row[start:end] = number
    return segments


def _positions(segments: np.ndarray) -> np.ndarray:
    positions = np.zeros_like(segments)
    for row, out in zip(segments, positions, strict=True):
        for column in range(1, len(row)):
            if row[column] and row[column] == row[column - 1]:
                out[column] = out[column - 1] + 1
    return positions
