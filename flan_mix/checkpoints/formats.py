"""Tells a checkpoint's format and opens it: the one way in for all four.

checkpoint = open_checkpoint("gs://…/checkpoint_1000000")
checkpoint.parameters["encoder/layers_0/mlp/wo/kernel"].read()
"""

import dataclasses
import re
from pathlib import Path

from flan_mix.checkpoints.hugging_face import CONFIG, open_hugging_face
from flan_mix.checkpoints.layout import (
    LEGACY_INDEX,
    METADATA_ITEM,
    PREFIX,
    STATE_ITEM,
    checkpoint_steps,
)
from flan_mix.checkpoints.location import Location, locate
from flan_mix.checkpoints.orbax_state import TREE_FILE, open_orbax
from flan_mix.checkpoints.scanned_layers import is_scanned, unrolled
from flan_mix.checkpoints.scanned_slots import unrolled_slots
from flan_mix.checkpoints.stored_checkpoint import Format, StoredCheckpoint
from flan_mix.checkpoints.t5x_legacy import open_t5x, open_t5x_file


def detect(path: str | Path) -> Format:
    """The format of the checkpoint at `path`. Raises FileNotFoundError where there is none."""
    return _detected(_checkpoint_in(locate(path)))


def open_checkpoint(path: str | Path) -> StoredCheckpoint:
    """What a checkpoint holds, with nothing read but its description.

    `path` is a checkpoint's folder, a run's MODEL_DIR (its latest checkpoint), a T5X checkpoint
    of one file, a Hugging Face folder, a URL of any of these, or `hf:owner/name`.

    Raises FileNotFoundError, saying what is there instead, and ValueError for what is damaged.
    """
    location = _checkpoint_in(locate(path))
    opened = _OPENING[_detected(location)](location)
    if not is_scanned(opened.parameters) and not _has_heads_apart(opened):
        return opened
    apart = unrolled(opened.parameters, opened.url)
    slots = unrolled_slots(opened.slots, opened.parameters)
    return dataclasses.replace(opened, parameters=apart, slots=slots)


def _has_heads_apart(checkpoint: StoredCheckpoint) -> bool:
    return any(len(array.shape) > 2 for array in checkpoint.parameters.values())


def _open_t5x(location: Location) -> StoredCheckpoint:
    return open_t5x(location) if location.has(LEGACY_INDEX) else open_t5x_file(location)


_OPENING = {
    "flan_mix": open_orbax,
    "t5x-orbax": open_orbax,
    "t5x": _open_t5x,
    "hf": open_hugging_face,
}


def _detected(location: Location) -> Format:
    if location.has(f"{STATE_ITEM}/{TREE_FILE}"):
        return "flan_mix" if location.has(f"{METADATA_ITEM}/metadata") else "t5x-orbax"
    if location.name.endswith(".safetensors"):
        raise FileNotFoundError(f"{location.url}: give its folder, in which config.json is too")
    if location.has(LEGACY_INDEX) or _is_file(location):
        return "t5x"
    if location.has(CONFIG):
        return "hf"
    raise FileNotFoundError(_what_is_there(location))


def _is_file(location: Location) -> bool:
    if location.local is not None:
        return location.local.is_file()
    return Location(location.url.rsplit("/", 1)[0]).has(location.name)


def _checkpoint_in(location: Location) -> Location:
    """The checkpoint itself: the latest one where the location is a MODEL_DIR on this machine."""
    if location.local is None or location.has(CONFIG):
        return location
    if re.fullmatch(rf"{PREFIX}_\d+", location.name) or not location.local.is_dir():
        return location
    steps = checkpoint_steps(location.local)
    return location.child(f"{PREFIX}_{steps[-1]}") if steps else location


def _what_is_there(location: Location) -> str:
    message = (
        f"{location.url}: no checkpoint here. Read are: a folder {PREFIX}_<step> of Flan Mix or "
        "T5X, a MODEL_DIR, a Hugging Face folder with config.json and safetensors, hf:owner/name"
    )
    if location.local is None:
        return message
    steps = checkpoint_steps(location.local.parent)
    return message + (f"; beside it are the steps {steps}" if steps else "")
