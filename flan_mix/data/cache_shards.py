"""The pieces of a token cache under construction: shards of a few thousand examples.

Each shard is one file that appears whole or not at all, so a writer that was killed goes on
after the last one. When all are there they are joined into the arrays that `token_cache` reads.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Shard:
    """Some examples in a row; text is UTF-8 bytes laid end to end.

    Attributes:
        inputs, targets: token ids, uint16 or int32 [tokens].
        inputs_lengths, targets_lengths: int64 [examples].
        templates: template numbers, int32 [examples].
        shots: exemplars in the inputs, int32 [examples]; -1 where the task is not few-shot.
        ids: example ids, uint8 [bytes]; ids_lengths: int64 [examples].
        records: JSON lines, uint8 [bytes]; records_lengths: int64 [examples]; both empty where
            the texts are not kept.
    """

    inputs: np.ndarray
    inputs_lengths: np.ndarray
    targets: np.ndarray
    targets_lengths: np.ndarray
    templates: np.ndarray
    shots: np.ndarray
    ids: np.ndarray
    ids_lengths: np.ndarray
    records: np.ndarray
    records_lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.templates)

    def save(self, path: Path) -> None:
        """Writes the shard; it is there whole or not at all."""
        unfinished = path.with_suffix(".tmp")
        with open(unfinished, "wb") as file:
            np.savez(file, **vars(self))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: Path) -> "Shard":
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def lay_out(pieces: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Texts laid end to end, uint8 [bytes], and their lengths, int64 [pieces]."""
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    return np.frombuffer(b"".join(pieces), np.uint8), lengths


class ShardFolder:
    """The finished shards of a cache, numbered from 0 without gaps."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._count = 0
        while self._path(self._count).exists():
            self._count += 1

    def add(self, shard: Shard) -> None:
        """Saves the next shard."""
        shard.save(self._path(self._count))
        self._count += 1

    def shards(self) -> Iterator[Shard]:
        """Reads the finished shards one after the other."""
        return (Shard.load(self._path(number)) for number in range(self._count))

    def column(self, name: str) -> np.ndarray:
        """One field of all shards together."""
        empty = np.zeros(0, np.int64)
        columns = [getattr(shard, name) for shard in self.shards()]
        return np.concatenate(columns) if columns else empty

    def _path(self, number: int) -> Path:
        return self.directory / f"shard-{number:06d}.npz"


def write_joined(path: Path, folder: ShardFolder, name: str, dtype: np.dtype, count: int) -> None:
    """Writes one field of all shards as a single .npy file, a shard in memory at a time."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (count,)})
        for shard in folder.shards():
            file.write(np.ascontiguousarray(getattr(shard, name), dtype).tobytes())


def write_offsets(path: Path, lengths: np.ndarray) -> None:
    """Writes where each item starts and the last one ends, int64 [items + 1]."""
    np.save(path, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]))
