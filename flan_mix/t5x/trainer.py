"""t5x.trainer: how a run trains and when it stops, by T5X's names."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from flan_mix.runs.trainer import Trainer as RunTrainer
from flan_mix.t5x.not_there import NotThereError, names_not_there

__getattr__ = names_not_there(
    "trainer",
    dict.fromkeys(
        ("BaseTrainer", "MetricsManager", "BaseAction"), "trainers and actions to derive from"
    ),
)

Scores = Mapping[str, Mapping[str, float]]
"""Task -> the metrics of its teacher-forced evaluation."""


def Trainer(
    learning_rate_fn: Callable[[Any], Any],
    num_microbatches: int | None = None,
    weight_metrics_computer: Any = None,
) -> RunTrainer:
    """Learning rate and gradient accumulation. The gradient is the whole batch's, whatever the
    loss normalizing factor."""
    return RunTrainer(
        learning_rate_fn, num_microbatches, log_weights=weight_metrics_computer is not None
    )


class WeightMetricsComputer:
    """Logs the size of every parameter, its gradient and its update."""


class EarlyStoppingAction:
    """Stops training when a metric has not become better for some evaluations.

    metric: (name, task) of the teacher-forced evaluation. mode: "min" or "max". patience: how many
    evaluations in a row may be no better than the best by more than atol + rtol * |best|.
    """

    def __init__(
        self,
        metric: tuple[str, str],
        mode: str,
        patience: int = 3,
        atol: float = 0.0,
        rtol: float = 0.0,
    ):
        if mode not in ("min", "max"):
            raise ValueError(f"EarlyStoppingAction.mode is {mode!r}: give 'min' or 'max'")
        if atol < 0 or rtol < 0:
            raise ValueError(f"EarlyStoppingAction: atol={atol} and rtol={rtol} must be 0 or more")
        self._name, self._task = metric
        self._sign = 1.0 if mode == "max" else -1.0
        self._patience, self._atol, self._rtol = patience, atol, rtol
        self._best: float | None = None
        self._since = 0

    def should_stop(self, scores: Scores) -> bool:
        """Whether to stop, after an evaluation."""
        value = _metric(scores, self._task, self._name, "EarlyStoppingAction") * self._sign
        if self._best is None or value > self._best + self._atol + self._rtol * abs(self._best):
            self._best, self._since = value, 0
        else:
            self._since += 1
        return self._since >= self._patience


class TerminateOnNanAction:
    """Stops training when a metric of a task's teacher-forced evaluation is not a number.

    A loss that is not finite in training itself stops every run.
    """

    def __init__(self, task: str, metric: str = "loss"):
        self._task, self._name = task, metric

    def should_stop(self, scores: Scores) -> bool:
        """Whether to stop, after an evaluation."""
        return math.isnan(_metric(scores, self._task, self._name, "TerminateOnNanAction"))


def stopping_actions(
    actions: Mapping[str, Any] | None,
) -> list[EarlyStoppingAction | TerminateOnNanAction]:
    """The actions after teacher-forced evaluation; NotThereError for others."""
    found = []
    for mode, of_mode in (actions or {}).items():
        name = getattr(mode, "name", mode)
        if name != "TRAIN_EVAL":
            raise NotThereError(f"train.actions[{name!r}]: actions follow 'TRAIN_EVAL' alone")
        found += of_mode
    for action in found:
        if not isinstance(action, EarlyStoppingAction | TerminateOnNanAction):
            raise NotThereError(f"train.actions: {action} is not one of t5x.trainer's own")
    return found


def _metric(scores: Scores, task: str, name: str, who: str) -> float:
    if task not in scores or name not in scores[task]:
        there = {key: sorted(of) for key, of in scores.items()}
        raise ValueError(f"{who}: there is no metric {name!r} of {task!r}; there are {there}")
    return float(scores[task][name])
