"""When a run saves, and what it starts from.

A run in MODEL_DIR goes on. Else INITIAL_CHECKPOINT_PATH, a checkpoint of any format, gives
parameters, and step and optimizer slots where it has them. Else it starts from scratch. The log
says which, from which step to which.
"""

import dataclasses
import logging
from collections.abc import Container
from typing import Any

import jax
import numpy as np

from flan_mix.checkpoints import (
    CheckpointStore,
    KeepBest,
    Restored,
    RestoreRules,
    load_initial,
)
from flan_mix.checkpoints.state_tree import PARAMETERS, SLOTS, STEP, flat_state, with_arrays
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import Optimizer, Partitioner, TrainState, abstract_state, init_state
from flan_mix.training.train_state import shardings_of

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """initial_checkpoint_path: where from. period: steps between saves; None saves at the end only.

    keep: how many of the latest to keep (None: all); keep_period: multiples of it are kept always.
    keep_best_by: a metric in the run's event files, "train/accuracy" or
    "inference_eval/<task>/eval/<metric>"; `keep` is then how many of the best by it (best_mode: its
    "max" or "min") are kept beside the latest, and whatever it was not measured of, unless
    keeps_unmeasured is False.
    rules: what is taken of the initial checkpoint. steps: further steps to save at. saves: whether
    to save at all. save_dtype: of the stored parameters; training goes on in float32, but after a
    restart from the rounded ones.
    """

    initial_checkpoint_path: str | None = None
    period: int | None = 1000
    keep: int | None = None
    keep_period: int | None = None
    keep_best_by: str | None = None
    best_mode: str = "max"
    keeps_unmeasured: bool = True
    rules: RestoreRules = dataclasses.field(default_factory=RestoreRules)
    steps: tuple[int, ...] = ()
    saves: bool = True
    save_dtype: str = "float32"

    @property
    def best(self) -> KeepBest | None:
        """How the best are told; None keeps the latest. Raises ValueError for no such metric."""
        if self.keep_best_by is None:
            return None
        return KeepBest(self.keep_best_by, self.best_mode, self.keeps_unmeasured)

    def __post_init__(self) -> None:
        if self.best is not None and self.keep is None:
            raise ValueError(f"keep_best_by={self.keep_best_by!r}: give keep, how many of the best")


@dataclasses.dataclass(frozen=True)
class Start:
    """Where a run begins.

    state: on the mesh. run_first_step: the step this run, with all its restarts, began at.
    loader: the place in the data to go on from; None is its beginning. restored: for the log.
    """

    state: TrainState
    run_first_step: int
    loader: dict[str, Any] | None
    restored: str

    @property
    def step(self) -> int:
        """The step to go on from."""
        return int(jax.device_get(self.state.step))


def find_start(
    model: EncoderDecoderModel,
    partitioner: Partitioner,
    store: CheckpointStore,
    config: CheckpointConfig,
    rng: jax.Array,
) -> Start:
    """The state to train from, by the rules above."""
    optimizer = model.optimizer.build()
    placement = abstract_state(model.init_params, model.logical_axes(), optimizer, partitioner)
    latest = store.latest_step()
    if latest is not None:
        restored = store.restore(latest, placement)
        first_step = int(restored.metadata.get("run_first_step", latest))
        place = "from the beginning of the data" if restored.loader is None else "place in the data"
        what = f"{restored.url}: parameters, optimizer state, {place}"
        return Start(restored.state, first_step, restored.loader, what)
    if config.initial_checkpoint_path is None:
        state = init_state(model.init_params, model.logical_axes(), optimizer, partitioner, rng)
        return Start(state, 0, None, "nothing (training from scratch)")
    restored = load_initial(config.initial_checkpoint_path, placement, model.config, config.rules)
    state = _completed(restored, model, optimizer, placement, rng)
    step = int(jax.device_get(state.step))
    return Start(state, step, None, _described(restored))


def _completed(
    restored: Restored,
    model: EncoderDecoderModel,
    optimizer: Optimizer,
    placement: TrainState,
    rng: jax.Array,
) -> TrainState:
    """The restored state, with what the checkpoint had nothing for as it is in a fresh one."""
    if not restored.fresh:
        return restored.state
    state = restored.state
    if STEP in restored.fresh:
        step = jax.device_put(np.int32(0), placement.step.sharding)
        state = dataclasses.replace(state, step=step)
    if any(name.startswith(PARAMETERS) for name in restored.fresh):
        init = jax.jit(model.init_params, out_shardings=shardings_of(placement.params))
        state = _with_fresh(state, dataclasses.replace(state, params=init(rng)), restored.fresh)
    if not restored.has_optimizer_state:
        init = jax.jit(optimizer.init, out_shardings=shardings_of(placement.opt_state))
        fresh = dataclasses.replace(state, opt_state=init(state.params))
        state = _with_fresh(state, fresh, restored.fresh)
    return state


def _with_fresh(state: TrainState, fresh: TrainState, names: Container[str]) -> TrainState:
    arrays = {name: array for name, array in flat_state(fresh).items() if name in names}
    return with_arrays(state, arrays)


def _described(restored: Restored) -> str:
    """What was restored, for the log."""
    afresh = sorted(name for name in restored.fresh if not name.startswith(SLOTS))
    slots = [name for name in flat_state(restored.state) if name.startswith(SLOTS)]
    if restored.has_optimizer_state:
        what = "parameters, step and optimizer state"
    elif restored.fresh.issuperset(slots):
        what = "parameters and step; the optimizer starts afresh"
    else:
        what = "parameters, step and part of the optimizer state"
    if afresh:
        shown = ", ".join(afresh[:3]) + (f" and {len(afresh) - 3} more" if afresh[3:] else "")
        what = f"{what}; but afresh are {shown}"
    return f"{restored.url}: {what}"


def last_step(start: Start, total_steps: int | None, relative_steps: int | None) -> int:
    """The absolute step to train to.

    Relative steps count from where the run first began, so that a restart adds none (T5X adds
    them anew). Raises ValueError when neither or nothing is asked for.
    """
    if relative_steps is not None:
        return start.run_first_step + relative_steps
    if total_steps is None:
        raise ValueError("set TRAIN_STEPS (absolute) or TRAIN_STEPS_RELATIVE (steps to add)")
    if total_steps < start.step:
        raise ValueError(
            f"TRAIN_STEPS={total_steps} is absolute and the checkpoint is at step {start.step} "
            f"already: raise it, or set TRAIN_STEPS_RELATIVE to the steps to add"
        )
    return total_steps
