"""Checkpoints: a run's own, stored through Orbax, and those of T5X and Hugging Face.

`CheckpointStore` holds the checkpoints of one MODEL_DIR; `load_initial` and `load_parameters`
start from a checkpoint of any format, which `open_checkpoint` tells and opens, `RestoreRules` from
one of another model.
"""

from flan_mix.checkpoints.architecture import CheckpointMismatchError, architecture
from flan_mix.checkpoints.assigning import RestoreRules
from flan_mix.checkpoints.best import KeepBest
from flan_mix.checkpoints.fingerprint import checkpoint_fingerprint
from flan_mix.checkpoints.formats import detect, open_checkpoint
from flan_mix.checkpoints.layout import checkpoint_step, checkpoint_steps
from flan_mix.checkpoints.loading import (
    Restored,
    load_initial,
    load_parameters,
    load_parameters_by_rules,
)
from flan_mix.checkpoints.location import is_remote
from flan_mix.checkpoints.store import CheckpointStore
from flan_mix.checkpoints.stored_checkpoint import Format, StoredCheckpoint

__all__ = [
    "CheckpointMismatchError",
    "CheckpointStore",
    "Format",
    "KeepBest",
    "RestoreRules",
    "Restored",
    "StoredCheckpoint",
    "architecture",
    "checkpoint_fingerprint",
    "checkpoint_step",
    "checkpoint_steps",
    "detect",
    "is_remote",
    "load_initial",
    "load_parameters",
    "load_parameters_by_rules",
    "open_checkpoint",
]
