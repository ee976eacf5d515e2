"""Arrays in zarr 2, the form that T5X and Orbax store them in, read chunk by chunk.

TensorStore knows where they lie and what they look like; but it holds a chunk compressed,
decompressed and in its place at once, and an array is often one chunk. So the usual chunks, raw or
compressed by gzip or zstd, are streamed into their place here, and all others are its affair.
"""

import contextlib
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorstore as ts

from flan_mix.checkpoints.arrays import Index, StoredArray
from flan_mix.checkpoints.byte_streams import ByteStream, buffered, copy_rows, decompressed, skip

_STREAMED = ("gzip", "zstd")


def zarr_array(store: ts.TensorStore, *, strict: bool) -> StoredArray:
    """The array in an open store.

    strict: a chunk that is not there is an error, rather than full of the fill value. Reading
    raises ValueError for chunks that are missing or damaged.
    """
    shape = tuple(int(size) for size in store.shape)
    dtype = np.dtype(store.dtype.numpy_dtype)
    metadata = store.spec().to_json().get("metadata", {})
    kvstore = store.kvstore
    if kvstore is None or not _is_streamed(metadata):

        def through_tensorstore(index: Index, out: np.ndarray) -> None:
            out[...] = store[index].read().result()

        return StoredArray(shape, dtype, through_tensorstore)
    if shape == ():
        chunks = _Chunks(kvstore, metadata, dtype, (1,), strict)
        return StoredArray(shape, dtype, lambda _, out: chunks.read((slice(0, 1),), out[None]))
    chunks = _Chunks(kvstore, metadata, dtype, tuple(metadata["chunks"]), strict)
    return StoredArray(shape, dtype, chunks.read)


def _is_streamed(metadata: Mapping[str, Any]) -> bool:
    compressor = metadata.get("compressor")
    return (
        metadata.get("zarr_format") == 2
        and metadata["order"] == "C"
        and not metadata["filters"]
        and isinstance(metadata["dtype"], str)
        and not metadata["dtype"].startswith(">")
        and (compressor is None or compressor["id"] in _STREAMED)
    )


class _Chunks:
    """The chunks of one array; all have `shape`, those at the edges reach beyond the array."""

    def __init__(
        self,
        store: ts.KvStore,
        metadata: Mapping[str, Any],
        dtype: np.dtype,
        shape: tuple[int, ...],
        strict: bool,
    ):
        self._store = store
        self._dtype = dtype
        self._shape = shape
        self._separator = metadata.get("dimension_separator", ".")
        self._compression = (metadata.get("compressor") or {}).get("id")
        self._fill_value = metadata.get("fill_value")
        self._strict = strict

    def read(self, index: Index, out: np.ndarray) -> None:
        """Fills `out` with the part at `index`, one chunk after another."""
        ranges = [
            range(part.start // size, -(-part.stop // size))
            for part, size in zip(index, self._shape, strict=True)
        ]
        for numbers in itertools.product(*ranges):
            inside, placed = [], []
            for number, part, size in zip(numbers, index, self._shape, strict=True):
                start, stop = max(part.start, number * size), min(part.stop, (number + 1) * size)
                inside.append(slice(start - number * size, stop - number * size))
                placed.append(slice(start - part.start, stop - part.start))
            self._read_chunk(numbers, tuple(inside), out[tuple(placed)])

    def _read_chunk(self, numbers: tuple[int, ...], index: Index, out: np.ndarray) -> None:
        key = self._separator.join(map(str, numbers))
        rows, columns = index[0], index[1:]
        row_shape = self._shape[1:]
        row_bytes = int(np.prod(row_shape, dtype=np.int64)) * self._dtype.itemsize
        try:
            with contextlib.ExitStack() as opened:
                stream = opened.enter_context(buffered(ByteStream(self._store, key)))
                stream.peek()  # Whether it is there, before another layer wraps the error.
                if self._compression is not None:
                    stream = opened.enter_context(decompressed(stream, self._compression))
                skip(stream, rows.start * row_bytes)
                copy_rows(stream, self._dtype, row_shape, columns, out)
        except FileNotFoundError:
            if self._strict:
                raise ValueError(f"{self._store.url}{key}: the chunk is missing") from None
            out[...] = self._fill_value or 0
        except (EOFError, OSError) as error:
            raise ValueError(f"{self._store.url}{key}: the chunk is damaged: {error}") from error
