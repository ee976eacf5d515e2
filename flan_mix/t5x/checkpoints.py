"""t5x.checkpoints: the names of T5X's checkpoint managers, which its gin files bind.

Every checkpoint is written by the store of `flan_mix.checkpoints`, whichever is named; formats
are told apart when they are read.
"""

from flan_mix.t5x.not_there import names_not_there

__getattr__ = names_not_there(
    "checkpoints",
    {
        "SaveBestCheckpointer": "keeping the best checkpoints by a metric; `keep` the last ones "
        "and choose with `flan-mix compare`",
    },
)


class Checkpointer:
    """Names what writes T5X's own format; runs here write the store's."""


class OrbaxCheckpointManagerInterface:
    """Names what writes T5X's Orbax checkpoints; the store's have the same tree."""
