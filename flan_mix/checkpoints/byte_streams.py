"""Files read from front to back in small pieces, decompressed on the way, into arrays.

So that an array is in memory once, in its place, and nothing else of its size ever is.
"""

import io
import math
from typing import Any, Protocol

import numpy as np
import tensorstore as ts

from flan_mix.checkpoints.arrays import Index


class Stream(Protocol):
    """What is read from front to back."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Fills `buffer` from the front and returns how many bytes; 0 at the end."""
        ...


PIECE_BYTES = 1 << 20
"""What each reader holds a few times beside its array."""


class ByteStream(io.RawIOBase):
    """The bytes from `start` to `stop` (None: its end) of a value in a key-value store.

    Every read is one request. Raises FileNotFoundError where there is no such key.
    """

    def __init__(self, store: ts.KvStore, key: str, start: int = 0, stop: int | None = None):
        super().__init__()
        self._store, self._key, self._at, self._stop = store, key, start, stop

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fills `buffer` from the front; fewer bytes are the last ones, 0 are none."""
        size = len(buffer) if self._stop is None else min(len(buffer), self._stop - self._at)
        if size == 0:
            return 0
        try:
            content = self._read(self._at, self._at + size)
        except ValueError:  # Stores refuse to read past the end, and some to read nothing there.
            before = min(self._at, 1)
            content = self._read(self._at - before, None)[before:][:size]
        buffer[: len(content)] = content
        self._at += len(content)
        if len(content) < size:
            self._stop = self._at
        return len(content)

    def _read(self, start: int, stop: int | None) -> bytes:
        result = self._store.read(self._key, byte_range=slice(start, stop)).result()
        if result.state != "value":
            raise FileNotFoundError(self._key)
        return result.value


def buffered(stream: ByteStream) -> io.BufferedReader:
    """The stream, fetched in pieces of PIECE_BYTES however little is read at a time."""
    return io.BufferedReader(stream, PIECE_BYTES)


def decompressed(stream: io.BufferedReader, compression: str) -> Any:
    """A Stream, to be closed, of the content of one that "gzip" or "zstd" compressed."""
    # Here, since runs from uncompressed checkpoints do without it.
    import pyarrow

    return pyarrow.CompressedInputStream(stream, compression)


def skip(stream: Stream, size: int) -> None:
    """Reads past `size` bytes."""
    piece = np.empty(min(size, PIECE_BYTES), np.uint8)
    for start in range(0, size, PIECE_BYTES):
        _fill(stream, piece[: min(PIECE_BYTES, size - start)])


def copy_rows(
    stream: Stream, dtype: np.dtype, row_shape: tuple[int, ...], columns: Index, out: np.ndarray
) -> None:
    """Fills `out` with the stream's next rows, of each of which it takes `columns`.

    A row of the stream has `row_shape` and `dtype`; out: [rows, …], of any dtype and strides.
    Raises EOFError where the stream ends before.
    """
    row_bytes = math.prod(row_shape) * dtype.itemsize
    together = max(1, PIECE_BYTES // max(1, row_bytes))
    block = np.empty(min(together, len(out)) * row_bytes, np.uint8)
    for start in range(0, len(out), together):
        rows = out[start : start + together]
        piece = block[: len(rows) * row_bytes]
        _fill(stream, piece)
        rows[...] = piece.view(dtype).reshape(len(rows), *row_shape)[(slice(None), *columns)]


def _fill(stream: Stream, piece: np.ndarray) -> None:
    filled = 0
    while filled < len(piece):
        size = stream.readinto(piece[filled:].data)
        if not size:
            raise EOFError("the data end too early")
        filled += size
