"""Arrays in memory pages of their own, which the system has back as soon as they are let go.

The C library's allocator keeps what is freed below some tens of MB in pools, one a thread; a
restore, which takes and frees thousands of such pieces, would leave them full of holes. Pages are
also aligned as JAX wants it, so that on CPU it takes such an array over without a copy.
"""

import mmap
from typing import Any

import numpy as np

_SMALLEST = 64 << 10


def page_array(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array to be written in full, as `np.empty` gives it."""
    count = int(np.prod(shape, dtype=np.int64))
    size = count * np.dtype(dtype).itemsize
    if size < _SMALLEST or not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.empty(shape, dtype)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, dtype, count).reshape(shape)
