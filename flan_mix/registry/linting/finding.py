"""Finding: one thing that lint has to say about a task."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from flan_mix.registry.task_spec import TaskSpec

Severity = Literal["finding", "note"]
Kind = Literal[
    "answer_leak",
    "options_not_shown",
    "options_unused",
    "letter_without_options",
    "option_style_wording",
    "options_inline",
    "constant_input",
    "constant_target",
    "duplicate",
    "near_duplicate",
    "duplicate_name",
    "duplicate_style",
    "whitespace",
    "stray_character",
    "unbalanced",
    "repeated_word",
    "too_few_templates",
    "too_many_inverted",
    "no_forward_template",
    "unused_field",
    "empty_field",
    "bad_row",
    "answer_not_an_option",
    "doubled_options",
    "empty_target",
    "long_target",
    "text_shorter_than_summary",
    "letters_lost",
    "no_metric",
    "metric_iterates_text",
    "unreadable_target",
    "dropped_characters",
    "same_train_rows",
    "unused_function",
    "not_read",
    "unknown_kind",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where.

    task: its name. kind: the same for all findings of one check, as in "answer_leak". message:
    what is wrong and how to mend it. template: its number, if one is at fault. severity: a
    "finding" is to be mended, a "note" to be known. place: "file:line", where it can be had.
    """

    task: str
    kind: Kind
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
