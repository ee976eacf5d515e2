"""Variants: the forms in which one task can be had, each a task of its own, told by its name.

| variant | templates | |
|---|---|---|
| (none) | all, the inverted ones in training only | the default mix |
| zero_shot | forward; those that show options if some do | |
| no_options | forward, without options | |
| few_shot, few_shot_no_options | the same two | after exemplars of the train split |
| template_<i> | number i alone | |
| rank | forward, whose target shows `{answer}` alone | one example for each option |
| inverted | inverted | |

They are made when asked for and share rows, ids and seed with their task.
"""

import functools
from collections.abc import Iterator

from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec, nearest
from flan_mix.templates import Template


def variant_names(spec: TaskSpec) -> tuple[str, ...]:
    """The variants that a task has, without the task's name: ("zero_shot", …)."""
    return tuple(_drawn_by_variant(tuple(spec.templates), TRAIN_SPLIT in spec.splits))


def variant(spec: TaskSpec, name: str) -> TaskSpec:
    """A variant of a task, as a task named `<task>.<name>`.

    Raises TaskError, which says what there is, where the task has no such variant.
    """
    drawn = _drawn_by_variant(tuple(spec.templates), TRAIN_SPLIT in spec.splits)
    if name not in drawn:
        raise TaskError(
            f"task {spec.name!r} has no variant {name!r}; there are: {', '.join(drawn)}."
            f"{nearest(name, drawn)}"
        )
    return _changed(spec, name, drawn[name])


def with_variants(spec: TaskSpec) -> Iterator[TaskSpec]:
    """A task and then all its variants."""
    yield spec
    drawn = _drawn_by_variant(tuple(spec.templates), TRAIN_SPLIT in spec.splits)
    for name, numbers in drawn.items():
        yield _changed(spec, name, numbers)


def _changed(spec: TaskSpec, name: str, drawn: tuple[int, ...]) -> TaskSpec:
    # Not dataclasses.replace, which would check the task again for each of its variants: whole
    # collections reach SeqIO with all of theirs.
    made = object.__new__(type(spec))
    made.__dict__.update(spec.__dict__)
    made.__dict__.update(name=f"{spec.name}.{name}", variant=name, drawn=drawn)
    return made


@functools.lru_cache(maxsize=4096)
def _drawn_by_variant(
    templates: tuple[Template, ...], has_exemplars: bool
) -> dict[str, tuple[int, ...]]:
    """Variant -> numbers of its templates; a variant without any does not exist."""
    numbered = list(enumerate(templates))
    forward = [(i, template) for i, template in numbered if not template.inverted]
    showing = tuple(i for i, template in forward if template.uses_options)
    plain = tuple(i for i, template in forward if not template.uses_options)
    # Other fields beside the answer, as reasoning that leads to it, would give it away.
    asking = ((i, t) for i, t in forward if "answer" not in t.input_fields)
    ranked = (i for i, t in asking if t.target_fields == {"answer"})
    drawn = {
        "zero_shot": showing or plain,
        "no_options": plain,
        "few_shot": (showing or plain) if has_exemplars else (),
        "few_shot_no_options": plain if has_exemplars else (),
        **{f"template_{i}": (i,) for i, _ in numbered},
        "rank": tuple(ranked) if showing else (),
        "inverted": tuple(i for i, template in numbered if template.inverted),
    }
    return {name: numbers for name, numbers in drawn.items() if numbers}
