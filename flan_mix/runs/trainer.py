"""How a run trains, as gin says it: the learning rate, gradient accumulation, how often to log."""

import dataclasses
from collections.abc import Callable
from typing import Any

from flan_mix.training import create_learning_rate_scheduler


@dataclasses.dataclass(frozen=True)
class Trainer:
    """T5X's trainer.Trainer, as settings.

    learning_rate_fn: step -> learning rate. num_microbatches: parts a batch's gradient is summed
    over; None is one. log_period: steps between log lines. log_weights: the size of every
    parameter, its gradient and its update are logged too.
    """

    learning_rate_fn: Callable[[Any], Any] = dataclasses.field(
        default_factory=create_learning_rate_scheduler
    )
    num_microbatches: int | None = None
    log_period: int = 50
    log_weights: bool = False
