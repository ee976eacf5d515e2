"""TfdsSource: rows that TensorFlow Datasets provides. Only a description; imports no TensorFlow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flan_mix.registry.file_source import SourceError


@dataclass(frozen=True)
class TfdsSource:
    """A dataset of TensorFlow Datasets.

    name: "builder:version" or "builder/config:version"; without a version two runs could read
      different data under one name, so it is refused.
    splits: split name -> TFDS split, slices included: {"train": "train[:30000]"}.
    keep: rows to keep: a function from a row of tensors to a boolean tensor; all when not given.
    data_dir: where TFDS keeps its data; TFDS's own habit when not given.
    """

    name: str
    splits: Mapping[str, str]
    keep: Callable[[Mapping[str, Any]], Any] | None = None
    data_dir: str | None = None

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
