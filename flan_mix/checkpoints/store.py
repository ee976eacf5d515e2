"""Orbax checkpoints of a run: parameters, optimizer slots, step, loader state and metadata.

Three items a checkpoint: `state` (arrays, in the tree T5X gives its own Orbax checkpoints:
target/…, state/step, state/param_states/…), `loader` (where the input stands) and `metadata`
(plain values about the run, such as the step it started from). Saving is asynchronous; a
checkpoint appears under its name only when it is whole.
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from flax import serialization, traverse_util

from flan_mix.checkpoints.assigning import AssignmentError, RestoreRules, restore_by_rules
from flan_mix.checkpoints.layout import (
    LOADER_ITEM,
    METADATA_ITEM,
    PREFIX,
    STATE_ITEM,
    checkpoint_steps,
    find_checkpoint,
)
from flan_mix.training import TrainState

Tree = Mapping[str, Any]


class CheckpointMismatchError(ValueError):
    """The checkpoint holds other parameters than the model: names the first differences."""


@dataclasses.dataclass(frozen=True)
class Restored:
    """What a checkpoint gave: a state, and the loader's state and metadata where it had them.

    fresh: the names (`assigning.flat_state`) of what the rules left to start afresh.
    """

    path: Path
    state: TrainState
    loader: dict[str, Any] | None
    metadata: dict[str, Any]
    has_optimizer_state: bool
    fresh: frozenset[str] = frozenset()


class CheckpointStore:
    """The checkpoints of one MODEL_DIR.

    `keep` is how many of the latest to keep (None: all); a multiple of `keep_period` steps is
    never deleted.
    """

    def __init__(
        self, model_dir: str | Path, *, keep: int | None = None, keep_period: int | None = None
    ):
        self.model_dir = Path(model_dir).absolute()
        self.model_dir.mkdir(parents=True, exist_ok=True)
        options = ocp.CheckpointManagerOptions(
            step_prefix=PREFIX,
            max_to_keep=keep,
            keep_period=keep_period,
            enable_async_checkpointing=True,
            # The loop decides when to save; the manager's own default would refuse step repeats.
            save_interval_steps=1,
        )
        self._manager = ocp.CheckpointManager(self.model_dir, options=options)

    def latest_step(self) -> int | None:
        """The newest complete step, or None in a new MODEL_DIR."""
        steps = checkpoint_steps(self.model_dir)
        return steps[-1] if steps else None

    def save(
        self,
        state: TrainState,
        *,
        loader: Mapping[str, Any],
        metadata: Mapping[str, Any],
        params_dtype: str = "float32",
    ) -> None:
        """Starts writing; the arrays may be donated to the next step as soon as it returns.

        (JAX holds back a buffer that Orbax still reads, also where the host sees it directly.)
        params_dtype: what parameters, not slots, are stored in; restored, they are float32 again.
        """
        step = int(state.step)
        if step in checkpoint_steps(self.model_dir):
            return
        if params_dtype != "float32":
            params = jax.tree.map(lambda x: x.astype(params_dtype), state.params)
            state = dataclasses.replace(state, params=params)
        self._manager.save(
            step,
            args=ocp.args.Composite(
                **{
                    STATE_ITEM: ocp.args.StandardSave(_to_tree(state)),
                    LOADER_ITEM: ocp.args.JsonSave(dict(loader)),
                    METADATA_ITEM: ocp.args.JsonSave(dict(metadata)),
                }
            ),
        )

    def restore(self, step: int, like: TrainState) -> Restored:
        """Restores `step` with the shapes, dtypes and shardings of `like` (abstract or real)."""
        path = self.model_dir / f"{PREFIX}_{step}"
        return _restore(path, like)

    def wait(self) -> None:
        """Returns when everything saved is on disk; raises what went wrong on the way."""
        self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits and lets go of the background threads."""
        self._manager.close()

    def __enter__(self) -> "CheckpointStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_initial(
    path: str | Path, like: TrainState, rules: RestoreRules = RestoreRules()
) -> Restored:
    """The state to start from: parameters, and step and slots where the checkpoint has them.

    `path` is a checkpoint folder or a MODEL_DIR (its latest checkpoint). T5X's rule: slots that
    fit the optimizer of `like` are taken over; else its fresh ones stay. `rules`: what is taken
    where the checkpoint was made for another model. Where the state has nothing from the
    checkpoint it has what `like` has; `Restored.fresh` names those arrays.
    """
    folder = find_checkpoint(path)
    if rules == RestoreRules():
        return _restore(folder, like, slots_required=False)
    stored = _shapes(_stored_shapes(folder))
    try:
        state, fresh = restore_by_rules(like, stored, functools.partial(_read_flat, folder), rules)
    except AssignmentError as error:
        raise CheckpointMismatchError(f"{folder}: {error}") from error
    has_slots = not any(name.startswith("state/param_states") for name in fresh)
    return Restored(folder, state, None, {}, has_slots, frozenset(fresh))


