"""One update: a batch and a state in, the next state and its metrics out.

The step knows a model only as a function from parameters, batch and dropout key to what its logits
are the product of. It is
compiled for the mesh on which the state lies, takes over the old state's buffers, and depends on
nothing but its arguments: the same state, batch and key give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from flan_mix.training.loss_weights import LossConfig, WeightedBatch, normalize
from flan_mix.training.mesh import DATA_AXIS
from flan_mix.training.metrics import StepMetrics, count_batch
from flan_mix.training.optimizers import Optimizer, global_norm
from flan_mix.training.partitioning import Partitioner
from flan_mix.training.projected_loss import projected_losses
from flan_mix.training.schedules import Schedule
from flan_mix.training.train_state import TrainState, shardings_of
from flan_mix.training.weight_report import weight_report

if TYPE_CHECKING:
    from jaxtyping import Array, Float

Batch = Mapping[str, Any]
Tree = Any

ApplyFn = Callable[[Tree, Batch, Any], Any]
"""(params, batch, dropout key or None) -> hidden states [batch, target length, embed] and output
kernel [embed, vocabulary], whose product are the logits."""


class PartSums(NamedTuple):
    """What a part of a batch adds to the step's metrics, float32 scalars."""

    loss: Float[Array, ""]
    z_loss: Float[Array, ""]
    token_loss: Float[Array, ""]
    correct: Float[Array, ""]


def batch_losses(
    apply_fn: ApplyFn,
    loss_config: LossConfig,
    partitioner: Partitioner,
    params: Tree,
    batch: Batch,
    weighted: WeightedBatch,
    rng: jax.Array | None,
) -> tuple[Float[Array, ""], PartSums]:
    """The loss of a batch, normalized, and what the batch adds to the metrics; to be traced."""
    with partitioner.activation_rules():
        hidden, kernel = apply_fn(params, batch, rng)
    total, losses = projected_losses(
        hidden,
        kernel,
        batch["decoder_target_tokens"],
        weighted.weights,
        loss_config,
        partitioner.mesh,
    )
    loss = total / weighted.factor
    return loss, PartSums(
        loss=loss,
        z_loss=jnp.sum(losses.z_loss * weighted.weights) / weighted.factor,
        token_loss=jnp.sum(losses.loss * batch["decoder_loss_weights"]),
        correct=jnp.sum(losses.correct * batch["decoder_loss_weights"]),
    )


def make_train_step(
    apply_fn: ApplyFn,
    optimizer: Optimizer,
    learning_rate_fn: Schedule,
    loss_config: LossConfig,
    *,
    partitioner: Partitioner,
    num_microbatches: int | None = None,
    reports_weights: bool = False,
) -> TrainStep:
    """The step function `step(state, batch, rng) -> (state, StepMetrics)`.

    num_microbatches: gradients are summed over this many equal parts of the batch, which needs
        memory for the activations of one part only and gives the gradient of the whole batch,
        whatever the loss normalizing factor. Each device's rows are split, so the rows of a batch
        must divide by it on every part of the data axis.
    reports_weights: metrics hold the `weight_report` of every parameter too.
    """
    return TrainStep(
        apply_fn,
        optimizer,
        learning_rate_fn,
        loss_config,
        partitioner,
        num_microbatches or 1,
        reports_weights,
    )


