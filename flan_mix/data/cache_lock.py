"""Lets one process at a time build a cache; the others of the machine wait."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds the lock file `path` while the block runs; a killed holder frees it by dying."""
    import fcntl  # Not on Windows, where reading caches works all the same.

    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        # Nobody needs the lock once the work is done; after an error it stays for the next try.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