def load_parameters_by_rules(
    path: str | Path, like: Tree, rules: RestoreRules
) -> tuple[Tree, int, frozenset[str]]:
    """`load_parameters` by `rules`, and the names of the parameters it had nothing for."""
    state = TrainState(_abstract_step(), like, {})
    restored = load_initial(path, state, rules)
    return restored.state.params, int(restored.state.step), restored.fresh


def _read_flat(folder: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
    tree = _read(folder, traverse_util.unflatten_dict(dict(wanted), sep="/"))
    return dict(traverse_util.flatten_dict(tree, sep="/"))


def load_parameters(path: str | Path, like: Tree) -> tuple[Tree, int]:
    """Parameters and step alone, for evaluation and inference; slots are never read."""
    folder = find_checkpoint(path)
    stored = _stored_shapes(folder)
    _check(stored.get("target", {}), like, folder)
    wanted = {"target": like, "state": {"step": _abstract_step()}}
    tree = _read(folder, wanted)
    return tree["target"], int(tree["state"]["step"])


def _restore(folder: Path, like: TrainState, *, slots_required: bool = True) -> Restored:
    stored = _stored_shapes(folder)
    wanted = _to_tree(like)
    _check(stored.get("target", {}), wanted["target"], folder)
    stored_slots = stored.get("state", {}).get("param_states", {})
    has_slots = not _differences(stored_slots, wanted["state"]["param_states"])
    if slots_required and not has_slots:
        _check(stored_slots, wanted["state"]["param_states"], folder)
    if not has_slots:
        wanted["state"].pop("param_states")
    tree = _read(folder, wanted)
    slots = tree["state"]["param_states"] if has_slots else None
    state = dataclasses.replace(
        like,
        step=tree["state"]["step"],
        params=tree["target"],
        opt_state=like.opt_state
        if slots is None
        else serialization.from_state_dict(like.opt_state, slots),
    )
    loader = _read_json(folder, LOADER_ITEM)
    return Restored(folder, state, loader, _read_json(folder, METADATA_ITEM) or {}, has_slots)


def _to_tree(state: TrainState) -> dict[str, Any]:
    """The tree of T5X's Orbax checkpoints (t5x/train_state.py: target, state.param_states)."""
    slots = serialization.to_state_dict(state.opt_state)
    return {"target": state.params, "state": {"step": state.step, "param_states": slots}}


def _abstract_step() -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((), np.int32)


def _stored_shapes(folder: Path) -> dict[str, Any]:
    with ocp.StandardCheckpointer() as checkpointer:
        metadata = checkpointer.metadata(folder / STATE_ITEM)
    return dict(getattr(metadata, "item_metadata", metadata))


def _read(folder: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Restores just the leaves of `wanted`, each with the sharding it states."""
    abstract = jax.tree.map(_abstract, wanted)
    restore_args = ocp.checkpoint_utils.construct_restore_args(abstract)
    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as checkpointer:
        return checkpointer.restore(
            folder / STATE_ITEM,
            args=ocp.args.PyTreeRestore(
                item=abstract, restore_args=restore_args, partial_restore=True
            ),
        )


def _abstract(leaf: Any) -> jax.ShapeDtypeStruct:
    sharding = getattr(leaf, "sharding", None)
    if sharding is None:
        sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def _read_json(folder: Path, item: str) -> dict[str, Any] | None:
    if not (folder / item).is_dir():
        return None
    with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as checkpointer:
        return checkpointer.restore(folder / item)


def _shapes(tree: Any) -> dict[str, tuple[int, ...]]:
    flat: Any = traverse_util.flatten_dict(serialization.to_state_dict(tree), sep="/")
    return {name: tuple(leaf.shape) for name, leaf in flat.items() if hasattr(leaf, "shape")}


def _differences(stored: Any, wanted: Any) -> list[str]:
    have, want = _shapes(stored), _shapes(wanted)
    lines = [f"missing from the checkpoint: {n} {want[n]}" for n in want if n not in have]
    lines += [f"only in the checkpoint: {n} {have[n]}" for n in have if n not in want]
    lines += [
        f"{name}: {have[name]} in the checkpoint, {want[name]} in the model"
        for name in want
        if name in have and have[name] != want[name]
    ]
    return lines


def _check(stored: Any, wanted: Any, folder: Path) -> None:
    lines = _differences(stored, wanted)
    if lines:
        shown = "\n  ".join(lines[:5]) + (f"\n  … {len(lines) - 5} more" if len(lines) > 5 else "")
        raise CheckpointMismatchError(
            f"{folder} does not fit this model:\n  {shown}\n"
            "Use the gin model file that the checkpoint was trained with."
        )
