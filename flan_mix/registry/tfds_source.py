"""TfdsSource: rows that TensorFlow Datasets provides. Only a description; imports no TensorFlow.

Local files with the same columns can stand in for a dataset, for TFDS can no longer prepare them
all: downloads go away, and some never had a builder.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flan_mix.registry.file_source import FileSource, Folder, SourceError

# What may hold a split, below <builder>[/<config>]/.
_STAND_INS = ("{}.jsonl", "{}.jsonl.gz", "{}.parquet", "{}-*.parquet", "{}/state.json")
_SPLIT = re.compile(r"\s*([\w-]+)\s*(?:\[[^\]]*\])?\s*")


@dataclass(frozen=True)
class TfdsSource:
    """A dataset of TensorFlow Datasets.

    name: "builder:version" or "builder/config:version"; without a version two runs could read
      different data under one name, so it is refused.
    splits: split name -> TFDS split, slices included: {"train": "train[:30000]"}.
    keep: rows to keep: a function from a row of tensors to a boolean tensor; all when not given.
    data_dir: where TFDS keeps its data; TFDS's own habit when not given.
    files: a folder of local files to read in place of TFDS, or a function that says it (or None)
      when rows are about to be read. Where it holds a folder <builder>[/<config>], that has a file
      <split>.jsonl, .jsonl.gz or .parquet, several <split>-*.parquet, or a dataset that Hugging
      Face's save_to_disk left as <split>/, for each TFDS split that `splits` names; other datasets
      come from TFDS.
    """

    name: str
    splits: Mapping[str, str]
    keep: Callable[[Mapping[str, Any]], Any] | None = None
    data_dir: str | None = None
    files: Folder | Callable[[], Folder | None] | None = None

    def __post_init__(self):
        if ":" not in self.name:
            raise SourceError(
                f"TFDS name {self.name!r} has no version: write it as {self.name + ':1.0.0'!r}."
            )
        if not self.splits:
            raise SourceError(f"TfdsSource {self.name!r} needs splits, as in {{'train': 'train'}}.")

    def tfds_split(self, split: str) -> str:
        """What TFDS calls a split; SourceError for one that is not there."""
        if split not in self.splits:
            raise SourceError(f"no split {split!r}; there are: {', '.join(self.splits)}.")
        return self.splits[split]

    @property
    def folder(self) -> str:
        """The builder and its config, as a folder of local files is called: "glue/mrpc"."""
        return self.name.partition(":")[0]

    def base_splits(self, split: str) -> list[str]:
        """The splits that a split is sliced or added from: ["train"] of "train[:100]"."""
        parts = self.tfds_split(split).split("+")
        found = [_SPLIT.fullmatch(part) for part in parts]
        return list(dict.fromkeys(match[1] for match in found if match))

    def local_files(self, split: str) -> FileSource | None:
        """The local files that stand in for a split, under the names of its base splits.

        None where the dataset has no folder, so that TFDS is asked. Raises FileNotFoundError where
        the folder lacks a base split, and SourceError where two files would be the same one.
        """
        folder = self._local_folder()
        if folder is None:
            return None
        return FileSource({base: _stand_in(folder, base) for base in self.base_splits(split)})

    def _local_folder(self) -> Path | None:
        files = self.files() if callable(self.files) else self.files
        folder = Path(files).expanduser() / self.folder if files is not None else None
        return folder if folder is not None and folder.is_dir() else None


def _stand_in(folder: Path, split: str) -> str:
    """The path or pattern of the files of a split."""
    names = [name.format(split) for name in _STAND_INS]
    found = [name for name in names if any(folder.glob(name))]
    if len(found) > 1:
        raise SourceError(f"{folder}: {found[0]} and {found[1]} both hold split {split!r}.")
    if not found:
        there = ", ".join(sorted(child.name for child in folder.iterdir())) or "nothing"
        raise FileNotFoundError(
            f"{folder} has none of {', '.join(names)}; there is: {there}. "
            "The columns must be those of the dataset in TFDS."
        )
    return str(folder / found[0].removesuffix("/state.json"))
