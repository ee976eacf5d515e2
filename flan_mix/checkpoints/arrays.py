"""Arrays of a checkpoint that are read when asked for, whole or in part.

Formats differ in how an array lies on disk: transposed, with layers stacked, in another dtype.
The functions here make one such array look like another without reading it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flan_mix.checkpoints.page_memory import page_array

Index = tuple[slice, ...]
"""A part of an array: for each dimension a slice of step 1, with both ends given."""


@dataclass(frozen=True)
class StoredArray:
    """An array's shape and dtype, and the function that reads a part of it from disk.

    fetch(index, out) fills `out`, which has the shape of the part at `index`, any strides, and
    this dtype or another, into which numbers are cast.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    fetch: Callable[[Index, np.ndarray], None]

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Its size in memory."""
        return self.size * self.dtype.itemsize

    def read(self, index: Sequence[slice] | None = None, dtype: Any = None) -> np.ndarray:
        """The part at `index`, or all of it; in another dtype where one is given."""
        given = index if index is not None else (slice(None),) * len(self.shape)
        whole = (slice(*s.indices(n)[:2]) for s, n in zip(given, self.shape, strict=True))
        part = tuple(whole)
        out = page_array(tuple(s.stop - s.start for s in part), dtype or self.dtype)
        self.fetch(part, out)
        return out


def in_memory(array: Any) -> StoredArray:
    """An array that has been read already."""
    values = np.asarray(array)

    def fetch(index: Index, out: np.ndarray) -> None:
        out[...] = values[index]

    return StoredArray(values.shape, values.dtype, fetch)


def transposed(array: StoredArray) -> StoredArray:
    """A matrix with its two dimensions exchanged."""
    rows, columns = array.shape
    return StoredArray(
        (columns, rows),
        array.dtype,
        lambda index, out: array.fetch((index[1], index[0]), out.T),
    )


def cast(array: StoredArray, dtype: Any) -> StoredArray:
    """The array in another dtype."""
    wanted = np.dtype(dtype)
    if wanted == array.dtype:
        return array

    def fetch(index: Index, out: np.ndarray) -> None:
        if out.dtype == wanted:
            array.fetch(index, out)
        else:  # By way of `wanted`, for what that rounds.
            out[...] = array.read(index, wanted)

    return StoredArray(array.shape, wanted, fetch)


def reshaped(array: StoredArray, shape: tuple[int, ...]) -> StoredArray:
    """The same numbers in the same order under another shape; a part is cut from all of it."""
    everything = tuple(slice(0, size) for size in array.shape)

    def fetch(index: Index, out: np.ndarray) -> None:
        if out.shape == shape:
            view = out.reshape(array.shape)
            if np.may_share_memory(view, out):
                array.fetch(everything, view)
                return
        out[...] = array.read().reshape(shape)[index]

    return StoredArray(shape, array.dtype, fetch)


def layer_of(array: StoredArray, axis: int, layer: int) -> StoredArray:
    """One layer of an array that holds them all along `axis`."""
    shape = array.shape[:axis] + array.shape[axis + 1 :]

    def fetch(index: Index, out: np.ndarray) -> None:
        one = (*index[:axis], slice(layer, layer + 1), *index[axis:])
        array.fetch(one, np.expand_dims(out, axis))

    return StoredArray(shape, array.dtype, fetch)


def stacked(layers: Sequence[StoredArray], axis: int) -> StoredArray:
    """All layers in one array, along a new dimension at `axis`."""
    first = layers[0]
    shape = (*first.shape[:axis], len(layers), *first.shape[axis:])

    def fetch(index: Index, out: np.ndarray) -> None:
        inner = index[:axis] + index[axis + 1 :]
        for layer, place in zip(layers[index[axis]], np.moveaxis(out, axis, 0), strict=True):
            layer.fetch(inner, place)

    return StoredArray(shape, first.dtype, fetch)
