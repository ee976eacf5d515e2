"""Evaluations of suites on a terminal: tasks over their templates, and one step beside another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flan_mix.evaluation import Aggregate, Evaluation, Family
from flan_mix.registry import SuiteSpec, TaskError, get_suite, get_task, suite_forms, suite_names
from flan_mix.runs.terminal_tables import add_row, counted, show, table

if TYPE_CHECKING:
    from rich.table import Table


def print_families(evaluation: Evaluation) -> None:
    """Each task's mean over its templates, the spread, and the template that validation chose."""
    made = table(
        "task",
        "score",
        right=("mean", "± templates", "best on validation", "from chance", "templates"),
    )
    categories = evaluation.categories
    for name, aggregate in categories.items():
        _mean_row(made, name, aggregate)
        for family in evaluation.families:
            if family.category == name:
                _family_row(made, family)
    if (overall := evaluation.overall) is not None:
        _mean_row(made, "all categories", overall)
    show(made)


def print_steps(evaluations: Sequence[Evaluation]) -> None:
    """Categories down, checkpoints across."""
    steps = [str(evaluation.facts["step"]) for evaluation in evaluations]
    made = table("category", right=tuple(steps))
    means = [evaluation.categories for evaluation in evaluations]
    for name in means[0]:
        add_row(made, name, *(_figure(each[name].score) for each in means))
    overall = [evaluation.overall for evaluation in evaluations]
    add_row(made, "all categories", *(_figure(each.score) if each else None for each in overall))
    show(made)


def list_suites() -> None:
    """Every suite with what it is for."""
    made = table("suite", "what it tests", right=("tasks",))
    for name in suite_names():
        suite = get_suite(name)
        add_row(made, name, suite.description, len(suite.tasks))
    show(made)


def show_suite(name: str) -> None:
    """A suite's tasks: category, mode, templates, split, metric."""
    suite = get_suite(name)
    forms = suite_forms(name)
    made = table("category", "task", "mode", "templates", "tested on", "scored by")
    for task in suite.tasks:
        own = [form for form in forms if form.label == task.label]
        add_row(
            made,
            own[0].category,
            task.task,
            task.mode,
            _templates(task.templates, len(own)),
            own[0].split + (f", best by {own[0].choosing_split}" if own[0].choosing_split else ""),
            _main_metric(task.task, task.mode),
        )
    show(f"{name}: {suite.description}" if suite.description else name, made)
    show(f"{len(suite.tasks)} tasks, {_evaluations(suite)} evaluations.")


def _evaluations(suite: SuiteSpec) -> int:
    forms = suite_forms(suite.name)
    return len(forms) + sum(form.choosing_split is not None for form in forms)


def _templates(templates: object, count: int) -> str:
    if templates == "drawn":
        return "one drawn for each example"
    return f"{count}, each by itself" if count > 1 else "one"


def _main_metric(task: str, mode: str) -> str:
    if mode == "rank":
        return "rank_accuracy"
    metrics = get_task(task).metrics
    if not metrics:
        raise TaskError(f"{task!r} has no metric, so it cannot be scored.")
    return metrics[0].keys[0]


def _family_row(made: Table, family: Family) -> None:
    best = family.best
    add_row(
        made,
        f"  {family.name}",
        family.members[0].main_metric,
        _figure(family.score),
        None if family.spread is None else _figure(family.spread),
        None if best is None else _figure(best.score),
        _figure(family.normalized),
        len(family.members),
    )


def _mean_row(made: Table, name: str, mean: Aggregate) -> None:
    add_row(
        made,
        name,
        "mean",
        _figure(mean.score),
        None,
        None,
        _figure(mean.normalized),
        counted(mean.families, "task"),
        style="bold",
    )


def _figure(value: float) -> str:
    return f"{value:.1f}"
