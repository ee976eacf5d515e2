"""A run's train step with the shapes of what it reads, made of what gin binds: nothing allocated.

`--check` traces it, and `flan-mix plan` counts what it holds, computes and sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from flan_mix.data.token_cache import FEATURES
from flan_mix.models import apply_projected, init_params, logical_axes
from flan_mix.training import LossConfig, Partitioner, abstract_state, make_train_step
from flan_mix.training.train_state import TrainState
from flan_mix.training.train_step import TrainStep

_OF_SIDE = {
    "encoder": ("input_tokens", "segment_ids", "positions"),
    "decoder": ("input_tokens", "target_tokens", "loss_weights", "segment_ids", "positions"),
}


@dataclass(frozen=True)
class AbstractStep:
    """`step.update` can be traced with `state`, `batch` and `key`; their arrays are only shapes."""

    step: TrainStep
    state: TrainState
    batch: dict[str, jax.ShapeDtypeStruct]

    @property
    def key(self) -> jax.ShapeDtypeStruct:
        """The run's random key."""
        return jax.eval_shape(lambda: jax.random.key(0))


def placed_state(model: Any, partitioner: Partitioner) -> TrainState:
    """The shapes of a run's train state, and where they lie. model: see `runs.model`."""
    module = model.module
    return abstract_state(
        lambda rng: init_params(module, rng),
        logical_axes(module),
        model.optimizer.build(),
        partitioner,
    )


def abstract_step(
    arguments: Mapping[str, Any], model: Any, partitioner: Partitioner, state: TrainState
) -> AbstractStep:
    """The step of the run whose bindings are `arguments`.

    Raises ValueError where a batch does not divide over the mesh or into microbatches.
    """
    module, dataset = model.module, arguments["train_dataset_cfg"]
    trainer = arguments.get("trainer") or arguments["trainer_cls"]()
    step = make_train_step(
        lambda params, batch, rng: apply_projected(module, params, batch, rng),
        model.optimizer.build(),
        trainer.learning_rate_fn,
        getattr(model, "loss_config", LossConfig()),
        partitioner=partitioner,
        num_microbatches=trainer.num_microbatches,
    )
    batch = abstract_batch(dataset.batch_size, dataset.task_feature_lengths, partitioner)
    return AbstractStep(step, state, batch)


def abstract_batch(
    rows: int, lengths: Mapping[str, int], partitioner: Partitioner
) -> dict[str, jax.ShapeDtypeStruct]:
    """The arrays of a batch of `rows` rows."""
    return {
        f"{side}_{name}": jax.ShapeDtypeStruct(
            (rows, lengths[feature]), jnp.int32, sharding=partitioner.batch_sharding
        )
        for (side, names), feature in zip(_OF_SIDE.items(), FEATURES, strict=True)
        for name in names
    }
