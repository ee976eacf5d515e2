"""Teacher-forced evaluation: how likely a model finds the targets of some batches.

No dropout, no update, no normalizing factor. The device gives figures of every target position;
the host adds them up by example, so that packed rows come apart, any number of batches adds up,
and intervals can be drawn over examples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from flan_mix.training.loss_weights import LossConfig, normalize
from flan_mix.training.metrics import StepMetrics, count_batch
from flan_mix.training.partitioning import Partitioner
from flan_mix.training.projected_loss import projected_losses
from flan_mix.training.train_step import ApplyFn, Batch, Tree, batch_losses

if TYPE_CHECKING:
    from jaxtyping import Float


@flax.struct.dataclass
class TokenFigures:
    """Figures of the target positions of a batch, [batch, length]; small beside the logits.

    loss (with z_loss in it), z_loss and correct are float32 and counted by the position's loss
    weight. segment_ids: int32, 0 at padding. segments: int32 [batch], examples in each row.
    """

    loss: Any
    z_loss: Any
    correct: Any
    weights: Any
    segment_ids: Any
    segments: Any


@dataclass(frozen=True)
class ExampleSums:
    """Sums over each example's target positions, float64 [examples].

    In the order of rows and of the examples in them; empty rows are none. Fields as of
    `TokenFigures`.
    """

    loss: Float[np.ndarray, " examples"]
    z_loss: Float[np.ndarray, " examples"]
    correct: Float[np.ndarray, " examples"]
    weights: Float[np.ndarray, " examples"]

    def means(self) -> dict[str, float]:
        """Means per target token over all examples.

        Keys: loss, z_loss and cross_ent_loss per token (nats), accuracy, tokens, sequences; loss
        and accuracy are NaN where there is no token.
        """
        weights = float(self.weights.sum())
        tokens = weights or math.nan
        loss, z_loss = float(self.loss.sum()), float(self.z_loss.sum())
        return {
            "loss": loss / tokens,
            "z_loss": z_loss / tokens,
            "cross_ent_loss": (loss - z_loss) / tokens,
            "accuracy": float(self.correct.sum()) / tokens,
            "tokens": weights,
            "sequences": float(len(self.weights)),
        }


EvalStep = Callable[[Tree, Batch], TokenFigures]


def make_eval_step(
    apply_fn: ApplyFn, loss_config: LossConfig, *, partitioner: Partitioner
) -> EvalStep:
    """The jitted function from parameters and a placed batch to its `TokenFigures`."""

    def figures(params: Tree, batch: Batch) -> TokenFigures:
        with partitioner.activation_rules():
            hidden, kernel = apply_fn(params, batch, None)
        weights = batch["decoder_loss_weights"].astype(jnp.float32)
        targets = batch["decoder_target_tokens"]
        _, losses = projected_losses(
            hidden, kernel, targets, weights, loss_config, partitioner.mesh
        )
        encoder, decoder = batch["encoder_segment_ids"], batch["decoder_segment_ids"]
        return TokenFigures(
            loss=losses.loss * weights,
            z_loss=losses.z_loss * weights,
            correct=losses.correct * weights,
            weights=weights,
            segment_ids=decoder,
            # An example may have an empty target, or an empty input.
            segments=jnp.maximum(jnp.max(encoder, axis=1), jnp.max(decoder, axis=1)),
        )

    return jax.jit(figures, out_shardings=partitioner.replicated)


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


def evaluate_batches(eval_step: EvalStep, params: Tree, batches: Iterable[Batch]) -> ExampleSums:
    """The sums of every example of all batches, added up in double precision on the host."""
    names = [field.name for field in fields(ExampleSums)]
    found = [_sums_by_example(jax.device_get(eval_step(params, b)), names) for b in batches]
    return ExampleSums(*np.concatenate([np.zeros((len(names), 0)), *found], axis=1))


def _sums_by_example(figures: TokenFigures, names: list[str]) -> Float[np.ndarray, "name examples"]:
    ends = np.cumsum(figures.segments)
    inside = figures.segment_ids > 0
    places = ((ends - figures.segments)[:, None] + figures.segment_ids - 1)[inside]
    return np.array(
        [np.bincount(places, getattr(figures, name)[inside], minlength=ends[-1]) for name in names]
    )
