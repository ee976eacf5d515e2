"""Evaluation suites: which tasks are tested, how, and in which of their wordings.

A suite is to evaluation what a mixture is to training: (task, mode, templates) under one name. A
task tested in several of its templates scores their mean; the spread over them and the score of
the template that is best on the validation split stand beside it, as FLAN 2021 reports (Wei et
al. 2022, section 3, https://arxiv.org/abs/2109.01652).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flan_mix.registry import catalogue
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec, nearest
from flan_mix.registry.variants import variant, variant_names

Mode = Literal["generate", "rank"]
MODES = ("generate", "rank")
Templates = Literal["drawn", "all"] | int | tuple[int, ...]

_NAME = re.compile(r"[\w:#]+\Z")


@dataclass(frozen=True)
class SuiteTask:
    """One task of a suite.

    task: a task or, for `templates` "drawn" only, a variant of one.
    mode: "generate" decodes an answer and scores it by the task's metrics; "rank" takes the option
      that the model finds most likely.
    templates: "drawn" gives every example one, as in training; "all" tests each by itself, a number
      the first so many, a tuple those numbers. Only templates that the mode can use count: no
      inverted ones, and to rank those whose target shows `{answer}` alone.
    category: what it is averaged with in this suite; the task's own when not given.
    split: "test" where the task has one, else "validation", when not given.
    """

    task: str
    mode: Mode = "generate"
    templates: Templates = "drawn"
    category: str | None = None
    split: str | None = None

    @property
    def label(self) -> str:
        """What its figures are called; another one for each mode of a task."""
        is_told = self.mode == "generate" or self.task.endswith(".rank")
        return self.task if is_told else f"{self.task}.rank"


@dataclass(frozen=True)
class SuiteSpec:
    """A registered suite; `description` says what it is for."""

    name: str
    tasks: tuple[SuiteTask, ...]
    description: str = ""


@dataclass(frozen=True)
class SuiteForm:
    """One task in one wording: what is opened as a token cache and evaluated.

    task: the registered name, as "rte.template_3". name: of its results; the mode is part of it.
    split: to be tested on. choosing_split: on which the best template is chosen; None where there
    is nothing to choose or to choose on.
    """

    task: str
    name: str
    mode: Mode
    label: str
    category: str
    split: str
    choosing_split: str | None = None


_suites: dict[str, SuiteSpec] = {}


def add_suite(name: str, tasks: Sequence[SuiteTask | str], description: str = "") -> SuiteSpec:
    """Registers a suite; the name of a task stands for SuiteTask(name).

    Raises TaskError when the name is taken, a task is unknown or listed twice in one mode, or it
    has no such templates or split.
    """
    if not _NAME.match(name):
        raise TaskError(f"suite name {name!r}: only letters, digits and '_:#' are allowed.")
    if name in _suites or catalogue.is_task(name) or catalogue.is_mixture(name):
        raise TaskError(f"{name!r} is already the name of a suite, task or mixture; take another.")
    listed = tuple(SuiteTask(each) if isinstance(each, str) else each for each in tasks)
    if not listed:
        raise TaskError(f"suite {name!r} has no tasks.")
    labels = [task.label for task in listed]
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise TaskError(f"suite {name!r} lists {min(twice)!r} twice.")
    for task in listed:
        try:
            _forms(task)
        except TaskError as error:
            raise TaskError(f"suite {name!r}: {error}") from None
    _suites[name] = SuiteSpec(name, listed, description)
    return _suites[name]


def get_suite(name: str) -> SuiteSpec:
    """The suite of that name; TaskError that names the nearest if there is none."""
    if name not in _suites:
        raise TaskError(f"no suite {name!r}.{nearest(name, _suites)}")
    return _suites[name]


def is_suite(name: str) -> bool:
    """Whether a suite has that name."""
    return name in _suites


def suite_names() -> tuple[str, ...]:
    """Names of all suites, in the order of registration."""
    return tuple(_suites)


def remove_suite(name: str) -> None:
    """Forgets a suite. Raises TaskError when there is none of that name."""
    get_suite(name)
    del _suites[name]


def suite_forms(name: str) -> tuple[SuiteForm, ...]:
    """All that is evaluated for a suite, task by task and template by template."""
    return tuple(form for task in get_suite(name).tasks for form in _forms(task))


def rankable_templates(spec: TaskSpec) -> tuple[int, ...]:
    """Numbers of the templates that options can be ranked in.

    Their target shows `{answer}` alone and their inputs do not give it away.
    """
    return tuple(
        number
        for number, template in enumerate(spec.templates)
        if not template.inverted
        and template.target_fields == {"answer"}
        and "answer" not in template.input_fields
    )


def _forms(task: SuiteTask) -> list[SuiteForm]:
    if task.mode not in MODES:
        raise TaskError(f"{task.task!r}: mode is one of {', '.join(MODES)}, not {task.mode!r}.")
    spec = catalogue.get_task(task.task)
    split = _split(task, spec)
    if task.templates == "drawn":
        return [_form(task, spec, _drawn(task, spec), split, None)]
    if spec.variant:
        raise TaskError(
            f"{task.task!r} is a variant, whose templates are chosen already: list "
            f"{spec.base_name!r}, or take templates='drawn'."
        )
    numbers = _numbers(task, spec)
    may_choose = len(numbers) > 1 and "validation" in spec.splits and split != "validation"
    choosing = "validation" if may_choose else None
    return [_form(task, spec, f"{spec.name}.template_{i}", split, choosing) for i in numbers]


def _form(
    task: SuiteTask, spec: TaskSpec, registered: str, split: str, choosing: str | None
) -> SuiteForm:
    is_told = task.mode == "generate" or registered.endswith(".rank")
    return SuiteForm(
        task=registered,
        name=registered if is_told else f"{registered}.rank",
        mode=task.mode,
        label=task.label,
        category=task.category or spec.category,
        split=split,
        choosing_split=choosing,
    )


def _drawn(task: SuiteTask, spec: TaskSpec) -> str:
    """The registered name of a task whose examples each draw their template."""
    if spec.variant or task.mode == "generate":
        if task.mode == "rank" and not set(_drawn_numbers(spec)) <= set(rankable_templates(spec)):
            raise TaskError(
                f"{task.task!r} draws templates whose target is not the answer alone, so its "
                "options cannot be ranked."
            )
        return spec.name
    if "rank" in variant_names(spec):
        return f"{spec.name}.rank"
    numbers = set(_drawn_numbers(variant(spec, "zero_shot")))
    if numbers <= set(rankable_templates(spec)):
        return f"{spec.name}.zero_shot"
    raise TaskError(
        f"{spec.name!r} has templates whose target is not the answer alone; rank it in those that "
        f"have: templates={rankable_templates(spec) or 'none'}."
    )


def _drawn_numbers(spec: TaskSpec) -> Sequence[int]:
    return spec.drawn if spec.drawn is not None else range(len(spec.templates))


def _numbers(task: SuiteTask, spec: TaskSpec) -> tuple[int, ...]:
    """Numbers of the templates that are tested one by one."""
    if task.mode == "rank":
        usable = rankable_templates(spec)
    else:
        usable = tuple(_drawn_numbers(variant(spec, "zero_shot")))
    if task.templates == "all":
        wanted = usable
    elif isinstance(task.templates, int):
        wanted = usable[: task.templates]
        if not 1 <= task.templates == len(wanted):
            raise TaskError(
                f"{spec.name!r} has {len(usable)} templates to {task.mode} with, not "
                f"{task.templates}."
            )
    else:
        wanted = tuple(map(int, task.templates))
        if unusable := set(wanted) - set(usable):
            raise TaskError(
                f"{spec.name!r} has no template {min(unusable)} to {task.mode} with; there are: "
                f"{', '.join(map(str, usable)) or 'none'}."
            )
    if not wanted:
        raise TaskError(f"{spec.name!r} has no template to {task.mode} with.")
    return wanted


def _split(task: SuiteTask, spec: TaskSpec) -> str:
    wanted = (task.split,) if task.split else ("test", "validation")
    for split in wanted:
        if split in spec.splits:
            return split
    others = [split for split in spec.splits if split != TRAIN_SPLIT]
    if task.split or not others:
        what = f"split {task.split!r}" if task.split else "split to be tested on"
        raise TaskError(f"{spec.name!r} has no {what}; there are: {', '.join(spec.splits)}.")
    return others[0]
