"""TensorBoard event files, written without TensorFlow."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class TensorBoardWriter:
    """Writes scalars under one folder, such as MODEL_DIR/train."""

    def __init__(self, directory: str | Path, *, resumed_from: int | None = None):
        """Opens a new event file in `directory`.

        resumed_from: the step a restarted run goes on from; TensorBoard then drops what an
            earlier file there says of later steps.
        """
        with _without_torch():
            from tensorboardX import SummaryWriter

        purge_step = None if resumed_from is None else resumed_from + 1
        self._writer = SummaryWriter(str(directory), purge_step=purge_step)

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds each metric under its name at `step`."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, float(value), step)

    def write_text(self, step: int, name: str, text: str) -> None:
        """Adds a text, shown as Markdown."""
        self._writer.add_text(name, text, step)

    def close(self) -> None:
        """Writes out what is buffered and closes the file."""
        self._writer.close()


@contextmanager
def _without_torch() -> Iterator[None]:
    """Inside, PyTorch seems not to be installed, unless it is loaded already.

    tensorboardX loads it wherever it finds it, seconds of a run's start, for tensors that nobody
    here gives it; without it, it does the same for arrays.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # pyright: ignore[reportArgumentType]  # Makes imports fail.
    try:
        yield
    finally:
        del sys.modules["torch"]
