"""Two evaluations side by side: what got better, what got worse, and how sure that is.

Scores of the same example are compared with each other (paired bootstrap), so that what makes an
example hard cancels out. Categories kept out of training are held apart: they show what
instruction tuning does to tasks never trained on. Each change says for itself whether it is clear
(its interval), and whether it is firm (clear also among all that were looked at, by Holm's rule).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from flan_mix.evaluation.aggregates import by_category, equal_category_weights
from flan_mix.evaluation.bootstrap import (
    DEFAULT_BOOTSTRAP,
    BootstrapSettings,
    CorpusSample,
    Sample,
    figure,
    weighted_mean_spread,
)
from flan_mix.evaluation.evaluation import Evaluation
from flan_mix.evaluation.significance import fewest_examples, holm, p_value
from flan_mix.evaluation.task_result import TaskResult

Verdict = Literal["better", "worse", "unclear"]

FAITHFUL, COVERAGE = FAITHFULNESS = ("faithful", "coverage")
"""The keys of `metrics.faithfulness`, which scores summaries alone."""

LOWER_IS_BETTER = frozenset({"loss"})
"""Scores of which less is better; of all others more is."""


@dataclass(frozen=True)
class Difference:
    """A score before and after, and the change with its interval.

    low, high: None where the score cannot be drawn again from its examples, or where these are so
        few that no change of theirs would be clear.
    error: the change's standard error; None where there is no interval.
    lower_is_better: so of a loss.
    """

    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    error: float | None = None
    lower_is_better: bool = False

    @property
    def verdict(self) -> Verdict:
        """Better or worse only where the interval leaves 0 out."""
        if self.low is not None and self.low > 0:
            return "worse" if self.lower_is_better else "better"
        if self.high is not None and self.high < 0:
            return "better" if self.lower_is_better else "worse"
        return "unclear"

    @property
    def gain(self) -> float:
        """The change, counted so that more is better."""
        return -self.change if self.lower_is_better else self.change


@dataclass(frozen=True)
class TaskComparison:
    """One task before and after, on the examples that both evaluations hold.

    scores: by metric key, the main one first.
    examples: how many are in both; unmatched: how many are in one only and were left out.
    reworded: of the examples in both, those whose inputs or references were not the same texts.
    firm: the main score's change is clear also among all the tasks compared.
    """

    name: str
    category: str
    held_out: bool
    main_metric: str
    scores: dict[str, Difference]
    examples: int
    unmatched: int
    reworded: int = 0
    firm: bool = False

    @property
    def main(self) -> Difference:
        """The difference that stands for the task."""
        return self.scores[self.main_metric]


@dataclass(frozen=True)
class CategoryComparison:
    """The mean over a category's tasks before and after.

    held_out: nobody trained on it. elsewhere: somebody did, but not the model compared.
    firm: the change is clear also among all the categories compared.
    """

    name: str
    held_out: bool
    score: Difference
    tasks: tuple[TaskComparison, ...]
    firm: bool = False
    elsewhere: bool = False

    @property
    def examples(self) -> int:
        """Examples of all its tasks."""
        return sum(task.examples for task in self.tasks)


@dataclass(frozen=True)
class Comparison:
    """Before against after.

    held_in, held_out: the mean over the categories trained on by anybody, and over the others;
        None where there are none.
    own, elsewhere: of held_in, the mean over the categories that this model trained on, and over
        those that it did not; None where there are none.
    left_out: tasks that could not be compared: in one evaluation only, or without a metric.
    faithfulness: the mean of these scores over all tasks of summaries, by key.
    firmly_faithful: the tasks of summaries whose share of faithful ones changed clearly also among
        all of them.
    """

    categories: tuple[CategoryComparison, ...]
    held_in: Difference | None
    held_out: Difference | None
    bootstrap: BootstrapSettings
    own: Difference | None = None
    elsewhere: Difference | None = None
    left_out: tuple[str, ...] = ()
    faithfulness: Mapping[str, Difference] = field(default_factory=dict)
    firmly_faithful: frozenset[str] = frozenset()

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
    known: dict[str, "_PairedScores"] = field(default_factory=dict, compare=False)

    @property
    def examples(self) -> int:
        """How many both hold."""
        return len(self.rows[0])

    @property
    def reworded(self) -> int:
        """How many of them were asked or answered in other words."""
        texts = (
            [(p.inputs, p.references) for p in (result.predictions[row] for row in rows)]
            for result, rows in zip((self.before, self.after), self.rows, strict=True)
        )
        return sum(earlier != later for earlier, later in zip(*texts, strict=True))

    def scores(self, key: str) -> "_PairedScores":
        """A score before and after, of the shared examples where those can be scored apart."""
        # A task's main score is asked for again by its category and by the means above that.
        if key not in self.known:
            self.known[key] = self._scores(key)
        return self.known[key]

    def _scores(self, key: str) -> "_PairedScores":
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
    elsewhere_categories: Collection[str] = (),
    among: Mapping[str, Collection[str]] | None = None,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> Comparison:
    """Compares the tasks that both evaluations have and that have a metric.

    elsewhere_categories: others that `after` did not train on, though a model beside it did.
    among: task -> the ids of the examples to compare; None for all that are in both.

    Raises ValueError if there is no such task, if a task's two results share no example or are
    not measured by the same metric, or if a held-out category was not evaluated.
    """
    pairs = _pairs(before, after, among)
    groups = by_category([pair.after for pair in pairs])
    _check_categories(held_out_categories, list(groups))
    categories = []
    for name in groups:
        members = [pair for pair in pairs if pair.after.category == name]
        held_out = name in held_out_categories
        tasks = tuple(_compare_task(pair, held_out, bootstrap) for pair in members)
        score, elsewhere = _mean(members, bootstrap), name in elsewhere_categories and not held_out
        categories.append(CategoryComparison(name, held_out, score, tasks, elsewhere=elsewhere))
    kinds = {
        "held_in": [c.name for c in categories if not c.held_out],
        "held_out": [c.name for c in categories if c.held_out],
        "own": [c.name for c in categories if not c.held_out and not c.elsewhere],
        "elsewhere": [c.name for c in categories if c.elsewhere],
    }
    means = {
        name: _mean([p for p in pairs if p.after.category in of], bootstrap) if of else None
        for name, of in kinds.items()
    }
    compared = {pair.after.name for pair in pairs}
    everything = dict.fromkeys(task.name for e in (before, after) for task in e.tasks)
    tasks = [task for category in categories for task in category.tasks]
    faithful = {t.name: t.scores[FAITHFUL] for t in tasks if FAITHFUL in t.scores}
    return Comparison(
        categories=_with_firmness(categories, bootstrap.confidence),
        **means,
        bootstrap=bootstrap,
        left_out=tuple(name for name in everything if name not in compared),
        faithfulness=_faithfulness(pairs, bootstrap),
        firmly_faithful=_firm(faithful, bootstrap.confidence),
    )


def _faithfulness(pairs: Sequence[_Pair], bootstrap: BootstrapSettings) -> dict[str, Difference]:
    means = {}
    for key in FAITHFULNESS:
        having = [p for p in pairs if key in p.before.scores and key in p.after.scores]
        weights = [1 / len(having) for _ in having]
        if having:
            means[key] = _difference([[p] for p in having], weights, key, bootstrap)
    return means


def _pairs(
    before: Evaluation, after: Evaluation, among: Mapping[str, Collection[str]] | None
) -> list[_Pair]:
    known = {task.name: task for task in before.tasks}
    shared = [t for t in after.tasks if t.name in known and t.main_metric is not None]
    if among is not None:
        shared = [task for task in shared if task.name in among]
    if not shared:
        raise ValueError(
            "the two evaluations share no task with a metric: before has "
            f"{sorted(known)}, after has {sorted(task.name for task in after.tasks)}."
        )
    return [_pair(known[t.name], t, None if among is None else among[t.name]) for t in shared]


def _pair(before: TaskResult, after: TaskResult, ids: Collection[str] | None) -> _Pair:
    if after.main_metric not in before.scores:
        raise ValueError(
            f"{after.name}: measured by {after.main_metric!r} after, and before by "
            f"{list(before.scores)}: evaluate both with the same metrics."
        )
    places = {prediction.id: row for row, prediction in enumerate(before.predictions)}
    matched = [
        (places[prediction.id], row)
        for row, prediction in enumerate(after.predictions)
        if prediction.id in places and (ids is None or prediction.id in ids)
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
    return TaskComparison(
        name=pair.after.name,
        category=pair.after.category,
        held_out=held_out,
        main_metric=main,
        scores={key: _difference([[pair]], [1.0], key, bootstrap) for key in keys},
        examples=pair.examples,
        unmatched=pair.before.examples + pair.after.examples - 2 * pair.examples,
        reworded=pair.reworded,
    )


def _with_firmness(
    categories: Sequence[CategoryComparison], confidence: float
) -> tuple[CategoryComparison, ...]:
    """Marks what is clear among all tasks, and among all categories."""
    firm_tasks = _firm({t.name: t.main for c in categories for t in c.tasks}, confidence)
    firm_categories = _firm({c.name: c.score for c in categories}, confidence)
    return tuple(
        replace(
            category,
            firm=category.name in firm_categories,
            tasks=tuple(replace(task, firm=task.name in firm_tasks) for task in category.tasks),
        )
        for category in categories
    )


def _firm(differences: Mapping[str, Difference], confidence: float) -> frozenset[str]:
    held = holm({name: p_value(d.change, d.error) for name, d in differences.items()}, confidence)
    return frozenset(name for name in held if differences[name].verdict != "unclear")


def _mean(pairs: Sequence[_Pair], bootstrap: BootstrapSettings) -> Difference:
    """The mean over categories of the mean over their tasks, by main metric.

    A task in several wordings counts once, as the mean over them.
    """
    groups: dict[str, dict[str, list[_Pair]]] = {}
    for pair in pairs:
        of_category = groups.setdefault(pair.after.category, {})
        of_category.setdefault(pair.after.family or pair.after.name, []).append(pair)
    families = {name: list(of_category.values()) for name, of_category in groups.items()}
    ordered = [family for of_category in families.values() for family in of_category]
    weights = equal_category_weights(families)
    return _difference(ordered, weights, None, bootstrap)


def _difference(
    families: Sequence[Sequence[_Pair]],
    weights: Sequence[float],
    key: str | None,
    bootstrap: BootstrapSettings,
) -> Difference:
    """The weighted mean of a score, or of each task's main one where `key` is None."""
    scored = [_family_scores(family, key) for family in families]
    before, after = (
        sum(w * s.figures[i] for w, s in zip(weights, scored, strict=True)) for i in (0, 1)
    )
    lower = key in LOWER_IS_BETTER
    gains = [scores.gains for scores in scored if scores.gains is not None]
    examples = sum(pair.examples for family in families for pair in family)
    if len(gains) < len(families) or examples < fewest_examples(bootstrap.confidence):
        return Difference(before, after, after - before, None, None, lower_is_better=lower)
    interval, error = weighted_mean_spread(gains, weights, bootstrap)
    return Difference(before, after, after - before, interval.low, interval.high, error, lower)


def _family_scores(family: Sequence[_Pair], key: str | None) -> _PairedScores:
    """The mean over a task's wordings.

    Its gains are drawn again by example, together for all wordings, since what makes an example
    hard is the same in each; so only where all were asked the same examples.
    """
    scored = [pair.scores(key or pair.after.main_metric or "") for pair in family]
    if len(scored) == 1:
        return scored[0]
    before, after = (float(np.mean([s.figures[i] for s in scored])) for i in (0, 1))
    gains = [s.gains for s in scored if isinstance(s.gains, np.ndarray)]
    asked = [[pair.after.predictions[row].id for row in pair.rows[1]] for pair in family]
    if len(gains) < len(scored) or any(ids != asked[0] for ids in asked):
        return _PairedScores((before, after), None)
    return _PairedScores((before, after), np.mean(gains, axis=0))


def _check_categories(held_out: Collection[str], evaluated: Sequence[str]) -> None:
    missing = sorted(set(held_out) - set(evaluated))
    if missing:
        raise ValueError(
            f"held-out categories {missing} were not evaluated; these were: {sorted(evaluated)}."
        )
