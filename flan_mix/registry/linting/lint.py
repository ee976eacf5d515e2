"""Lint: everything that can be said against tasks, from their words alone or with their rows."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from flan_mix.registry import catalogue
from flan_mix.registry.field_rows import FieldRow
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.linting.finding import KINDS, Finding
from flan_mix.registry.linting.metric_reading import (
    RightAnswer,
    metric_findings,
    unreadable_targets,
)
from flan_mix.registry.linting.near_duplicates import duplicate_findings
from flan_mix.registry.linting.option_wording import option_findings
from flan_mix.registry.linting.rendered_rows import LintExample, rendered_rows
from flan_mix.registry.linting.row_findings import (
    example_findings,
    field_row_findings,
    length_findings,
    lost_letter_findings,
    option_name_findings,
    option_row_findings,
)
from flan_mix.registry.linting.sampled_rows import given_fields, sampled_rows
from flan_mix.registry.linting.shared_rows import shared_row_findings
from flan_mix.registry.linting.shown_fields import field_findings, unused_fields
from flan_mix.registry.linting.source_places import (
    modules_with_tasks,
    shown_path,
    task_place,
    template_place,
)
from flan_mix.registry.linting.stray_text import stray_findings
from flan_mix.registry.linting.style_layouts import style_findings
from flan_mix.registry.linting.template_counts import count_findings
from flan_mix.registry.linting.unused_functions import unused_function_findings
from flan_mix.registry.linting.vocabulary_characters import (
    DroppedCharacters,
    data_character_findings,
    template_character_findings,
)
from flan_mix.registry.task_spec import TaskSpec, nearest
from flan_mix.vocabularies import Vocabulary

_CHECKS = (
    field_findings,
    option_findings,
    stray_findings,
    duplicate_findings,
    count_findings,
    style_findings,
    metric_findings,
)
# Rendered rows are looked at in one place; of the longest tasks not all are needed for that.
_EXAMPLES_SCORED = 20


def lint_tasks(
    specs: Iterable[TaskSpec],
    *,
    rows: int = 0,
    vocabulary: Vocabulary | None = None,
    target_length: int | None = None,
) -> list[Finding]:
    """What there is to say of tasks, with places; by task in the order given.

    rows: so many rows of each source that is on this machine are looked at as well; 0 reads no
    data. vocabulary: tells which characters are lost. target_length: in its tokens.
    """
    specs = list(specs)
    dropped = DroppedCharacters(vocabulary) if vocabulary else None
    found = []
    for spec in specs:
        for check in _CHECKS:
            found += check(spec)
        found += _unknown_kinds(spec)
        if dropped:
            found += template_character_findings(spec, dropped)
        if rows:
            found += _data_findings(spec, rows, dropped, vocabulary, target_length)
    found += shared_row_findings(specs)
    by_name = {spec.name: spec for spec in specs}
    placed = [_with_place(by_name[f.task], _judged(by_name[f.task], f)) for f in found]
    return placed + _module_findings(specs)


def _unknown_kinds(spec: TaskSpec) -> Iterator[Finding]:
    """Of what the task accepts: a slip of the keyboard would accept nothing."""
    for kind in spec.accepted:
        if kind not in KINDS:
            message = f"accepted[{kind!r}] is no kind of finding.{nearest(kind, KINDS)}"
            yield Finding(spec.name, "unknown_kind", message)


def _data_findings(
    spec: TaskSpec,
    rows: int,
    dropped: DroppedCharacters | None,
    vocabulary: Vocabulary | None,
    target_length: int | None,
) -> Iterator[Finding]:
    try:
        sample = sampled_rows(spec, rows)
    except Exception as error:
        # Whatever a field function or a reader raises is a finding, and the next task goes on.
        yield Finding(spec.name, "bad_row", f"{type(error).__name__}: {error}")
        return
    if not sample:
        why = "its data is not on this machine" if sample is None else "its source has no rows"
        severity = "note" if sample is None else "finding"
        yield Finding(spec.name, "not_read", f"rows not looked at: {why}.", severity=severity)
        return
    yield from option_row_findings(spec, sample)
    yield from field_row_findings(spec, sample)
    yield from lost_letter_findings(spec, sample)
    if not isinstance(spec.fields, dict) and isinstance(spec.source, FileSource):
        yield from unused_fields(spec, given_fields(spec), _sharing_fields(spec))
    examples = list(rendered_rows(spec, sample))
    yield from example_findings(spec, examples)
    yield from option_name_findings(spec, examples)
    yield from unreadable_targets(spec, _answers(spec, sample, examples))
    if dropped:
        forward = [e for e in examples if not spec.templates[e.template].inverted]
        answers = [(e.template, e.targets, ()) for e in forward]
        yield from data_character_findings(spec, answers, [e.inputs for e in forward], dropped)
    if vocabulary and target_length:
        yield from length_findings(spec, examples, vocabulary, target_length)


def _sharing_fields(spec: TaskSpec) -> list[TaskSpec]:
    """The registered tasks whose rows go through the same function, as those of a twin do."""
    registered = map(catalogue.get_task, catalogue.task_names())
    return [task for task in registered if task.fields is spec.fields]


def _answers(
    spec: TaskSpec, sample: Sequence[FieldRow], examples: Sequence[LintExample]
) -> list[RightAnswer]:
    """Targets of forward templates with what they are scored against."""
    scored = {row.id for row in sample[:_EXAMPLES_SCORED]}
    return [
        # Where the name of an option is asked for, it alone is right.
        RightAnswer(
            e.template,
            e.targets,
            () if e.style and e.style.answer_by_name else e.row.references,
            e.inputs,
            e.row.id,
        )
        for e in examples
        if e.row.id in scored and not spec.templates[e.template].inverted
    ]


def _judged(spec: TaskSpec, finding: Finding) -> Finding:
    """As a note with the reason where the task says that such a finding stays."""
    reason = spec.accepted.get(finding.kind)
    if reason is None or finding.severity == "note":
        return finding
    message = f"{finding.message} Accepted: {reason}"
    return dataclasses.replace(finding, message=message, severity="note")


def _with_place(spec: TaskSpec, finding: Finding) -> Finding:
    number = finding.template
    place = task_place(spec) if number is None else template_place(spec, number)
    return dataclasses.replace(finding, place=place)


def _module_findings(specs: Sequence[TaskSpec]) -> list[Finding]:
    """Of the modules that the tasks are written in."""
    files = {task_place(spec).rpartition(":")[0] for spec in specs}
    return [
        finding
        for module in modules_with_tasks()
        if shown_path(str(getattr(module, "__file__", ""))) in files
        for finding in unused_function_findings(module)
    ]
