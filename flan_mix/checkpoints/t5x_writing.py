"""Writes T5X's own checkpoint format, so that T5X and its users' tools read it.

Parameters, and slots of a parameter's shape, are zarr folders beside the index; everything small
(the step, Adafactor's row and column means, unused slots) is in the index, as T5X has it.
"""

from pathlib import Path
from typing import Any

import tensorstore as ts
from flax import serialization
from flax.traverse_util import unflatten_dict

from flan_mix.checkpoints.arrays import StoredArray
from flan_mix.checkpoints.host_memory import map_within_largest
from flan_mix.checkpoints.layout import LEGACY_INDEX
from flan_mix.checkpoints.location import CONTEXT
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint
from flan_mix.checkpoints.t5x_legacy import VERSION

_CHUNK_BYTES = 64 << 20  # T5X's bound for arrays of the host.


def write_t5x(folder: Path, checkpoint: StoredCheckpoint) -> None:
    """Writes into `folder`, which exists and is empty; the index last, so that it means whole."""
    arrays = checkpoint.state_arrays
    beside = {path: array for path, array in arrays.items() if _is_beside(path, array, checkpoint)}
    references = map_within_largest(
        lambda path: _write_array(folder, path.replace("/", "."), beside[path]),
        {path: array.nbytes for path, array in beside.items()},
    )
    inside = {path: array.read() for path, array in arrays.items() if path not in beside}
    leaves: dict[str, Any] = {**inside, **references}
    ordered = {path: leaves[path] for path in sorted(leaves, key=lambda path: path.split("/"))}
    index = {"version": VERSION, "optimizer": unflatten_dict(ordered, sep="/")}
    # In place: a copy would sort the keys, and T5X has the version first.
    content = serialization.msgpack_serialize(index, in_place=True)
    (folder / LEGACY_INDEX).write_bytes(content)


def _is_beside(path: str, array: StoredArray, checkpoint: StoredCheckpoint) -> bool:
    """Whether T5X keeps an array of this name and shape outside its index."""
    if path.startswith("target/"):
        return True
    owner = path.removeprefix("state/param_states/").rsplit("/", 1)[0]
    parameter = checkpoint.parameters.get(owner)
    return parameter is not None and parameter.shape == array.shape


def _write_array(folder: Path, name: str, array: StoredArray) -> dict[str, Any]:
    """Writes one zarr folder and returns what the index says of it."""
    row_bytes = array.nbytes // array.shape[0]
    rows = min(array.shape[0], max(1, _CHUNK_BYTES // row_bytes))
    reference = {
        "driver": "zarr",
        "dtype": array.dtype.name,
        "kvstore": {"driver": "file", "path": f"{name}/"},
        "metadata": {
            "chunks": [rows, *array.shape[1:]],
            "compressor": {"id": "gzip", "level": 1},
            "shape": list(array.shape),
        },
    }
    spec = {
        **reference,
        "kvstore": {"driver": "file", "path": f"{folder}/{name}/"},
        # Chunks of zeros too: a chunk that is not there then means an incomplete copy.
        "store_data_equal_to_fill_value": True,
    }
    store = ts.open(spec, create=True, context=CONTEXT).result()
    store.write(array.read()).result()
    return reference
