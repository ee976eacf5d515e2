"""Restores what a run needs from a checkpoint of any format, onto the run's mesh.

T5X's rule: parameters always; step and the optimizer's slots where the checkpoint has them and
they are of the same optimizer. Hugging Face weights have neither and start at step 0. Where the
checkpoint was made for another model, `RestoreRules` say what is taken.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flan_mix.checkpoints.architecture import (
    CheckpointMismatchError,
    check_architecture,
    check_parameters,
)
from flan_mix.checkpoints.assigning import AssignmentError, RestoreRules
from flan_mix.checkpoints.formats import open_checkpoint
from flan_mix.checkpoints.layout import LOADER_ITEM, METADATA_ITEM
from flan_mix.checkpoints.location import locate
from flan_mix.checkpoints.placing import read_onto_devices
from flan_mix.checkpoints.state_tree import PARAMETERS, SLOTS, flat_state, with_arrays
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.models import T5Config
from flan_mix.training import TrainState

Tree = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Restored:
    """What a checkpoint gave: a state, and the loader's state and metadata where it had them.

    url: where the checkpoint is. fresh: the names (`state_tree.flat_state`) of what has to start
    afresh; there the state has what it was restored like.
    """

    url: str
    state: TrainState
    loader: dict[str, Any] | None
    metadata: dict[str, Any]
    fresh: frozenset[str] = frozenset()

    @property
    def has_optimizer_state(self) -> bool:
        """Whether all of the optimizer's slots came from the checkpoint."""
        return not any(name.startswith(SLOTS) for name in self.fresh)


def restore(path: str | Path, like: TrainState) -> Restored:
    """The whole state with the shapes, dtypes and shardings of `like` (abstract or real).

    Raises CheckpointMismatchError where parameters or slots are not those of `like`.
    """
    checkpoint, wanted = open_checkpoint(path), flat_state(like)
    check_parameters(checkpoint.parameters, _shapes(wanted, PARAMETERS), checkpoint.url)
    check_parameters(checkpoint.slots, _shapes(wanted, SLOTS), checkpoint.url)
    return _restore(checkpoint, like, None, RestoreRules())


def load_initial(
    path: str | Path,
    like: TrainState,
    config: T5Config | None = None,
    rules: RestoreRules = RestoreRules(),
) -> Restored:
    """The state to start from: parameters, and step and slots where the checkpoint has them.

    `path` is what `open_checkpoint` takes. Slots that fit the optimizer of `like` are taken over;
    else they start afresh. With `config`, a checkpoint of another model is refused by name, unless
    `rules` say what to take of it. Raises CheckpointMismatchError.
    """
    return _restore(open_checkpoint(path), like, config, rules)


def load_parameters(
    path: str | Path, like: Tree, config: T5Config | None = None
) -> tuple[Tree, int]:
    """Parameters and step alone, for evaluation and inference; slots are never read."""
    params, step, _ = load_parameters_by_rules(path, like, RestoreRules(), config)
    return params, step


def load_parameters_by_rules(
    path: str | Path, like: Tree, rules: RestoreRules, config: T5Config | None = None
) -> tuple[Tree, int, frozenset[str]]:
    """`load_parameters` by `rules`, and the names of the parameters it had nothing for."""
    checkpoint = dataclasses.replace(open_checkpoint(path), slots={})
    restored = _restore(checkpoint, TrainState(np.int32(0), like, {}), config, rules)
    lacking = frozenset(name for name in restored.fresh if name.startswith(PARAMETERS))
    return restored.state.params, int(restored.state.step), lacking


def _restore(
    checkpoint: StoredCheckpoint, like: TrainState, config: T5Config | None, rules: RestoreRules
) -> Restored:
    wanted, stored = flat_state(like), checkpoint.state_arrays
    if rules == RestoreRules():
        # Nothing may differ, so that what differs is best told as a whole.
        if config is not None:
            check_architecture(checkpoint, config)
        check_parameters(checkpoint.parameters, _shapes(wanted, PARAMETERS), checkpoint.url)
    try:
        sources = rules.sources(_shapes(wanted), _shapes(stored))
    except AssignmentError as error:
        if config is not None:
            check_architecture(checkpoint, config, f"By the rules for restoring: {error}.")
        raise CheckpointMismatchError(f"{checkpoint.url}: {error}") from error
    # By the state's names: an array that goes to two places is two, each in a place of its own.
    arrays = {name: stored[source] for name, source in sources.items() if source is not None}
    read = read_onto_devices(arrays, {name: wanted[name] for name in arrays})
    return Restored(
        checkpoint.url,
        with_arrays(like, read),
        _read_json(checkpoint, LOADER_ITEM),
        _read_json(checkpoint, METADATA_ITEM) or {},
        frozenset(sources) - frozenset(arrays),
    )


def _shapes(arrays: Mapping[str, Any], below: str = "") -> dict[str, tuple[int, ...]]:
    """The shapes of what is `below` a prefix, by names without it."""
    return {
        name.removeprefix(below): tuple(array.shape)
        for name, array in arrays.items()
        if name.startswith(below)
    }


def _read_json(checkpoint: StoredCheckpoint, item: str) -> dict[str, Any] | None:
    if checkpoint.format != "flan_mix":
        return None
    content = locate(checkpoint.url).child(item).read("metadata")
    return None if content is None else json.loads(content)
