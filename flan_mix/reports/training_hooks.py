"""The train loop's hooks that tell people and files how training goes.

Apart from the rest of the reports, because a hook brings the training floor, and JAX, with it.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from flan_mix.reports.progress import Progress, ProgressLine, training_details
from flan_mix.training.loop import Hook
from flan_mix.training.progress import Progress as TrainingProgress


class MetricsWriter(Protocol):
    """Where named numbers go: a `MetricsLog` or a `TensorBoardWriter`."""

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds the metrics of a step."""
        ...

    def close(self) -> None:
        """Ends the writing."""
        ...


class ProgressHook(Hook):
    """Shows every step on a progress line."""

    def __init__(self, line: ProgressLine):
        """line: shown on, and closed when training ends."""
        self._line = line

    def on_progress(self, progress: TrainingProgress) -> None:
        """Moves the line."""
        details = training_details(
            progress.token_loss,
            progress.examples_per_second,
            progress.non_padding_tokens_per_second,
            progress.seconds_left,
        )
        self._line.show(Progress("train", progress.step, progress.total_steps, details=details))

    def on_end(self, step: int) -> None:
        """Leaves the line at the last step."""
        self._line.close()


class MetricsHook(Hook):
    """Writes every logged step to all `writers`."""

    def __init__(self, writers: Sequence[MetricsWriter]):
        """writers: closed when training ends."""
        self._writers = tuple(writers)

    def on_log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Writes the metrics of a step."""
        for writer in self._writers:
            writer.write(step, metrics)

    def on_end(self, step: int) -> None:
        """Closes the writers."""
        for writer in self._writers:
            writer.close()
