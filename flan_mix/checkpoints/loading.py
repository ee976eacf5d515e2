"""Restores what a run needs from a checkpoint of any format, onto the run's mesh.

T5X's rule: parameters always; step and the optimizer's slots where the checkpoint has them and
they are of the same optimizer. Hugging Face weights have neither and start at step 0.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import serialization, traverse_util

from flan_mix.checkpoints.architecture import (
    check_architecture,
    check_parameters,
    differing_shapes,
)
from flan_mix.checkpoints.arrays import in_memory
from flan_mix.checkpoints.formats import open_checkpoint
from flan_mix.checkpoints.layout import LOADER_ITEM, METADATA_ITEM
from flan_mix.checkpoints.location import locate
from flan_mix.checkpoints.placing import read_onto_devices
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.models import T5Config
from flan_mix.training import TrainState

Tree = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Restored:
    """What a checkpoint gave: a state, and the loader's state and metadata where it had them.

    url: where the checkpoint is.
    """

    url: str
    state: TrainState
    loader: dict[str, Any] | None
    metadata: dict[str, Any]
    has_optimizer_state: bool


def restore(path: str | Path, like: TrainState) -> Restored:
    """The whole state with the shapes, dtypes and shardings of `like` (abstract or real).

    Raises CheckpointMismatchError where parameters or slots are not those of `like`.
    """
    return _restore(open_checkpoint(path), like, slots_required=True)


def load_initial(path: str | Path, like: TrainState, config: T5Config | None = None) -> Restored:
    """The state to start from: parameters, and step and slots where the checkpoint has them.

    `path` is what `open_checkpoint` takes. Slots that fit the optimizer of `like` are taken over;
    else its fresh ones stay. With `config`, a checkpoint of another model is refused by name.
    """
    checkpoint = open_checkpoint(path)
    if config is not None:
        check_architecture(checkpoint, config)
    return _restore(checkpoint, like, slots_required=False)


def load_parameters(
    path: str | Path, like: Tree, config: T5Config | None = None
) -> tuple[Tree, int]:
    """Parameters and step alone, for evaluation and inference; slots are never read."""
    checkpoint = open_checkpoint(path)
    if config is not None:
        check_architecture(checkpoint, config)
    return _parameters(checkpoint, like), checkpoint.step or 0


def _restore(checkpoint: StoredCheckpoint, like: TrainState, *, slots_required: bool) -> Restored:
    params = _parameters(checkpoint, like.params)
    slots = _flat(serialization.to_state_dict(like.opt_state))
    wanted = {path: leaf for path, leaf in slots.items() if hasattr(leaf, "shape")}
    if slots_required:
        check_parameters(checkpoint.slots, _shapes(wanted), checkpoint.url)
    has_slots = not differing_shapes(checkpoint.slots, _shapes(wanted))
    opt_state = like.opt_state
    if has_slots:
        read = read_onto_devices(checkpoint.slots, wanted)
        tree = traverse_util.unflatten_dict({**slots, **read}, sep="/")
        opt_state = serialization.from_state_dict(like.opt_state, tree)
    step = in_memory(np.int32(checkpoint.step or 0))
    state = dataclasses.replace(
        like,
        step=read_onto_devices({"step": step}, {"step": like.step})["step"],
        params=params,
        opt_state=opt_state,
    )
    metadata = _read_json(checkpoint, METADATA_ITEM) or {}
    loader = _read_json(checkpoint, LOADER_ITEM)
    return Restored(checkpoint.url, state, loader, metadata, has_slots)


def _parameters(checkpoint: StoredCheckpoint, like: Tree) -> Tree:
    wanted = _flat(like)
    check_parameters(checkpoint.parameters, _shapes(wanted), checkpoint.url)
    read = read_onto_devices(checkpoint.parameters, wanted)
    return traverse_util.unflatten_dict(read, sep="/")


def _flat(tree: Any) -> dict[str, Any]:
    return traverse_util.flatten_dict(tree, keep_empty_nodes=True, sep="/")


def _shapes(flat: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {path: tuple(leaf.shape) for path, leaf in flat.items()}


def _read_json(checkpoint: StoredCheckpoint, item: str) -> dict[str, Any] | None:
    if checkpoint.format != "flan_mix":
        return None
    content = locate(checkpoint.url).child(item).read("metadata")
    return None if content is None else json.loads(content)
