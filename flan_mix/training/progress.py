"""Where training stands and how fast it goes, for a progress line.

Rates are over the last few steps, so that they follow changes and forget the compilation.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from flan_mix.training.metrics import StepMetrics


@dataclass(frozen=True)
class Progress:
    """After `step` of `total_steps`. Rates and seconds_left are None until two steps are done.

    loss is divided by the loss normalizing factor; token_loss is the mean over target tokens.
    """

    step: int
    total_steps: int
    loss: float
    token_loss: float
    examples_per_second: float | None = None
    non_padding_tokens_per_second: float | None = None
    seconds_left: float | None = None


class ProgressMeter:
    """Turns the metrics of each step and the time it was done into `Progress`."""

    def __init__(self, total_steps: int, window: int = 20):
        """window: how many steps the rates are taken over."""
        self._total_steps = total_steps
        self._marks: deque[tuple[float, float, float]] = deque(maxlen=window + 1)
        self._examples = self._tokens = 0.0

    def update(self, step: int, metrics: StepMetrics, seconds: float) -> Progress:
        """Progress after `step`, done at `seconds` on any clock; metrics fetched to the host."""
        counts = metrics.counts
        self._examples += float(counts.decoder_segments)
        self._tokens += float(counts.encoder_tokens) + float(counts.decoder_tokens)
        self._marks.append((seconds, self._examples, self._tokens))
        weights = float(metrics.weights)
        token_loss = float(metrics.token_loss) / weights if weights else 0.0
        loss = float(metrics.loss)
        return Progress(step, self._total_steps, loss, token_loss, *self._rates(step))

    def _rates(self, step: int) -> tuple[float | None, float | None, float | None]:
        (start, examples, tokens), (end, *_) = self._marks[0], self._marks[-1]
        elapsed = end - start
        if elapsed <= 0:
            return None, None, None
        seconds_per_step = elapsed / (len(self._marks) - 1)
        return (
            (self._examples - examples) / elapsed,
            (self._tokens - tokens) / elapsed,
            seconds_per_step * (self._total_steps - step),
        )
