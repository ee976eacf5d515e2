"""What a run evaluates: the tasks of a mixture or of a suite, opened as token caches.

Joins the registry, which knows how a task is scored and worded, to the evaluation floor, which
sees caches and plain functions.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from flan_mix.data import MixtureCache, TokenCache
from flan_mix.evaluation import EvaluationTask
from flan_mix.registry import (
    SuiteForm,
    TaskError,
    TaskSpec,
    get_task,
    is_suite,
    is_task,
    rankable_templates,
    suite_forms,
)
from flan_mix.runs.cache import open_with_progress
from flan_mix.runs.datasets import DatasetConfig
from flan_mix.vocabularies import Vocabulary

OTHER_CATEGORY = "other"
"""Of tasks registered with SeqIO alone, which have no category."""

DEFAULT_SPLIT = "validation"


def open_evaluation(
    config: DatasetConfig, vocabulary: Vocabulary, *, ranks: bool = False
) -> list[EvaluationTask]:
    """The tasks that `config` names, each with its cache, built where it is missing.

    A suite says itself what is tested how and on which split, unless `config.split` names one. Of
    a task or mixture `.rank` variants are ranked, with `ranks` all others that have options, and
    the rest is generated; its split is "validation" if none is named.

    Raises TaskError for a suite's task whose split is not there, and what opening caches raises.
    """
    config.import_module()
    name = config.mixture_or_task_name
    if name is not None and is_suite(name):
        return [
            task for form in suite_forms(name) for task in _form_tasks(form, config, vocabulary)
        ]
    config = dataclasses.replace(config, split=config.split or DEFAULT_SPLIT)
    return evaluation_tasks(open_with_progress(config, vocabulary), ranks=ranks)


def evaluation_tasks(mixture: MixtureCache, *, ranks: bool = False) -> list[EvaluationTask]:
    """The tasks of a mixture with their registered metrics, categories and postprocessing."""
    return [_evaluation_task(part.task, part.cache, ranks) for part in mixture.parts]


def _evaluation_task(name: str, cache: TokenCache, ranks: bool) -> EvaluationTask:
    if not is_task(name):
        # The one place of evaluation that needs SeqIO: metrics that were registered with it.
        from flan_mix.registry.seqio_scoring import metrics_of_seqio_task

        return EvaluationTask(name, OTHER_CATEGORY, cache, metrics_of_seqio_task(name))
    spec = get_task(name)
    if spec.is_ranked or (ranks and _can_be_ranked(spec, cache)):
        return _ranked(_generated(spec, name, cache), spec, name if spec.is_ranked else None)
    return _generated(spec, name, cache)


def _generated(spec: TaskSpec, name: str, cache: TokenCache) -> EvaluationTask:
    return EvaluationTask(
        name,
        spec.category,
        cache,
        tuple(spec.metrics),
        spec.postprocess,
        chance=spec.chance,
    )


def _ranked(task: EvaluationTask, spec: TaskSpec, name: str | None) -> EvaluationTask:
    return dataclasses.replace(
        task,
        name=name or f"{task.name}.rank",
        mode="rank",
        option_targets=None if spec.is_ranked else functools.partial(option_targets, spec),
    )


def _can_be_ranked(spec: TaskSpec, cache: TokenCache) -> bool:
    """Whether the examples have options, as their first says, and targets that are the answer."""
    drawn = set(map(int, cache.manifest.templates))
    return bool(cache.record(0)["options"]) and drawn <= set(rankable_templates(spec))


def option_targets(spec: TaskSpec, record: Mapping[str, Any]) -> list[str]:
    """What the target of a rendered example would say for each of its options.

    The words of its template, and the item's name where the style of the options asks for that.
    """
    template, options = spec.templates[record["template"]], record["options"]
    answers = options
    if template.uses_options:
        style = next(s for s in spec.option_styles if s.name == record["option_style"])
        answers = [style.answer(options, option) for option in options]
    # Such a target shows the answer and nothing else.
    return [answer.join(template.target_pattern.literals) for answer in answers]


def _form_tasks(
    form: SuiteForm, config: DatasetConfig, vocabulary: Vocabulary
) -> list[EvaluationTask]:
    """A suite's task in one wording: to be tested on, and to choose among wordings by."""
    tested = _form_task(form, form.name, config.split or form.split, config, vocabulary)
    if form.choosing_split is None or config.split is not None:
        return [tested]
    name = f"{form.name}.{form.choosing_split}"
    chooses = _form_task(form, name, form.choosing_split, config, vocabulary)
    return [tested, dataclasses.replace(chooses, chooses=True)]


def _form_task(
    form: SuiteForm, name: str, split: str, config: DatasetConfig, vocabulary: Vocabulary
) -> EvaluationTask:
    spec = get_task(form.task)
    if split not in spec.splits:
        raise TaskError(f"{form.task!r} has no split {split!r}: leave EVAL_SPLIT to the suite.")
    one = dataclasses.replace(config, mixture_or_task_name=form.task, split=split)
    (part,) = open_with_progress(one, vocabulary).parts
    task = dataclasses.replace(
        _generated(spec, name, part.cache), category=form.category, family=form.label
    )
    return _ranked(task, spec, name) if form.mode == "rank" else task


def families_of(tasks: Sequence[EvaluationTask]) -> list[str]:
    """What is evaluated, each task once however many wordings it has."""
    return list(dict.fromkeys(task.family or task.name for task in tasks))
