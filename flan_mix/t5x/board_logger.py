"""What seqio.TensorBoardLogger writes, without TensorBoard, which TensorFlow needs to write it."""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import seqio

from flan_mix.reports.tensorboard import TensorBoardWriter

log = logging.getLogger(__name__)


class BoardLogger(seqio.Logger):
    """Writes scalars and texts to output_dir/<task> as `eval/<metric>`; others are left out."""

    def __call__(
        self,
        task_name: str,
        step: int | None,
        metrics: Mapping[str, Any],
        dataset: Any,
        inferences: Any,
        targets: Any,
    ) -> None:
        """Logs the metrics of a task."""
        del dataset, inferences, targets
        step = -1 if step is None else step
        writer = TensorBoardWriter(Path(self.output_dir) / task_name)
        for name, value in metrics.items():
            if isinstance(value, seqio.metrics.Scalar):
                writer.write(step, {f"eval/{name}": float(value.value)})
            elif isinstance(value, seqio.metrics.Text):
                writer.write_text(step, f"eval/{name}", str(value.textdata))
            else:
                log.warning("%s: %s is no number and not on the board", task_name, name)
        writer.close()


def without_tensorboard(loggers: tuple[seqio.Logger, ...]) -> tuple[seqio.Logger, ...]:
    """An evaluator's loggers, with BoardLoggers for SeqIO's where TensorBoard is not installed."""
    if find_spec("tensorboard") is not None:
        return loggers
    return tuple(
        BoardLogger(logger.output_dir) if isinstance(logger, seqio.TensorBoardLogger) else logger
        for logger in loggers
    )
