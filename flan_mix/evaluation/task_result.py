"""One task's figures, made from the scores of its predictions, and their file form.

The file under tasks/ is written last, so a task that has one is finished; a later run with the
same settings reads it back instead of asking the model again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from flan_mix.evaluation.bootstrap import BootstrapSettings
from flan_mix.evaluation.predictions import Prediction, read_predictions, write_predictions
from flan_mix.evaluation.result_files import ResultFiles, read_json, write_json
from flan_mix.metrics import Interval, bootstrap_interval


@dataclass(frozen=True)
class TaskResult:
    """What a model scored on one task.

    main_metric: the key that stands for the task in its category; None without metrics.
    scores: by key; 0 to 100, except `loss` (nats per target token) where it was measured.
    intervals: of the scores that are means over examples.
    examples: how many were evaluated, out of `available`.
    predictions: in the order of the cache.
    """

    name: str
    category: str
    main_metric: str | None
    scores: Mapping[str, float]
    intervals: Mapping[str, Interval]
    examples: int
    available: int
    predictions: tuple[Prediction, ...]

    @property
    def main_score(self) -> float | None:
        """The score that stands for the task."""
        return None if self.main_metric is None else self.scores[self.main_metric]

    def example_scores(self, key: str) -> np.ndarray | None:
        """The scores of each example, float64 [examples]; None where only the whole has one."""
        if any(key not in prediction.scores for prediction in self.predictions):
            return None
        return np.array([prediction.scores[key] for prediction in self.predictions], np.float64)


def result_of(
    predictions: Sequence[Prediction],
    *,
    main_metric: str | None,
    available: int,
    bootstrap: BootstrapSettings,
    whole_scores: Mapping[str, float],
) -> TaskResult:
    """The figures of one task's scored predictions.

    whole_scores: scores that are no mean over examples, so they get no interval.
    """
    keys = list(predictions[0].scores)
    intervals = {
        key: bootstrap_interval([p.scores[key] for p in predictions], **asdict(bootstrap))
        for key in keys
    }
    return TaskResult(
        name=predictions[0].task,
        category=predictions[0].category,
        main_metric=main_metric,
        scores={**{key: intervals[key].mean for key in keys}, **whole_scores},
        intervals=intervals,
        examples=len(predictions),
        available=available,
        predictions=tuple(predictions),
    )


def save_result(files: ResultFiles, result: TaskResult, settings: Mapping[str, Any]) -> None:
    """Writes predictions, then the figures that mark the task as finished."""
    write_predictions(files.predictions(result.name), result.predictions)
    row = {key: value for key, value in asdict(result).items() if key != "predictions"}
    write_json(files.task(result.name), {**row, "settings": dict(settings)})


def load_result(
    files: ResultFiles, name: str, settings: Mapping[str, Any] | None = None
) -> TaskResult | None:
    """A finished task's result; None if there is none, or one of other `settings` when given."""
    if not files.task(name).exists():
        return None
    row = read_json(files.task(name))
    found = row.pop("settings")
    # Through JSON, as the file's were: a tuple comes back as a list.
    if settings is not None and found != json.loads(json.dumps(dict(settings))):
        return None
    row["intervals"] = {key: Interval(**bounds) for key, bounds in row["intervals"].items()}
    return TaskResult(**row, predictions=read_predictions(files.predictions(name)))
