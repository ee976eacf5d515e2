"""The checkpoints that an evaluation or inference run of T5X's reads."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from flan_mix.checkpoints import checkpoint_steps, load_parameters_by_rules
from flan_mix.runs.placement import placed_parameters
from flan_mix.t5x.models import EncoderDecoderModel
from flan_mix.t5x.utils import RestoreCheckpointConfig, check_is_checkpoint
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)

Params = Mapping[str, Any]


def checkpoint_paths(config: RestoreCheckpointConfig) -> list[str]:
    """The checkpoints that path and mode mean, in the order of their steps."""
    path = config.first_path()
    if path is None:
        raise ValueError("RestoreCheckpointConfig.path names no checkpoint")
    if config.mode == "all":
        steps = checkpoint_steps(Path(path).expanduser())
        if not steps:
            raise FileNotFoundError(f"{path} holds no checkpoints, and mode is 'all'")
        return [str(Path(path).expanduser() / f"checkpoint_{step}") for step in steps]
    if config.mode == "specific":
        check_is_checkpoint(path)
    return [path]


def restored_parameters(
    config: RestoreCheckpointConfig,
    path: str,
    model: EncoderDecoderModel,
    partitioner: Partitioner,
    fallback_init_rng: int | None = None,
) -> tuple[Params, int]:
    """A checkpoint's parameters, on the mesh, and its step.

    dtype 'bfloat16' rounds them to it, as T5X's infer.gin does; they stay float32 arrays. As in
    T5X, parameters that only the checkpoint has are left out. fallback_init_rng: seed of what
    fallback_to_scratch starts afresh; ValueError where it is needed and None.
    """
    run_model = model.run_model
    rules = dataclasses.replace(config.rules, strict=False)
    like = placed_parameters(run_model, partitioner)
    params, step, fresh = load_parameters_by_rules(path, like, rules, run_model.config)
    if fresh:
        if fallback_init_rng is None:
            raise ValueError(
                f"{path} lacks {', '.join(sorted(fresh)[:3])}: with fallback_to_scratch, give "
                "fallback_init_rng, the seed to start them from"
            )
        params = _with_fresh(params, fresh, run_model, fallback_init_rng)
    if config.dtype == "bfloat16":
        params = jax.jit(_rounded, donate_argnums=0)(params)
    log.info("Restored the parameters of %s, step %d", path, step)
    return params, step


def _rounded(params: Params) -> Params:
    return jax.tree.map(lambda x: x.astype(jnp.bfloat16).astype(x.dtype), params)


def _with_fresh(params: Params, names: frozenset[str], model: Any, seed: int) -> Params:
    fresh = model.init_params(jax.random.key(seed))

    def chosen(path: Any, restored: Any, new: Any) -> Any:
        name = "target/" + "/".join(str(key.key) for key in path)
        return jax.device_put(new, restored.sharding) if name in names else restored

    return jax.tree_util.tree_map_with_path(chosen, params, fresh)


def each_checkpoint(
    config: RestoreCheckpointConfig,
    model: EncoderDecoderModel,
    partitioner: Partitioner,
    fallback_init_rng: int | None,
    done: frozenset[int] = frozenset(),
) -> Iterator[tuple[Params, int]]:
    """Parameters and step of every checkpoint meant, but for the steps that are `done`."""
    for path in checkpoint_paths(config):
        name = Path(path).name.rpartition("_")[2]
        if name.isdecimal() and int(name) in done:
            log.info("%s is evaluated already", path)
            continue
        yield restored_parameters(config, path, model, partitioner, fallback_init_rng)
