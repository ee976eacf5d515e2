"""TensorBoard event files, written, and read again, without TensorFlow."""

from __future__ import annotations

import math
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


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
        # The name tells seconds alone, and a file of the same name would be overwritten.
        suffix = f".{time.time_ns()}"
        self._writer = SummaryWriter(str(directory), purge_step=purge_step, filename_suffix=suffix)

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds each metric under its name at `step`; what was added before is then on disk."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, float(value), step)
        self._writer.flush()

    def write_text(self, step: int, name: str, text: str) -> None:
        """Adds a text, shown as Markdown."""
        self._writer.add_text(name, text, step)

    def close(self) -> None:
        """Writes out what is buffered and closes the file."""
        self._writer.close()


def read_scalar(directory: str | Path, name: str) -> dict[int, float]:
    """The values of `name` by step: a folder of event files under `directory`, "/", and a tag.

    Of a step that was logged several times, as after a restart, the last counts. Where no such
    folder or tag is, there are none.
    """
    values = {}
    parts = name.split("/")
    for end in range(1, len(parts)):
        folder, tag = Path(directory, *parts[:end]), "/".join(parts[end:])
        for file in sorted(folder.glob("events.out.tfevents.*")):
            for event in _events(file):
                for value in event.summary.value:
                    if value.tag == tag:
                        values[event.step] = _number(value)
    return values


def _events(file: Path) -> Iterator[Any]:
    """A file's events; the last record of one that is being written may be incomplete."""
    with _without_torch():
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore

    data, place = file.read_bytes(), 0
    # A record: length (8 bytes), its check (4), the event, its check (4).
    while place + 12 <= len(data):
        start = place + 12
        place = start + struct.unpack_from("<Q", data, place)[0] + 4
        if place <= len(data):
            yield Event.FromString(data[start : place - 4])


def _number(value: Any) -> float:
    """A scalar as TensorBoard's first version stores it, or as the second, in a tensor."""
    if value.WhichOneof("value") == "simple_value":
        return value.simple_value
    if value.tensor.float_val:
        return value.tensor.float_val[0]
    content = value.tensor.tensor_content
    return struct.unpack("<f", content)[0] if len(content) == 4 else math.nan


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
