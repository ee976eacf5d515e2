"""Which answers a report shows: drawn by a hash of the example's id, never chosen by score."""

import hashlib
from dataclasses import dataclass

from flan_mix.evaluation import Evaluation, Prediction, TaskResult


@dataclass(frozen=True)
class Sample:
    """One example's answers before and after; both hold the references.

    main_metric: the key of the score to show with each; None where the task has no metric.
    """

    before: Prediction
    after: Prediction
    main_metric: str | None
    held_out: bool = False


def draw_samples(
    before: Evaluation,
    after: Evaluation,
    *,
    per_task: int,
    held_out_categories: frozenset[str] | set[str] | tuple[str, ...] = (),
    seed: int = 0,
) -> list[Sample]:
    """`per_task` examples of every task in both evaluations, in the order of `after`."""
    known = {task.name: task for task in before.tasks}
    return [
        sample
        for task in after.tasks
        if task.name in known
        for sample in _of_task(
            known[task.name], task, per_task, task.category in held_out_categories, seed
        )
    ]


def _of_task(
    before: TaskResult, after: TaskResult, count: int, held_out: bool, seed: int
) -> list[Sample]:
    earlier = {prediction.id: prediction for prediction in before.predictions}
    shared = [prediction for prediction in after.predictions if prediction.id in earlier]
    drawn = sorted(shared, key=lambda prediction: _draw(seed, prediction))[:count]
    return [Sample(earlier[p.id], p, after.main_metric, held_out) for p in drawn]


def _draw(seed: int, prediction: Prediction) -> str:
    return hashlib.sha256(f"{seed}\x1f{prediction.task}\x1f{prediction.id}".encode()).hexdigest()
