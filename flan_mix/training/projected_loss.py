"""Cross-entropy straight from what the logits are a product of, a few positions at a time.

The logits of a batch, [batch, length, vocab] in float32, are the largest array of a T5 step by far,
and the loss needs nothing of them but four numbers a position. Here they exist for one chunk of
positions at a time, only for positions that count, and the gradients of hidden states and kernel
are taken in the same visit: three products with the kernel, as the plain formula has, and no
second look at anything. The numbers are those of `loss.token_losses` up to float32 rounding.

On a mesh every device takes its own rows and its own part of the vocabulary.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec

from flan_mix.models.platform import platform
from flan_mix.training.loss import Losses, negative_entropy, target_probabilities
from flan_mix.training.loss_weights import LossConfig
from flan_mix.training.mesh import DATA_AXIS, MODEL_AXIS

if TYPE_CHECKING:
    from jaxtyping import Array, Float, Int

CHUNK_LOGITS = {"cpu": 2**23}
"""How many logits a chunk has, by platform; elsewhere enough to keep matrix units busy."""
CHUNK_LOGITS_ELSEWHERE = 2**26
TURNS = "at_most_{}_turns"
"""The scope around the loop over chunks: its turns where every position counts."""


def projected_losses(
    hidden: Float[Array, "batch length embed"],
    kernel: Float[Array, "embed vocab"],
    targets: Int[Array, "batch length"],
    weights: Float[Array, "batch length"],
    config: LossConfig,
    mesh: Mesh | None = None,
) -> tuple[Float[Array, ""], Losses]:
    """The sum of `weights` times each position's loss, and the `Losses` [batch, length] themselves.

    The logits are hidden·kernel in float32. Gradients flow through the sum alone. Positions of
    weight 0 are not computed; their losses are 0. mesh: where the arrays lie, rows over 'data' and
    the vocabulary over 'model'; None: here. On an abstract mesh chunks are as on accelerators.
    """
    weights = jnp.asarray(weights, jnp.float32)
    # What custom_vjp gives back has no type.
    of_batch: Any = _weighted_sum(config, mesh, hidden, kernel, targets, weights)
    total, losses = of_batch
    return total, jax.tree.map(jax.lax.stop_gradient, losses)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _weighted_sum(config, mesh, hidden, kernel, targets, weights):
    losses, _ = _placed(config, mesh, False, hidden, kernel, targets, weights)
    return jnp.sum(losses.loss * weights), losses


def _forward(config, mesh, hidden, kernel, targets, weights):
    losses, gradients = _placed(config, mesh, True, hidden, kernel, targets, weights)
    return (jnp.sum(losses.loss * weights), losses), (gradients, losses.loss)


def _backward(config, mesh, kept, cotangents):
    del config, mesh
    (of_hidden, of_kernel), losses = kept
    factor = cotangents[0]
    scaled = (factor * of_hidden).astype(of_hidden.dtype)
    return scaled, factor * of_kernel, None, factor * losses


_weighted_sum.defvjp(_forward, _backward)


def _placed(config, mesh, with_gradients, *arrays):
    """`_in_chunks` on every device of a mesh, each with its part of the arrays."""
    hidden, kernel, targets, weights = arrays
    logits = CHUNK_LOGITS.get(_platform(mesh), CHUNK_LOGITS_ELSEWHERE)
    in_chunks = partial(_in_chunks, config, with_gradients, logits)
    if mesh is None or mesh.size == 1:
        return in_chunks(None, (), *arrays)
    splits_vocab = mesh.shape[MODEL_AXIS] > 1 and kernel.shape[1] % mesh.shape[MODEL_AXIS] == 0
    rows, columns = (
        PartitionSpec(DATA_AXIS),
        PartitionSpec(None, MODEL_AXIS if splits_vocab else None),
    )
    return jax.shard_map(
        partial(in_chunks, MODEL_AXIS if splits_vocab else None, (DATA_AXIS,)),
        mesh=mesh,
        in_specs=(rows, columns, rows, rows),
        out_specs=(rows, (rows, columns) if with_gradients else None),
        check_vma=False,
    )(hidden, kernel, targets, weights)


def _in_chunks(
    config: LossConfig,
    with_gradients: bool,
    chunk_logits: int,
    vocab_axis: str | None,
    row_axes: tuple[str, ...],
    hidden: Float[Array, "batch length embed"],
    kernel: Float[Array, "embed vocab"],
    targets: Int[Array, "batch length"],
    weights: Float[Array, "batch length"],
) -> tuple[Losses, tuple[Any, Any] | None]:
    """Losses of every position and gradients of their weighted sum, of this device's arrays."""
    shape, dtype = targets.shape, hidden.dtype
    chunk = _chunk_positions(config, targets.size, kernel.shape[1], chunk_logits)
    # Positions that count come first, so that the chunks behind them need not be looked at.
    order = jnp.argsort(weights.ravel() == 0, stable=True)
    padding = -targets.size % chunk
    hidden, targets, weights = (
        jnp.pad(jnp.take(array.reshape(targets.size, -1), order, axis=0), ((0, padding), (0, 0)))
        for array in (hidden, targets, weights)
    )
    count = jnp.sum(weights != 0)

    def visit(index, carry):
        losses, gradients = carry
        start = index * chunk
        of_chunk = [
            jax.lax.dynamic_slice_in_dim(array, start, chunk)
            for array in (hidden, targets, weights)
        ]
        found, of_hidden, of_kernel = _chunk(config, with_gradients, vocab_axis, kernel, *of_chunk)
        losses = jax.tree.map(
            lambda all_, part: jax.lax.dynamic_update_slice_in_dim(all_, part, start, 0),
            losses,
            found,
        )
        if gradients is not None:
            gradients = (
                jax.lax.dynamic_update_slice_in_dim(
                    gradients[0], of_hidden.astype(dtype), start, 0
                ),
                gradients[1] + of_kernel,
            )
        return losses, gradients

    zeros = jnp.zeros((targets.size,), jnp.float32)
    nothing = (jnp.zeros_like(hidden), jnp.zeros_like(kernel)) if with_gradients else None
    with jax.named_scope(TURNS.format(targets.size // chunk)):
        losses, gradients = jax.lax.fori_loop(
            0, (count + chunk - 1) // chunk, visit, (Losses(zeros, zeros, zeros), nothing)
        )
    back = jnp.argsort(order)
    losses = jax.tree.map(lambda array: array[back].reshape(shape), losses)
    if gradients is not None:
        of_hidden, of_kernel = gradients
        of_hidden = of_hidden[back].reshape(*shape, -1)
        gradients = of_hidden, jax.lax.psum(of_kernel, row_axes) if row_axes else of_kernel
    return losses, gradients


def _chunk(
    config: LossConfig,
    with_gradients: bool,
    vocab_axis: str | None,
    kernel: Float[Array, "embed vocab"],
    hidden: Float[Array, "chunk embed"],
    targets: Int[Array, "chunk 1"],
    weights: Float[Array, "chunk 1"],
) -> tuple[Losses, Any, Any]:
    """Losses [chunk] and the gradients of their weighted sum."""
    hidden = hidden.astype(jnp.float32)
    logits = jnp.dot(hidden, kernel)
    columns = jax.lax.broadcasted_iota(jnp.int32, logits.shape, 1)
    vocab_size = kernel.shape[1]
    if vocab_axis is not None:
        columns += jax.lax.axis_index(vocab_axis) * vocab_size
        vocab_size *= jax.lax.axis_size(vocab_axis)
    is_target = columns == targets
    over_vocab = partial(_over_vocab, vocab_axis)
    largest = over_vocab(jnp.max, logits)
    log_z = largest + jnp.log(over_vocab(jnp.sum, jnp.exp(logits - largest)))
    target_logit = over_vocab(jnp.sum, jnp.where(is_target, logits, 0))
    confidence, low = target_probabilities(vocab_size, config.label_smoothing)
    loss = log_z - (confidence - low) * target_logit
    if config.label_smoothing:
        loss += negative_entropy(vocab_size, config.label_smoothing)
        loss -= low * over_vocab(jnp.sum, logits)
    z_loss = config.z_loss * jnp.square(log_z)
    correct = (target_logit >= largest).astype(jnp.float32)
    counted = weights != 0
    losses = Losses(*(jnp.where(counted, x, 0)[:, 0] for x in (loss + z_loss, z_loss, correct)))
    if not with_gradients:
        return losses, None, None
    probabilities = jnp.exp(logits - log_z)
    desired = jnp.where(is_target, confidence, low)
    of_logits = weights * ((1.0 + 2.0 * config.z_loss * log_z) * probabilities - desired)
    of_hidden = jnp.dot(of_logits, kernel.T)
    if vocab_axis is not None:
        of_hidden = jax.lax.psum(of_hidden, vocab_axis)
    return losses, of_hidden, jnp.dot(hidden.T, of_logits)


def _over_vocab(vocab_axis: str | None, reduce: Any, array: Float[Array, "chunk vocab"]):
    """`reduce` (jnp.sum or jnp.max) over the whole vocabulary: [chunk, 1]."""
    local = reduce(array, axis=-1, keepdims=True)
    if vocab_axis is None:
        return local
    across = jax.lax.pmax if reduce is jnp.max else jax.lax.psum
    return across(local, vocab_axis)


def _platform(mesh: Mesh | None) -> str:
    """Of the devices of a mesh, or of this process; empty where the devices are not there."""
    if mesh is None:
        return platform()
    return mesh.devices.flat[0].platform if isinstance(mesh, Mesh) else ""


def _chunk_positions(config: LossConfig, positions: int, vocab_size: int, logits: int) -> int:
    """How many positions a chunk has: what was asked for, or those of about so many logits."""
    if config.chunk_positions is not None:
        return min(config.chunk_positions, positions)
    fitting = max(128, logits // vocab_size // 128 * 128)
    # Chunks of one size, so that the last is not mostly padding.
    chunks = -(-positions // fitting)
    return -(-positions // chunks)
