"""The text of a task's rows that could give an example away: fields, options, references.

Fields that say the same in every row, as an instruction or a subject, are the task's wording and
tell nothing of an example. Short answers ("yes") are not looked at.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from flan_mix.registry.field_rows import FieldRow, field_rows
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.overlap.word_runs import words
from flan_mix.registry.task_spec import TaskSpec

ROWS_AT_ONCE = 2048


class RowTexts(NamedTuple):
    """A row as lists of words: `asked` are the fields that its prompts show, `others` the rest."""

    id: str
    asked: tuple[list[str], ...]
    others: tuple[list[str], ...]


def row_texts(spec: TaskSpec, split: str) -> Iterator[list[RowTexts]]:
    """The rows of a split, a few thousand at a time.

    Raises what reading them raises; loads TensorFlow for a TFDS source.
    """
    rows = _rows(spec, split)
    first = list(islice(rows, ROWS_AT_ONCE))
    constant = _constant_fields(spec, first)
    asked = _asked_fields(spec) - constant
    kept = [name for name in spec.text_fields if name not in constant and name != "answer"]
    rows = chain(first, rows)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield [_texts(spec, row, asked, kept) for row in batch]


def _rows(spec: TaskSpec, split: str) -> Iterator[FieldRow]:
    if isinstance(spec.source, FileSource):
        return field_rows(spec, split)
    from flan_mix.registry.seqio_half.plain_rows import tfds_field_rows

    return tfds_field_rows(spec, split)


def _texts(spec: TaskSpec, row: FieldRow, asked: frozenset[str], kept: list[str]) -> RowTexts:
    fields = dict(zip(spec.text_fields, row.texts, strict=True))
    shown = [words(fields[name]) for name in kept if name in asked]
    if row.turns:
        shown.append(words("\n".join(row.turns)))
    told = [fields[name] for name in kept if name not in asked]
    others = [words(text) for text in dict.fromkeys([*told, *row.options, *row.references])]
    return RowTexts(row.id, tuple(filter(None, shown)), tuple(filter(None, others)))


def _asked_fields(spec: TaskSpec) -> frozenset[str]:
    """Fields in the inputs of templates that are not inverted (of all if all are)."""
    forward = [t for t in spec.templates if not t.inverted] or spec.templates
    return frozenset().union(*(template.input_fields for template in forward)) - {"answer"}


def _constant_fields(spec: TaskSpec, rows: list[FieldRow]) -> frozenset[str]:
    if len(rows) < 2:
        return frozenset()
    columns = zip(*(row.texts for row in rows), strict=True)
    pairs = zip(spec.text_fields, columns, strict=True)
    return frozenset(name for name, values in pairs if len(set(values)) == 1)
