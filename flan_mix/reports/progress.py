"""Where a run stands, for whoever watches it: one moving line on a terminal, else plain lines.

A log file or a CI page gets a line every few seconds instead of a bar redrawn a thousand times.
"""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TextIO, cast


@dataclass(frozen=True)
class Progress:
    """Work done so far.

    label: what is being done. done, total: in `unit`. details: what else to say, ready to print.
    """

    label: str
    done: int
    total: int
    unit: str = "steps"
    details: tuple[str, ...] = ()


def training_details(
    loss: float,
    examples_per_second: float | None,
    tokens_per_second: float | None,
    seconds_left: float | None,
) -> tuple[str, ...]:
    """What a progress line of training says beside the step; what is None is left out."""
    details = [f"loss {loss:.4g}"]
    if examples_per_second is not None:
        details.append(f"{examples_per_second:,.1f} examples/s")
    if tokens_per_second is not None:
        details.append(f"{tokens_per_second:,.0f} tokens/s")
    if seconds_left is not None:
        details.append(f"{clock_time(seconds_left)} left")
    return tuple(details)


def clock_time(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class ProgressLine(AbstractContextManager):
    """Shows `Progress`. Use it in a `with`, so that the terminal is left in order."""

    def show(self, progress: Progress) -> None:
        """Says where the work stands; call it as often as there is news."""
        raise NotImplementedError

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Says the last thing known, once."""
        raise NotImplementedError


def progress_line(stream: TextIO | None = None, *, every_seconds: float = 10.0) -> ProgressLine:
    """A moving line where `stream` (None: standard error) is a terminal, else plain lines."""
    out = cast(TextIO, stream or sys.stderr)
    return TerminalLine(out) if out.isatty() else PlainLines(out, every_seconds=every_seconds)


class PlainLines(ProgressLine):
    """For each label a line at its start, one every `every_seconds`, and one at its end."""

    def __init__(
        self,
        stream: TextIO,
        *,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        """clock: seconds; monotonic."""
        self._stream = stream
        self._every_seconds = every_seconds
        self._clock = clock
        self._written_at: float | None = None
        self._label: str | None = None
        self._unwritten: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Writes a line if it is time, if the work is done, or if it is another work's."""
        if progress.label != self._label:
            self.close()
            self._label, self._written_at = progress.label, None
        self._unwritten = progress
        now = self._clock()
        is_time = self._written_at is None or now - self._written_at >= self._every_seconds
        if is_time or progress.done >= progress.total:
            self._write(progress)
            self._written_at = now

    def close(self) -> None:
        """Writes what was shown last, unless it is written already."""
        if self._unwritten is not None:
            self._write(self._unwritten)

    def _write(self, progress: Progress) -> None:
        counted = f"{progress.done:,}/{progress.total:,} {progress.unit}"
        print(" | ".join([progress.label, counted, *progress.details]), file=self._stream)
        self._stream.flush()
        self._unwritten = None


class TerminalLine(ProgressLine):
    """A bar that moves, one for each label, drawn by rich."""

    def __init__(self, stream: TextIO):
        """stream: a terminal."""
        from rich.console import Console
        from rich.progress import BarColumn, TaskID, TextColumn
        from rich.progress import Progress as RichProgress

        self._bars: dict[str, TaskID] = {}
        self._rich = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counted]}", markup=False),
            TextColumn("{task.fields[details]}", markup=False),
            console=Console(file=stream),
        )
        self._rich.start()

    def show(self, progress: Progress) -> None:
        """Moves the bar of the progress's label."""
        counted = f"{progress.done:,}/{progress.total:,} {progress.unit}"
        details = " · ".join(progress.details)
        if progress.label not in self._bars:
            self._bars[progress.label] = self._rich.add_task(
                progress.label, counted=counted, details=details
            )
        self._rich.update(
            self._bars[progress.label],
            completed=progress.done,
            total=progress.total,
            counted=counted,
            details=details,
        )

    def close(self) -> None:
        """Draws the last state and gives the terminal back."""
        self._rich.stop()
