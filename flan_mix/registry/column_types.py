"""Types of the columns of plain rows, so that tensors can be made of them, as TFDS's features are.

A type is a word ("text", "integer", "number", "truth"), a `ListOf` one, or a `Record` of several.
Rows show their types one by one and these are merged; a list of records is a record of lists, as
TFDS has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union

from flan_mix.registry.bad_rows import RowFault

# "nothing": only nulls so far. "anything": only empty lists so far.
Scalar = Literal["text", "integer", "number", "truth", "nothing", "anything"]
ColumnType = Union[Scalar, "ListOf", "Record"]


@dataclass(frozen=True)
class ListOf:
    """A list of any length."""

    item: ColumnType


@dataclass(frozen=True)
class Record:
    """Named values."""

    columns: Mapping[str, ColumnType]


def type_of(value: Any, name: str = "") -> ColumnType:
    """The type of one value; `name` is the column's. Raises RowFault for what no tensor holds."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "truth"
        case int():
            return "integer"
        case float():
            return "number"
        case str() | bytes():
            return "text"
        case Mapping():
            return Record({key: type_of(each, f"{name}/{key}") for key, each in value.items()})
        case list() | tuple():
            return _list_type(value, name)
    hint = f"A {type(value).__name__} becomes no tensor; write it as text or as a number."
    raise RowFault("a value of no known type", hint, name)


def _list_type(values: "list | tuple", name: str) -> ColumnType:
    item: ColumnType = "anything"
    for value in values:
        item = merged(item, type_of(value, name), name)
    return _listed(item)


def _listed(item: ColumnType) -> ColumnType:
    if isinstance(item, Record):
        return Record({key: _listed(each) for key, each in item.columns.items()})
    return ListOf(item)


def merged(a: ColumnType, b: ColumnType, name: str = "") -> ColumnType:
    """The type that holds the values of both. Raises RowFault where there is none."""
    if a == b or b == "anything":
        return a
    if a == "anything":
        return b
    if isinstance(a, Record) and isinstance(b, Record):
        return _merged_records(a, b, name)
    if isinstance(a, ListOf) and isinstance(b, ListOf):
        return ListOf(merged(a.item, b.item, name))
    if all(kind in ("integer", "number") for kind in (a, b)):
        return "number"
    pairs: list[tuple[ColumnType, ColumnType]] = [(a, b), (b, a)]
    for one, other in pairs:
        if one == "nothing" and other not in ("integer", "truth"):
            return other
        # Of records in an empty list nothing is known, not even that they are records.
        if one == ListOf("anything") and isinstance(other, Record):
            return other
    hint = f"It is {_said(b)} here and {_said(a)} in earlier rows; give it one type."
    raise RowFault("columns of two types", hint, name)


def _merged_records(a: Record, b: Record, name: str) -> Record:
    keys = dict.fromkeys([*a.columns, *b.columns])
    return Record(
        {
            key: merged(
                a.columns.get(key, "nothing"), b.columns.get(key, "nothing"), f"{name}/{key}"
            )
            for key in keys
        }
    )


def _said(kind: ColumnType) -> str:
    if isinstance(kind, Record):
        return "a record"
    if isinstance(kind, ListOf):
        return f"a list of {_said(kind.item)}"
    return "null" if kind == "nothing" else kind


def column_value(value: Any, kind: ColumnType) -> Any:
    """A value as its column's type has it: text in bytes, records of lists, "" for null text."""
    if isinstance(kind, Record):
        return {key: column_value(_picked(value, key), each) for key, each in kind.columns.items()}
    if isinstance(kind, ListOf):
        return [column_value(each, kind.item) for each in value or ()]
    if kind == "number":
        return float("nan") if value is None else float(value)
    if kind in ("integer", "truth"):
        return value
    return value if isinstance(value, bytes) else (value or "").encode()


def _picked(value: Any, key: str) -> Any:
    """One column of a record, or of every record in lists of them."""
    if isinstance(value, Mapping):
        return value.get(key)
    return [_picked(each, key) for each in value] if value is not None else None
