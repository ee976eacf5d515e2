"""Arrays of a checkpoint that are read when asked for, whole or in part.

Formats differ in how an array lies on disk: transposed, with layers stacked, in another dtype.
The functions here make one such array look like another without reading it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorstore as ts

Index = tuple[slice, ...]
"""A part of an array: for each dimension a slice of step 1, with both ends given."""


@dataclass(frozen=True)
class StoredArray:
    """An array's shape and dtype, and the function that reads a part of it from disk."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fetch: Callable[[Index], np.ndarray]

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Its size in memory."""
        return self.size * self.dtype.itemsize

    def read(self, index: Sequence[slice] | None = None) -> np.ndarray:
        """The part at `index`, or all of it."""
        given = index if index is not None else (slice(None),) * len(self.shape)
        whole = (slice(*s.indices(n)[:2]) for s, n in zip(given, self.shape, strict=True))
        return self.fetch(tuple(whole))


def in_memory(array: Any) -> StoredArray:
    """An array that has been read already."""
    values = np.asarray(array)
    return StoredArray(values.shape, values.dtype, lambda index: np.asarray(values[index]))


def from_tensorstore(store: ts.TensorStore) -> StoredArray:
    """An open TensorStore array (zarr in any chunking)."""
    shape = tuple(int(size) for size in store.shape)
    dtype = np.dtype(store.dtype.numpy_dtype)
    return StoredArray(shape, dtype, lambda index: np.asarray(store[index].read().result()))


def transposed(array: StoredArray) -> StoredArray:
    """A matrix with its two dimensions exchanged."""
    rows, columns = array.shape
    return StoredArray(
        (columns, rows),
        array.dtype,
        lambda index: np.ascontiguousarray(array.fetch((index[1], index[0])).T),
    )


def cast(array: StoredArray, dtype: Any) -> StoredArray:
    """The array in another dtype."""
    wanted = np.dtype(dtype)
    if wanted == array.dtype:
        return array
    return StoredArray(array.shape, wanted, lambda index: array.fetch(index).astype(wanted))


def reshaped(array: StoredArray, shape: tuple[int, ...]) -> StoredArray:
    """The same numbers in the same order under another shape; a part is cut from all of it."""
    return StoredArray(shape, array.dtype, lambda index: array.read().reshape(shape)[index])


def layer_of(array: StoredArray, axis: int, layer: int) -> StoredArray:
    """One layer of an array that holds them all along `axis`."""
    shape = array.shape[:axis] + array.shape[axis + 1 :]

    def fetch(index: Index) -> np.ndarray:
        part = array.fetch((*index[:axis], slice(layer, layer + 1), *index[axis:]))
        return np.squeeze(part, axis)

    return StoredArray(shape, array.dtype, fetch)


def stacked(layers: Sequence[StoredArray], axis: int) -> StoredArray:
    """All layers in one array, along a new dimension at `axis`."""
    first = layers[0]
    shape = (*first.shape[:axis], len(layers), *first.shape[axis:])

    def fetch(index: Index) -> np.ndarray:
        inner = index[:axis] + index[axis + 1 :]
        return np.stack([layer.fetch(inner) for layer in layers[index[axis]]], axis)

    return StoredArray(shape, first.dtype, fetch)