@dataclass(eq=False)
class TrainStep:
    """See `make_train_step`. Calling it compiles it first, for the placement of the given state."""

    apply_fn: ApplyFn
    optimizer: Optimizer
    learning_rate_fn: Schedule
    loss_config: LossConfig
    partitioner: Partitioner
    num_microbatches: int
    reports_weights: bool = False
    _jitted: Any = field(default=None, init=False, repr=False)

    def __call__(
        self, state: TrainState, batch: Batch, rng: jax.Array
    ) -> tuple[TrainState, StepMetrics]:
        """Updates `state`, whose arrays must not be used afterwards: their memory is taken over.

        batch: global arrays, see `Partitioner.shard_batch`. rng: the run's key; dropout draws from
        fold_in(rng, state.step).
        """
        if self._jitted is None:
            self._jitted = self.jit_for(state)
        return self._jitted(state, batch, rng)

    def jit_for(self, state: TrainState) -> Any:
        """The jitted step whose new state lies where `state` (arrays or shapes) lies.

        Call it, or `.lower(state, batch, rng)` it to compile ahead of time.
        """
        return jax.jit(
            self.update,
            out_shardings=(shardings_of(state), self.partitioner.replicated),
            donate_argnums=(0,),
        )

    def update(
        self, state: TrainState, batch: Batch, rng: jax.Array
    ) -> tuple[TrainState, StepMetrics]:
        """The step as a pure function, to be traced."""
        weighted = normalize(batch, self.loss_config.loss_normalizing_factor)
        gradients, sums = self._gradients(
            state.params, batch, weighted, jax.random.fold_in(rng, state.step)
        )
        learning_rate = self.learning_rate_fn(state.step)
        updates, opt_state = self.optimizer.update(
            gradients, state.opt_state, state.params, state.step, learning_rate
        )
        params = jax.tree.map(lambda p, u: p + u, state.params, updates)
        metrics = StepMetrics(
            **sums._asdict(),
            weights=jnp.sum(batch["decoder_loss_weights"].astype(jnp.float32)),
            learning_rate=learning_rate,
            gradient_norm=global_norm(gradients),
            counts=count_batch(batch),
            further=(
                weight_report(state.params, gradients, params) if self.reports_weights else {}
            ),
        )
        return TrainState(state.step + 1, params, opt_state), metrics

    def losses(
        self, params: Tree, batch: Batch, weighted: WeightedBatch, rng: jax.Array
    ) -> tuple[Float[Array, ""], PartSums]:
        """What is differentiated: `batch_losses`."""
        return batch_losses(
            self.apply_fn, self.loss_config, self.partitioner, params, batch, weighted, rng
        )

    def _gradients(
        self, params: Tree, batch: Batch, weighted: WeightedBatch, rng: jax.Array
    ) -> tuple[Tree, PartSums]:
        """Gradients and sums over the whole batch, part by part if asked to."""
        if self.num_microbatches == 1:
            return self._part_gradients(params, dict(batch), weighted, rng)
        parts = jax.tree.map(self._split_rows, (dict(batch), weighted.weights))

        def add_part(total, numbered_part):
            number, (part, weights) = numbered_part
            key = jax.random.fold_in(rng, number)
            part_weighted = weighted._replace(weights=weights)
            found = self._part_gradients(params, part, part_weighted, key)
            return jax.tree.map(jnp.add, total, found), None

        zero = jnp.zeros((), jnp.float32)
        zeros = jax.tree.map(lambda p: jnp.zeros(p.shape, jnp.float32), params)
        start = (zeros, PartSums(zero, zero, zero, zero))
        total, _ = jax.lax.scan(add_part, start, (jnp.arange(self.num_microbatches), parts))
        return total

    def _part_gradients(
        self, params: Tree, batch: Batch, weighted: WeightedBatch, rng: jax.Array
    ) -> tuple[Tree, PartSums]:

        def loss_fn(params):
            return self.losses(params, batch, weighted, rng)

        gradients, sums = jax.grad(loss_fn, has_aux=True)(params)
        return jax.tree.map(lambda g: g.astype(jnp.float32), gradients), sums

    def _split_rows(self, rows: Float[Array, "batch ..."]) -> Float[Array, "parts part ..."]:
        """Splits every device's own rows into parts, so that no row changes device."""
        batch_size, data_parts = rows.shape[0], self.partitioner.data_parts
        if batch_size % (data_parts * self.num_microbatches):
            raise ValueError(
                f"num_microbatches={self.num_microbatches} does not divide the "
                f"{batch_size // data_parts} rows per part of the mesh's data axis (BATCH_SIZE "
                f"{batch_size} over {data_parts}): make BATCH_SIZE a multiple of "
                f"{data_parts * self.num_microbatches}"
            )
        parts = rows.reshape(
            batch_size // self.num_microbatches, self.num_microbatches, *rows.shape[1:]
        )
        sharding = NamedSharding(self.partitioner.mesh, PartitionSpec(None, DATA_AXIS))
        return jax.lax.with_sharding_constraint(parts.swapaxes(0, 1), sharding)
