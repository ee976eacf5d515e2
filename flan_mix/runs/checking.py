"""`--check`: whether a configuration holds together, found without data, checkpoints or devices.

What gin binds is built; of the model only shapes are computed, on as many pretended CPU devices
as the partitioner asks for. Data sets are looked up by name and not read.
"""

import contextlib
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

import gin
import jax
import jax.numpy as jnp

from flan_mix.data.token_cache import FEATURES
from flan_mix.registry import get_task, is_suite, is_task, resolve
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.training import LossConfig, Partitioner, abstract_state, make_train_step

log = logging.getLogger(__name__)


def use_no_devices() -> None:
    """Has JAX see CPU devices only; before anything has asked for devices."""
    jax.config.update("jax_platforms", "cpu")


def check(function: Callable[..., Any]) -> None:
    """Builds what gin binds to `function` and checks it; logs what it comes to.

    Raises what building raises, and ValueError for parts that do not fit together.
    """
    arguments = gin.get_bindings(function)
    _check_datasets(arguments)
    model, partitioner = arguments.get("model"), arguments.get("partitioner")
    if model is not None and isinstance(partitioner, Partitioner):
        _check_model(arguments, model, partitioner)
    checkpoints: Any = arguments.get("checkpoint_cfg")
    if hasattr(checkpoints, "run_config"):
        checkpoints.run_config()
    log.info("The configuration holds together; nothing was read, trained or written")


def _check_model(arguments: Mapping[str, Any], model: Any, partitioner: Partitioner) -> None:
    parts = math.prod(partitioner.model_parallel_submesh or (partitioner.num_partitions or 1,))
    with contextlib.suppress(RuntimeError):  # Something has asked for devices already.
        jax.config.update("jax_num_cpu_devices", parts)
    from flan_mix.models import apply_projected, init_params, logical_axes

    module, optimizer = model.module, model.optimizer.build()
    state = abstract_state(
        lambda rng: init_params(module, rng), logical_axes(module), optimizer, partitioner
    )
    held = sum(
        math.prod(x.sharding.shard_shape(x.shape)) * x.dtype.itemsize for x in _leaves(state)
    )
    log.info(
        "Model: %d parameters; they and the optimizer's state take %.2f GB on each of %d devices",
        sum(x.size for x in _leaves(state.params)),
        held / 1e9,
        parts,
    )
    dataset = arguments.get("train_dataset_cfg")
    if dataset is None or dataset.task_feature_lengths is None:
        return
    trainer = arguments.get("trainer") or arguments["trainer_cls"]()
    step = make_train_step(
        lambda params, batch, rng: apply_projected(module, params, batch, rng),
        optimizer,
        trainer.learning_rate_fn,
        getattr(model, "loss_config", LossConfig()),
        partitioner=partitioner,
        num_microbatches=trainer.num_microbatches,
    )
    batch = _abstract_batch(dataset.batch_size, dataset.task_feature_lengths)
    _, metrics = jax.eval_shape(step.update, state, batch, jax.random.key(0))
    log.info("A step of %d rows: loss %s, traced", dataset.batch_size, metrics.loss.dtype)


def _check_datasets(arguments: Mapping[str, Any]) -> None:
    names = [n for n in arguments if n.endswith("dataset_cfg") and arguments[n] is not None]
    for name in names:
        config: DatasetConfig = arguments[name]
        config = config.run_config() if hasattr(config, "run_config") else config  # pyright: ignore
        if config.mixture_or_task_name is None:
            continue
        config.import_module()
        if is_suite(config.mixture_or_task_name):
            log.info("%s: the suite %s", name, config.mixture_or_task_name)
            continue
        # How many rows there are decides rates, and would have to be counted.
        tasks = [part.task for part in resolve(config.mixture_or_task_name, lambda *_: 1)]
        own = [task for task in tasks if is_task(task)]
        if own and config.split and not any(config.split in get_task(t).splits for t in own):
            raise ValueError(
                f"{name}: no task of {config.mixture_or_task_name!r} has a split {config.split!r}"
            )
        _check_lengths(name, config)
        log.info(
            "%s: %s, %d tasks, split %r",
            name,
            config.mixture_or_task_name,
            len(tasks),
            config.split,
        )


def _check_lengths(name: str, config: DatasetConfig) -> None:
    for feature in FEATURES if config.task_feature_lengths is not None else ():
        length = (config.task_feature_lengths or {}).get(feature)
        if not isinstance(length, int) or length < 1:
            raise ValueError(
                f"{name}: TASK_FEATURE_LENGTHS[{feature!r}] is {length!r}: give tokens, 1 or more"
            )


def _abstract_batch(rows: int, lengths: Mapping[str, int]) -> dict[str, jax.ShapeDtypeStruct]:
    names = {
        "encoder": ("input_tokens", "segment_ids", "positions"),
        "decoder": ("input_tokens", "target_tokens", "loss_weights", "segment_ids", "positions"),
    }
    return {
        f"{side}_{name}": jax.ShapeDtypeStruct((rows, lengths[feature]), jnp.int32)
        for (side, of_side), feature in zip(names.items(), FEATURES, strict=True)
        for name in of_side
    }


def _leaves(tree: Any) -> list[Any]:
    return jax.tree.leaves(tree)
