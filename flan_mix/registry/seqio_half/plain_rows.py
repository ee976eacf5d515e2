"""The rows of a TFDS source as plain FieldRows, for what reads rows without rendering them."""

from collections.abc import Iterator
from typing import Any

from flan_mix.registry.field_rows import FieldRow
from flan_mix.registry.seqio_half.tfds_rows import TfdsRows
from flan_mix.registry.task_spec import TaskSpec


def tfds_field_rows(spec: TaskSpec, split: str) -> Iterator[FieldRow]:
    """The rows of a split after filter and cap, in TFDS's order; prepares the dataset if need be.

    Raises TaskError where the fields do not fit, and what TFDS raises where it cannot prepare it.
    """
    rows = TfdsRows(spec).get_dataset(split, shuffle=False)
    return (field_row(row) for row in rows.as_numpy_iterator())


def field_row(row: Any) -> FieldRow:
    """One element of TfdsRows, from NumPy."""

    def texts(name: str) -> tuple[str, ...]:
        return tuple(text.decode("utf-8", "replace") for text in row.get(name, ()))

    return FieldRow(
        id=row["id"].decode("utf-8"),
        texts=texts("texts"),
        options=texts("options"),
        answer=row["answer"].decode("utf-8", "replace"),
        references=texts("references"),
        turns=texts("turns"),
        speakers=texts("speakers"),
    )
