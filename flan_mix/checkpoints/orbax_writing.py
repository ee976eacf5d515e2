"""Writes Orbax checkpoints: T5X's, and our own without a place in the data.

Orbax takes whole trees, so that writing one holds the checkpoint in the host's memory once.
"""

from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp
from flax.traverse_util import unflatten_dict

from flan_mix.checkpoints.layout import METADATA_ITEM, STATE_ITEM
from flan_mix.checkpoints.placing import read_onto_devices
from flan_mix.checkpoints.stored_checkpoint import StoredCheckpoint


def write_orbax(
    folder: Path, checkpoint: StoredCheckpoint, metadata: dict[str, Any] | None = None
) -> None:
    """Writes `folder`, which does not exist yet: T5X's form, or ours where metadata is given."""
    tree = _tree(checkpoint)
    save: Any = ocp.args.PyTreeSave if metadata is None else ocp.args.StandardSave
    items: dict[str, Any] = {STATE_ITEM: save(tree)}
    if metadata is not None:
        items[METADATA_ITEM] = ocp.args.JsonSave(metadata)
    with ocp.Checkpointer(ocp.CompositeCheckpointHandler()) as checkpointer:
        checkpointer.save(folder.absolute(), args=ocp.args.Composite(**items))


def _tree(checkpoint: StoredCheckpoint) -> dict[str, Any]:
    arrays = checkpoint.state_arrays
    # On the host: a checkpoint may be larger than an accelerator.
    host = jax.sharding.SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    wanted = {
        path: jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=host)
        for path, array in arrays.items()
    }
    return unflatten_dict(read_onto_devices(arrays, wanted), sep="/")
