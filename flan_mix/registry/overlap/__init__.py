"""Contamination: which rows of an evaluation a training mixture has seen, and leaving those out.

It looks at the rows' own text and not at prompts, whose wording tasks share. Needs TensorFlow only
for tasks that read TFDS.
"""

from flan_mix.registry.overlap.contamination import (
    Contamination,
    Found,
    TaskOverlap,
    find_contamination,
)
from flan_mix.registry.overlap.dropping import drop_rows, read_drops

__all__ = [
    "Contamination",
    "Found",
    "TaskOverlap",
    "drop_rows",
    "find_contamination",
    "read_drops",
]
