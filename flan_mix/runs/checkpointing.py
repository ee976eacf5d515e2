"""When a run saves, and what it starts from.

A run in MODEL_DIR goes on. Else INITIAL_CHECKPOINT_PATH gives parameters, and step and optimizer
slots where it has them. Else it starts from scratch. The log says which, from which step to which.
"""

import dataclasses
import logging
from typing import Any

import jax

from flan_mix.checkpoints import (
    CheckpointStore,
    Restored,
    RestoreRules,
    flat_state,
    load_initial,
    with_flat,
)
from flan_mix.runs.model import EncoderDecoderModel
from flan_mix.training import Partitioner, TrainState, abstract_state, init_state, state_from_params

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """initial_checkpoint_path: where from. period: steps between saves; None saves at the end only.

    keep: how many of the latest to keep (None: all); keep_period: multiples of it are kept always.
    rules: what is taken of the initial checkpoint. steps: further steps to save at. saves: whether
    to save at all. save_dtype: of the stored parameters; training goes on in float32, but after a
    restart from the rounded ones.
    """

    initial_checkpoint_path: str | None = None
    period: int | None = 1000
    keep: int | None = None
    keep_period: int | None = None
    rules: RestoreRules = dataclasses.field(default_factory=RestoreRules)
    steps: tuple[int, ...] = ()
    saves: bool = True
    save_dtype: str = "float32"


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
        what = f"{restored.path}: parameters, optimizer state, place in the data"
        return Start(restored.state, first_step, restored.loader, what)
    if config.initial_checkpoint_path is None:
        state = init_state(model.init_params, model.logical_axes(), optimizer, partitioner, rng)
        return Start(state, 0, None, "nothing (training from scratch)")
    restored = load_initial(config.initial_checkpoint_path, placement, config.rules)
    if restored.fresh:
        fresh = init_state(model.init_params, model.logical_axes(), optimizer, partitioner, rng)
        return _partly_fresh(restored, flat_state(fresh))
    step = int(jax.device_get(restored.state.step))
    if restored.has_optimizer_state:
        what = f"{restored.path}: parameters, step and optimizer state"
        return Start(restored.state, step, None, what)
    state = state_from_params(restored.state.params, placement, optimizer, step)
    what = f"{restored.path}: parameters and step; the optimizer starts afresh"
    return Start(state, step, None, what)


def _partly_fresh(restored: Restored, fresh: dict[str, Any]) -> Start:
    """A start where what the rules left out of the checkpoint is as in a fresh state."""
    flat = {
        name: fresh[name] if name in restored.fresh else leaf
        for name, leaf in flat_state(restored.state).items()
    }
    state = with_flat(restored.state, flat)
    names = sorted(restored.fresh)
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    what = f"{restored.path}, but for what starts afresh: {shown}"
    return Start(state, int(jax.device_get(state.step)), None, what)


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
