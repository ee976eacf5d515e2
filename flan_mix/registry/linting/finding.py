"""Finding: one thing that lint has to say about a task."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flan_mix.registry.task_spec import TaskSpec

Severity = Literal["finding", "note"]


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where.

    task: its name. kind: the same for all findings of one check, as in "answer_leak". message:
    what is wrong and how to mend it. template: its number, if one is at fault. severity: a
    "finding" is to be mended, a "note" to be known. place: "file:line", where it can be had.
    """

    task: str
    kind: str
    message: str
    template: int | None = None
    severity: Severity = "finding"
    place: str = ""


def each_template(spec: TaskSpec) -> Iterator[tuple[int, str, str, str]]:
    """(number, side, text as written, literal text with fields as `{}`) of both sides of all."""
    for number, template in enumerate(spec.templates):
        for side, pattern in (
            ("inputs", template.input_pattern),
            ("targets", template.target_pattern),
        ):
            yield number, side, getattr(template, side), "{}".join(pattern.literals)
