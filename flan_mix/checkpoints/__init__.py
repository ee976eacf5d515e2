"""Checkpoints: what a run must keep to go on exactly, stored through Orbax.

`CheckpointStore` holds the checkpoints of one MODEL_DIR; `load_initial` starts a run from
another run's checkpoint.
"""

from flan_mix.checkpoints.assigning import RestoreRules, flat_state, with_flat
from flan_mix.checkpoints.layout import checkpoint_step, checkpoint_steps, find_checkpoint
from flan_mix.checkpoints.store import (
    CheckpointMismatchError,
    CheckpointStore,
    Restored,
    load_initial,
    load_parameters,
    load_parameters_by_rules,
)

__all__ = [
    "CheckpointMismatchError",
    "CheckpointStore",
    "RestoreRules",
    "Restored",
    "checkpoint_step",
    "checkpoint_steps",
    "find_checkpoint",
    "flat_state",
    "load_initial",
    "load_parameters",
    "load_parameters_by_rules",
    "with_flat",
]
