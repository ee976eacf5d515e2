"""Where the starter collection's data and vocabulary lie: in this package, wherever that is.

Both were made by tools/generators, which holds the seeds and the rules; nothing is downloaded.
"""

from pathlib import Path

from flan_mix.registry import FileSource

_PACKAGE = Path(__file__).parent
_SPLITS = ("train", "validation", "test")

LICENCE = "Apache-2.0 (generated for Flan Mix)"
STARTER_VOCABULARY = str(_PACKAGE / "starter.model")
"""Path of the SentencePiece model trained on the collection; used with T5's 100 extra ids."""


def starter_source(dataset: str) -> FileSource:
    """The splits of one of the bundled data sets, as in `starter_source("chats")`."""
    return FileSource(
        {split: f"{dataset}-{split}.jsonl.gz" for split in _SPLITS},
        data_dir=_PACKAGE / "data",
    )
