"""From tasks to categories to one number, each figure with its interval: the metrics file.

A category scores the mean of its tasks' main metrics, the overall score is the mean of the
categories. So a category counts the same however many tasks or examples it has, and a task however
many templates. Beside each mean stands the same mean of scores counted from chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flan_mix.evaluation.bootstrap import BootstrapSettings, Sample, weighted_mean_interval
from flan_mix.evaluation.families import Family, families
from flan_mix.evaluation.task_result import TaskResult
from flan_mix.metrics import Interval


@dataclass(frozen=True)
class Aggregate:
    """A mean over tasks.

    score: 0 to 100.
    interval: None where a task's score cannot be drawn again from its examples.
    means: of the scores that all these tasks have, by key; mean_intervals: of those whose
        examples can be drawn again.
    tasks: names of the results, of which a task tested in several templates has as many.
    normalized, normalized_interval: the mean of scores counted from chance (`chance.normalized`).
    families: how many tasks, each counted once.
    """

    score: float
    interval: Interval | None
    means: Mapping[str, float]
    tasks: tuple[str, ...]
    examples: int
    normalized: float = 0.0
    normalized_interval: Interval | None = None
    families: int = 0
    mean_intervals: Mapping[str, Interval] = field(default_factory=dict)


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
    return {
        name: _aggregate({name: members}, bootstrap) for name, members in _grouped(results).items()
    }


def aggregate_overall(
    results: Sequence[TaskResult], bootstrap: BootstrapSettings
) -> Aggregate | None:
    """The mean over the categories; None if no task has a metric."""
    groups = _grouped(results)
    return _aggregate(groups, bootstrap) if groups else None


def _grouped(results: Sequence[TaskResult]) -> dict[str, list[Family]]:
    groups: dict[str, list[Family]] = {}
    for family in families(results):
        groups.setdefault(family.category, []).append(family)
    return groups


def _aggregate(groups: Mapping[str, Sequence[Family]], bootstrap: BootstrapSettings) -> Aggregate:
    members = [family for group in groups.values() for family in group]
    weights = equal_category_weights(groups)
    # Counting from chance is linear: it stretches each task's part in the mean and moves it.
    stretched = [w * 100 / (100 - f.chance) for w, f in zip(weights, members, strict=True)]
    samples = [family.sample() for family in members]
    means = _shared_means(members, weights)
    intervals = {
        key: _interval([family.sample(key) for family in members], weights, 0.0, bootstrap)
        for key in means
    }
    return Aggregate(
        score=sum(w * family.score for w, family in zip(weights, members, strict=True)),
        interval=_interval(samples, weights, 0.0, bootstrap),
        means=means,
        tasks=tuple(result.name for family in members for result in family.members),
        examples=sum(result.examples for family in members for result in family.members),
        normalized=sum(w * f.normalized for w, f in zip(weights, members, strict=True)),
        normalized_interval=_interval(
            samples,
            stretched,
            sum(w * f.chance for w, f in zip(stretched, members, strict=True)),
            bootstrap,
        ),
        families=len(members),
        mean_intervals={key: each for key, each in intervals.items() if each is not None},
    )


def _interval(
    samples: Sequence[Sample | None],
    weights: Sequence[float],
    offset: float,
    bootstrap: BootstrapSettings,
) -> Interval | None:
    """The interval of the weighted mean less `offset`."""
    drawn = [sample for sample in samples if sample is not None]
    if len(drawn) < len(samples):
        return None
    found = weighted_mean_interval(drawn, weights, bootstrap)
    return Interval(found.mean - offset, found.low - offset, found.high - offset)


def _shared_means(members: Sequence[Family], weights: Sequence[float]) -> dict[str, float]:
    results = [result for family in members for result in family.members]
    shared = [key for key in results[0].scores if all(key in r.scores for r in results)]
    return {
        key: sum(
            weight * sum(r.scores[key] for r in family.members) / len(family.members)
            for weight, family in zip(weights, members, strict=True)
        )
        for key in shared
    }
