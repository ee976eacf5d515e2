"""Two evaluations side by side: what got better, what got worse, and how sure that is.

Scores of the same example are compared with each other (paired bootstrap), so that what makes an
example hard cancels out. Categories kept out of training are held apart: they show what
instruction tuning does to tasks never trained on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flan_mix.evaluation.aggregates import by_category, equal_category_weights
from flan_mix.evaluation.bootstrap import (
    DEFAULT_BOOTSTRAP,
    BootstrapSettings,
    CorpusSample,
    Sample,
    figure,
    weighted_mean_interval,
)
from flan_mix.evaluation.evaluation import Evaluation
from flan_mix.evaluation.task_result import TaskResult

Verdict = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Difference:
    """A score before and after, and the change with its interval.

    low, high: None where the score cannot be drawn again from its examples.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None

    @property
    def verdict(self) -> Verdict:
        """Better or worse only where the interval leaves 0 out."""
        if self.low is not None and self.low > 0:
            return "better"
        if self.high is not None and self.high < 0:
            return "worse"
        return "unclear"


@dataclass(frozen=True)
class TaskComparison:
    """One task before and after, on the examples that both evaluations hold.

    scores: by metric key, the main one first.
    examples: how many are in both; unmatched: how many are in one only and were left out.
    """

    name: str
    category: str
    held_out: bool
    main_metric: str
    scores: dict[str, Difference]
    examples: int
    unmatched: int

    @property
    def main(self) -> Difference:
        """The difference that stands for the task."""
        return self.scores[self.main_metric]


@dataclass(frozen=True)
class CategoryComparison:
    """The mean over a category's tasks before and after."""

    name: str
    held_out: bool
    score: Difference
    tasks: tuple[TaskComparison, ...]

    @property
    def examples(self) -> int:
        """Examples of all its tasks."""
        return sum(task.examples for task in self.tasks)


@dataclass(frozen=True)
class Comparison:
    """Before against after.

    held_in, held_out: the mean over the categories trained on, and over the others; None where
        there are none.
    """

    categories: tuple[CategoryComparison, ...]
    held_in: Difference | None
    held_out: Difference | None
    bootstrap: BootstrapSettings

    @property
    def tasks(self) -> tuple[TaskComparison, ...]:
        """All tasks, category by category."""
        return tuple(task for category in self.categories for task in category.tasks)


@dataclass(frozen=True)
class _Pair:
    """One task in both evaluations, cut to the examples they share."""

    before: TaskResult
    after: TaskResult
    rows: tuple[np.ndarray, np.ndarray]

    def scores(self, key: str) -> "_PairedScores":
        """A score before and after, of the shared examples where those can be scored apart."""
        earlier, later = (
            result.sample(key, rows)
            for result, rows in zip((self.before, self.after), self.rows, strict=True)
        )
        if earlier is None or later is None or type(earlier) is not type(later):
            return _PairedScores((self.before.scores[key], self.after.scores[key]), None)
        return _PairedScores((figure(earlier), figure(later)), _gains(earlier, later))


@dataclass(frozen=True)
class _PairedScores:
    """figures: before and after. gains: what their difference is drawn again from, if it can be."""

    figures: tuple[float, float]
    gains: Sample | None


def _gains(before: Sample, after: Sample) -> Sample:
    """After minus before, by example; of corpora for the same draws of examples in both."""
    if isinstance(before, CorpusSample) and isinstance(after, CorpusSample):
        return CorpusSample(before.size, lambda w: after.scores(w) - before.scores(w))
    assert isinstance(before, np.ndarray) and isinstance(after, np.ndarray)
    return after - before


