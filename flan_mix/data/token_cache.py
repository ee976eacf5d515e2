"""Reads a token cache: every example of one split of a task as token ids, by index.

A cache is a directory of flat arrays, memory-mapped, so opening it costs nothing and many
processes share one copy. It has `__len__` and `__getitem__`, so Grain can read it as a data
source. `cache_writer` makes it; training reads it through `loader`.
"""

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from flan_mix.data.manifest import CacheManifest

FEATURES = ("inputs", "targets")
RECORDS_FILE = "records.jsonl"


class TokenCache:
    """One split of a task in tokens: `cache[i]` is {"inputs": int32 [n], "targets": int32 [m]}.

    Token ids end with the final EOS and hold no padding.
    """

    def __init__(self, directory: str | Path):
        """Opens a finished cache; see `CacheManifest.load` for the errors."""
        self.directory = Path(directory)
        self.manifest = CacheManifest.load(self.directory)
        self._tokens = {name: self._array(f"{name}.tokens") for name in FEATURES}
        self._offsets = {name: self._array(f"{name}.offsets") for name in FEATURES}

    @classmethod
    def open(cls, directory: str | Path) -> "TokenCache":
        """The cache in `directory`."""
        return cls(directory)

    def __len__(self) -> int:
        return self.manifest.examples

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        index = self._checked(index)
        return {name: self._slice(name, index) for name in FEATURES}

    def __reduce__(self):
        # A worker process maps the files again instead of receiving their contents.
        return (TokenCache, (self.directory,))

    def __repr__(self) -> str:
        return f"TokenCache({self.manifest.task!r}, {self.manifest.split!r}, {len(self)} examples)"

    def tokens(self, feature: str) -> np.ndarray:
        """All token ids of a feature in one read-only array, uint16 or int32 [tokens]."""
        return self._tokens[feature]

    def offsets(self, feature: str) -> np.ndarray:
        """Example i is tokens[offsets[i]:offsets[i + 1]]; int64 [examples + 1]."""
        return self._offsets[feature]

    def lengths(self, feature: str) -> np.ndarray:
        """Tokens of each example, EOS included, int32 [examples]."""
        return np.diff(self._offsets[feature]).astype(np.int32)

    def example_id(self, index: int) -> str:
        """The id of an example, as the registry gave it."""
        index = self._checked(index)
        start, end = self._id_offsets[index], self._id_offsets[index + 1]
        return self._id_bytes[start:end].tobytes().decode("utf-8")

    def template_id(self, index: int) -> int:
        """The number of the template an example was rendered with; -1 where there is none."""
        return int(self._templates[self._checked(index)])

    @property
    def has_records(self) -> bool:
        """Whether the texts are kept; they are for every split but train, and there on request."""
        return (self.directory / RECORDS_FILE).exists()

    def record(self, index: int) -> dict:
        """What is known of an example beside its tokens.

        Always "task", "split", "seed", "pass", "id" and "template"; where the texts are kept
        (`has_records`) also "inputs", "targets", "references", "options" and "answer", and of what
        was drawn "option_style", "exemplars" (ids), "shot_style" and "query" (the inputs without
        exemplars), in a rank variant "option"; each only if there is one.
        """
        index = self._checked(index)
        of = self.manifest
        rendered = {"task": of.task, "split": of.split, "seed": of.seed, "pass": of.pass_index}
        if not self.has_records:
            own = {"id": self.example_id(index), "template": self.template_id(index)}
            return rendered | own
        with open(self.directory / RECORDS_FILE, "rb") as lines:
            lines.seek(int(self._record_offsets[index]))
            return rendered | json.loads(lines.readline())

    @cached_property
    def _templates(self) -> np.ndarray:
        return self._array("templates")

    @cached_property
    def _id_bytes(self) -> np.ndarray:
        return self._array("ids.utf8")

    @cached_property
    def _id_offsets(self) -> np.ndarray:
        return self._array("ids.offsets")

    @cached_property
    def _record_offsets(self) -> np.ndarray:
        return self._array("records.offsets")

    def _array(self, name: str) -> np.ndarray:
        path = self.directory / f"{name}.npy"
        try:
            # A plain array over the mapped memory: slices of np.memmap itself are slow.
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"token cache file {path} is damaged ({error}): "
                f"delete {self.directory} and let it be built again"
            ) from error

    def _slice(self, feature: str, index: int) -> np.ndarray:
        start, end = self._offsets[feature][index], self._offsets[feature][index + 1]
        return self._tokens[feature][start:end].astype(np.int32)

    def _checked(self, index: int) -> int:
        """`index` as a number from 0, so that negative ones count from the end."""
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"example {index} of {self!r}")
        return int(index) % size
