"""From tasks to categories to one number, each figure with its interval: the metrics file.

A category scores the mean of its tasks' main metrics, the overall score is the mean of the
categories. So a category counts the same however many tasks or examples it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flan_mix.evaluation.bootstrap import BootstrapSettings, Sample, weighted_mean_interval
from flan_mix.evaluation.task_result import TaskResult
from flan_mix.metrics import Interval


@dataclass(frozen=True)
class Aggregate:
    """A mean over tasks.

    score: 0 to 100.
    interval: None where a task's score cannot be drawn again from its examples.
    means: of the scores that all these tasks have, by key.
    """

    score: float
    interval: Interval | None
    means: Mapping[str, float]
    tasks: tuple[str, ...]
    examples: int


def by_category(results: Sequence[TaskResult]) -> dict[str, list[TaskResult]]:
    """The tasks that have a main score, by category in order of first appearance."""
    groups: dict[str, list[TaskResult]] = {}
    for result in results:
        if result.main_metric is not None:
            groups.setdefault(result.category, []).append(result)
    return groups


def equal_category_weights(groups: Mapping[str, Sequence[Any]]) -> list[float]:
    """A weight for each task, in the groups' order: categories count alike, and tasks in one."""
    return [1 / (len(groups) * len(tasks)) for tasks in groups.values() for _ in tasks]


def aggregate_categories(
    results: Sequence[TaskResult], bootstrap: BootstrapSettings
) -> dict[str, Aggregate]:
    """Each category's mean over its tasks."""
    groups = by_category(results)
    return {name: _aggregate({name: tasks}, bootstrap) for name, tasks in groups.items()}


def aggregate_overall(
    results: Sequence[TaskResult], bootstrap: BootstrapSettings
) -> Aggregate | None:
    """The mean over the categories; None if no task has a metric."""
    groups = by_category(results)
    return _aggregate(groups, bootstrap) if groups else None


def _aggregate(
    groups: Mapping[str, Sequence[TaskResult]], bootstrap: BootstrapSettings
) -> Aggregate:
    tasks = [task for group in groups.values() for task in group]
    weights = equal_category_weights(groups)
    return Aggregate(
        score=sum(w * _main(task.scores, task) for w, task in zip(weights, tasks, strict=True)),
        interval=_interval(tasks, weights, bootstrap),
        means=_shared_means(tasks, weights),
        tasks=tuple(task.name for task in tasks),
        examples=sum(task.examples for task in tasks),
    )


def _main(scores: Mapping[str, float], task: TaskResult) -> float:
    assert task.main_metric is not None  # by_category leaves the others out
    return scores[task.main_metric]


def _interval(
    tasks: Sequence[TaskResult], weights: Sequence[float], bootstrap: BootstrapSettings
) -> Interval | None:
    samples: list[Sample] = []
    for task in tasks:
        sample = task.sample(task.main_metric or "")
        if sample is None:
            return None
        samples.append(sample)
    return weighted_mean_interval(samples, weights, bootstrap)


def _shared_means(tasks: Sequence[TaskResult], weights: Sequence[float]) -> dict[str, float]:
    shared = [key for key in tasks[0].scores if all(key in task.scores for task in tasks)]
    return {
        key: sum(w * t.scores[key] for w, t in zip(weights, tasks, strict=True)) for key in shared
    }