def compare(
    before: Evaluation,
    after: Evaluation,
    *,
    held_out_categories: Collection[str] = (),
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> Comparison:
    """Compares the tasks that both evaluations have and that have a metric.

    Raises ValueError if there is none, if a task's two results share no example, or if a held-out
    category was not evaluated.
    """
    pairs = _pairs(before, after)
    groups = by_category([pair.after for pair in pairs])
    _check_categories(held_out_categories, list(groups))
    categories = []
    for name in groups:
        members = [pair for pair in pairs if pair.after.category == name]
        held_out = name in held_out_categories
        tasks = tuple(_compare_task(pair, held_out, bootstrap) for pair in members)
        categories.append(CategoryComparison(name, held_out, _mean(members, bootstrap), tasks))
    held_in_pairs = [p for p in pairs if p.after.category not in held_out_categories]
    held_out_pairs = [p for p in pairs if p.after.category in held_out_categories]
    return Comparison(
        categories=tuple(categories),
        held_in=_mean(held_in_pairs, bootstrap) if held_in_pairs else None,
        held_out=_mean(held_out_pairs, bootstrap) if held_out_pairs else None,
        bootstrap=bootstrap,
    )


def _pairs(before: Evaluation, after: Evaluation) -> list[_Pair]:
    known = {task.name: task for task in before.tasks}
    shared = [t for t in after.tasks if t.name in known and t.main_metric is not None]
    if not shared:
        raise ValueError(
            "the two evaluations share no task with a metric: before has "
            f"{sorted(known)}, after has {sorted(task.name for task in after.tasks)}."
        )
    return [_pair(known[task.name], task) for task in shared]


def _pair(before: TaskResult, after: TaskResult) -> _Pair:
    places = {prediction.id: row for row, prediction in enumerate(before.predictions)}
    matched = [
        (places[prediction.id], row)
        for row, prediction in enumerate(after.predictions)
        if prediction.id in places
    ]
    if not matched:
        raise ValueError(
            f"{after.name}: no example id is in both evaluations, so they cannot be compared: "
            "evaluate the same split twice."
        )
    rows = np.array(matched).T
    return _Pair(before, after, (rows[0], rows[1]))


def _compare_task(pair: _Pair, held_out: bool, bootstrap: BootstrapSettings) -> TaskComparison:
    main = pair.after.main_metric
    assert main is not None  # _pairs leaves the others out
    keys = [main, *(k for k in pair.after.scores if k != main and k in pair.before.scores)]
    examples = len(pair.rows[0])
    return TaskComparison(
        name=pair.after.name,
        category=pair.after.category,
        held_out=held_out,
        main_metric=main,
        scores={key: _difference([pair], [1.0], key, bootstrap) for key in keys},
        examples=examples,
        unmatched=pair.before.examples + pair.after.examples - 2 * examples,
    )


def _mean(pairs: Sequence[_Pair], bootstrap: BootstrapSettings) -> Difference:
    """The mean over categories of the mean over their tasks, by main metric."""
    groups: dict[str, list[_Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.after.category, []).append(pair)
    ordered = [pair for group in groups.values() for pair in group]
    return _difference(ordered, equal_category_weights(groups), None, bootstrap)


def _difference(
    pairs: Sequence[_Pair],
    weights: Sequence[float],
    key: str | None,
    bootstrap: BootstrapSettings,
) -> Difference:
    """The weighted mean of a score, or of each task's main one where `key` is None."""
    scored = [pair.scores(key or pair.after.main_metric or "") for pair in pairs]
    before, after = (
        sum(w * s.figures[i] for w, s in zip(weights, scored, strict=True)) for i in (0, 1)
    )
    gains = [scores.gains for scores in scored if scores.gains is not None]
    if len(gains) < len(pairs):
        return Difference(before, after, after - before, None, None)
    interval = weighted_mean_interval(gains, weights, bootstrap)
    return Difference(before, after, after - before, interval.low, interval.high)


def _check_categories(held_out: Collection[str], evaluated: Sequence[str]) -> None:
    missing = sorted(set(held_out) - set(evaluated))
    if missing:
        raise ValueError(
            f"held-out categories {missing} were not evaluated; these were: {sorted(evaluated)}."
        )
