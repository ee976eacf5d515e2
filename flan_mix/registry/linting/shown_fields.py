"""Lint of what templates show: a field on both sides, a side without any, fields nobody shows."""

from collections.abc import Collection, Iterator, Mapping

from flan_mix.registry.catalogue import get_task, task_names
from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.registry.variants import variant, variant_names

# Read by rendering or evaluation also where no template shows them.
READ_ANYWAY = frozenset({"id", "answer", "references", "speakers"})


def field_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Answer leaks, constant sides and, where fields are a mapping, unused fields."""
    for number, template in enumerate(spec.templates):
        if both := template.input_fields & template.target_fields:
            yield Finding(
                spec.name,
                "answer_leak",
                f"{_braced(both)} on both sides: the inputs give away what the target asks for.",
                number,
            )
        if not template.input_fields:
            yield Finding(
                spec.name,
                "constant_input",
                "the inputs show no field: the same question for every example.",
                number,
            )
        if not template.target_fields:
            yield Finding(
                spec.name,
                "constant_target",
                "the targets show no field: the same answer for every example.",
                number,
            )
    yield from _leaks_through_exemplars(spec)
    if isinstance(spec.fields, Mapping):
        yield from unused_fields(spec, spec.fields)


def unused_fields(spec: TaskSpec, given: Collection[str]) -> Iterator[Finding]:
    """Fields that rows give and no template shows, be it of another task that shares the function
    which makes them.
    """
    sharing = [spec]
    if callable(spec.fields):
        sharing += [task for task in map(get_task, task_names()) if task.fields is spec.fields]
    templates = [template for task in sharing for template in task.templates]
    shown = frozenset().union(*(template.fields for template in templates))
    reads_turns = {"turns"} if spec.is_dialogue else set()
    for field in sorted(set(given) - shown - READ_ANYWAY - reads_turns):
        yield Finding(
            spec.name,
            "unused_field",
            f"field {field!r} is shown by no template: show it or leave it out.",
        )


def _leaks_through_exemplars(spec: TaskSpec) -> Iterator[Finding]:
    """With mixed templates an exemplar of the same text may show what the query asks for."""
    if not spec.few_shot.mixed_templates or "few_shot" not in variant_names(spec):
        return
    drawn = variant(spec, "few_shot").drawn or ()
    for asking in drawn:
        for showing in drawn:
            asked = spec.templates[asking].target_fields - spec.templates[asking].input_fields
            if showing != asking and (told := asked & spec.templates[showing].input_fields):
                yield Finding(
                    spec.name,
                    "answer_leak",
                    f"through exemplars: mixed_templates lets template {showing} show "
                    f"{_braced(told)}, which this one asks for.",
                    asking,
                )


def _braced(fields: Collection[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in sorted(fields))
