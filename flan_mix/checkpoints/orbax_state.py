"""Orbax checkpoints, T5X's and our own, opened array by array through TensorStore.

Both hold the tree target/…, state/step, state/param_states/… in a folder `state`; ours has
`metadata` (and the place in the data) beside it. Orbax itself restores whole trees; here nothing
is read until a part of an array is asked for.
"""

import json
from collections.abc import Mapping
from typing import Any

import tensorstore as ts

from flan_mix.checkpoints.arrays import StoredArray
from flan_mix.checkpoints.layout import METADATA_ITEM, STATE_ITEM
from flan_mix.checkpoints.location import CONTEXT, Location
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.checkpoints.zarr import zarr_array

TREE_FILE = "_METADATA"


def open_orbax(folder: Location) -> StoredCheckpoint:
    """The checkpoint in a folder that holds `state/_METADATA`."""
    state = folder.child(STATE_ITEM)
    arrays = _arrays(state)
    step = arrays.get(("state", "step"))
    metadata = folder.child(METADATA_ITEM).read("metadata")
    described = json.loads(metadata).get("model", {}) if metadata else {}
    return StoredCheckpoint(
        folder.url,
        "t5x-orbax" if metadata is None else "flan_mix",
        None if step is None else int(step.read()),
        _below(arrays, ("target",)),
        _below(arrays, ("state", "param_states")),
        described,
    )


def _arrays(state: Location) -> dict[tuple[str, ...], StoredArray]:
    content = state.read(TREE_FILE)
    if content is None:
        raise FileNotFoundError(f"{state.url}: no file {TREE_FILE!r} in it")
    description = json.loads(content)
    opening = {}
    for entry in description["tree_metadata"].values():
        path = tuple(str(key["key"]) for key in entry["key_metadata"])
        if not entry["value_metadata"].get("skip_deserialize", False):
            opening[path] = _open(state, ".".join(path), description)
    strict = bool(description.get("store_array_data_equal_to_fill_value"))
    return {path: zarr_array(store.result(), strict=strict) for path, store in opening.items()}


def _open(state: Location, name: str, description: Mapping[str, Any]) -> ts.Future[ts.TensorStore]:
    if description.get("use_ocdbt", True):
        kvstore = {"driver": "ocdbt", "base": state.kvstore_spec, "path": f"{name}/"}
    else:
        kvstore = state.child(name).kvstore_spec
    spec: dict[str, Any] = {
        "driver": "zarr3" if description.get("use_zarr3", False) else "zarr",
        "kvstore": kvstore,
        "fill_missing_data_reads": not description.get("store_array_data_equal_to_fill_value"),
    }
    return ts.open(spec, open=True, read=True, context=CONTEXT)


def _below(
    arrays: Mapping[tuple[str, ...], StoredArray], prefix: tuple[str, ...]
) -> dict[str, StoredArray]:
    length = len(prefix)
    return {"/".join(p[length:]): a for p, a in arrays.items() if p[:length] == prefix}
