"""Checkpoints: what a run must keep to go on exactly, stored through Orbax.

`CheckpointStore` holds the checkpoints of one MODEL_DIR; `load_initial` starts a run from
another run's checkpoint.
"""

from flan_mix.checkpoints.layout import checkpoint_step, checkpoint_steps, find_checkpoint
from flan_mix.checkpoints.store import (
    CheckpointMismatchError,
    CheckpointStore,
    Restored,
    load_initial,
    load_parameters,
)

__all__ = [
    "CheckpointMismatchError",
    "CheckpointStore",
    "Restored",
    "checkpoint_step",
    "checkpoint_steps",
    "find_checkpoint",
    "load_initial",
    "load_parameters",
]
