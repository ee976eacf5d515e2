"""Teacher-forced evaluation: how likely a model finds the targets of some batches.

No dropout, no update, no normalizing factor: sums over tokens, so that batches of any size add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from flan_mix.training.loss_weights import LossConfig, normalize
from flan_mix.training.metrics import StepMetrics, count_batch
from flan_mix.training.partitioning import Partitioner
from flan_mix.training.projected_loss import projected_losses
from flan_mix.training.train_step import ApplyFn, Batch, Tree, batch_losses


@flax.struct.dataclass
class EvalSums:
    """Sums over target positions, each counted by its loss weight; float32 scalars.

    loss includes z_loss. sequences counts examples (segments), int32.
    """

    loss: Any
    z_loss: Any
    correct: Any
    weights: Any
    sequences: Any


EvalStep = Callable[[Tree, Batch], EvalSums]


def make_eval_step(
    apply_fn: ApplyFn, loss_config: LossConfig, *, partitioner: Partitioner
) -> EvalStep:
    """The jitted function from parameters and a placed batch to its `EvalSums`."""

    def sums(params: Tree, batch: Batch) -> EvalSums:
        with partitioner.activation_rules():
            hidden, kernel = apply_fn(params, batch, None)
        targets, weights = batch["decoder_target_tokens"], batch["decoder_loss_weights"]
        weights = weights.astype(jnp.float32)
        total, losses = projected_losses(
            hidden, kernel, targets, weights, loss_config, partitioner.mesh
        )
        return EvalSums(
            loss=total,
            z_loss=jnp.sum(losses.z_loss * weights),
            correct=jnp.sum(losses.correct * weights),
            weights=jnp.sum(weights),
            sequences=jnp.sum(jnp.max(batch["decoder_segment_ids"], axis=1), dtype=jnp.int32),
        )

    return jax.jit(sums, out_shardings=partitioner.replicated)


MetricsStep = Callable[[Tree, Batch], StepMetrics]


def make_metrics_step(
    apply_fn: ApplyFn, loss_config: LossConfig, *, partitioner: Partitioner
) -> MetricsStep:
    """The jitted function from parameters and a placed batch to a train step's metrics.

    Without dropout and update; learning rate and gradient norm are 0. `summarize` names them.
    """

    def measure(params: Tree, batch: Batch) -> StepMetrics:
        weighted = normalize(batch, loss_config.loss_normalizing_factor)
        _, sums = batch_losses(apply_fn, loss_config, partitioner, params, batch, weighted, None)
        zero = jnp.float32(0.0)
        return StepMetrics(
            **sums._asdict(),
            weights=jnp.sum(batch["decoder_loss_weights"].astype(jnp.float32)),
            learning_rate=zero,
            gradient_norm=zero,
            counts=count_batch(batch),
        )

    return jax.jit(measure, out_shardings=partitioner.replicated)


def evaluate_batches(
    eval_step: EvalStep, params: Tree, batches: Iterable[Batch]
) -> dict[str, float]:
    """Means per target token over all batches, added up in double precision on the host.

    Keys: loss, z_loss and cross_ent_loss per token (nats), accuracy, tokens, sequences; loss and
    accuracy are NaN where there is no token.
    """
    total: dict[str, float] = dict.fromkeys(
        ("loss", "z_loss", "correct", "weights", "sequences"), 0
    )
    for batch in batches:
        sums = jax.device_get(eval_step(params, batch))
        for name in total:
            total[name] += float(getattr(sums, name))
    tokens = total["weights"] or math.nan
    return {
        "loss": total["loss"] / tokens,
        "z_loss": total["z_loss"] / tokens,
        "cross_ent_loss": (total["loss"] - total["z_loss"]) / tokens,
        "accuracy": total["correct"] / tokens,
        "tokens": total["weights"],
        "sequences": total["sequences"],
    }
