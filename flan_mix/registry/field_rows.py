"""Field rows: the rows of a file source after its mapping or row function, checked, with ids.

What comes out is the same whoever reads it: SeqIO's source, the counter of examples, the lint.
"""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flan_mix.registry.bad_rows import BadRowError, RowCounts, RowFault
from flan_mix.registry.file_formats import read_rows
from flan_mix.registry.file_source import FileSource, SourceError
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec, nearest
from flan_mix.templates.draw import Draw
from flan_mix.templates.options import MAX_LETTERED


class FieldRow(NamedTuple):
    """One row, ready for its template: `texts` in the order of `TaskSpec.text_fields`."""

    id: str
    texts: tuple[str, ...]
    options: tuple[str, ...]
    answer: str
    references: tuple[str, ...]
    turns: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


def field_rows(spec: TaskSpec, split: str, counts: RowCounts | None = None) -> Iterator[FieldRow]:
    """The rows of a split of a file source, filtered and capped, in the order of the files.

    counts: filled while the rows are read, if given. Raises BadRowError at a row that cannot be
    read, unless the source is asked to skip such rows.
    """
    counts = counts if counts is not None else RowCounts()
    if spec.cap is None or split != TRAIN_SPLIT:
        yield from _kept_rows(spec, split, counts)
        return
    chosen = _chosen_ids(spec, split, spec.cap)
    for row in _kept_rows(spec, split, counts):
        if row.id in chosen:
            yield row
        else:
            counts.kept -= 1
            counts.capped += 1


def _chosen_ids(spec: TaskSpec, split: str, cap: int) -> frozenset[str]:
    """The `cap` ids with the least hashes: a subset that no order of the rows can change."""
    draw = cap_draw(spec)
    ids = (row.id for row in _kept_rows(spec, split, RowCounts()))
    return frozenset(heapq.nsmallest(cap, ids, key=draw.rank))


def cap_draw(spec: TaskSpec) -> Draw:
    """The draw that ranks ids for a cap: of the registered seed alone, the same in every run."""
    return Draw("cap", registered_seed=spec.seed)


def _kept_rows(spec: TaskSpec, split: str, counts: RowCounts) -> Iterator[FieldRow]:
    source = spec.source
    assert isinstance(source, FileSource)
    seen: Counter[str] = Counter()
    for path, line, row in read_rows(source, split):
        counts.read += 1
        try:
            if isinstance(row, BadRowError):
                raise row
            made = _make_row(spec, row, path, line)
        except BadRowError as error:
            if source.on_bad_row == "stop":
                raise
            counts.skip(error)
            continue
        if made is None:
            counts.filtered += 1
            continue
        row = made._replace(id=unique_id(made.id, seen))
        if split == TRAIN_SPLIT and row.id in spec.excluded:
            counts.excluded += 1
            continue
        counts.kept += 1
        yield row
    if counts.skipped and not counts.kept:
        raise SourceError(
            f"task {spec.name!r}: all {counts.read} rows of split {split!r} are bad or filtered; "
            f"the first: {counts.skipped_examples[0]}"
        )


def unique_id(row_id: str, seen: Counter[str]) -> str:
    """The id itself the first time; `id~2`, `id~3`, … for later rows that have the same."""
    seen[row_id] += 1
    return row_id if seen[row_id] == 1 else f"{row_id}~{seen[row_id]}"


def _make_row(spec: TaskSpec, row: Mapping[str, Any], path: Path, line: int) -> FieldRow | None:
    try:
        fields = _fields(spec, row)
        return None if fields is None else _checked_row(spec, fields, row)
    except RowFault as fault:
        raise fault.at(path, line) from fault.__cause__


def _fields(spec: TaskSpec, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(spec.fields, Mapping):
        return _mapped(spec.fields, row)
    return _computed(spec, row)


def _mapped(fields: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    made = {}
    for field, column in fields.items():
        if column not in row:
            there = ", ".join(map(str, row)) or "none"
            hint = f"There is no column {column!r}; there are: {there}.{nearest(column, row)}"
            raise RowFault("missing column", hint, field)
        made[field] = row[column]
    return made


def _computed(spec: TaskSpec, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the row function makes of a row; its errors get the row's place."""
    assert callable(spec.fields)
    name = getattr(spec.fields, "__qualname__", repr(spec.fields))
    try:
        fields = spec.fields(row)
    except RowFault:
        raise
    except Exception as error:
        hint = f"{name} raised {type(error).__name__}: {error}. The row has: {', '.join(row)}."
        raise RowFault("the row function failed", hint) from error
    if fields is not None and not isinstance(fields, Mapping):
        hint = f"{name} must return a mapping of fields or None, not {type(fields).__name__}."
        raise RowFault("the row function gave no fields", hint)
    return fields


def _checked_row(spec: TaskSpec, fields: Mapping[str, Any], row: Mapping[str, Any]) -> FieldRow:
    options = _texts(fields, "options")
    if spec.uses_options and not options:
        hint = "A template shows {options}, so every row needs at least one."
        raise RowFault("no options", hint, "options")
    if len(options) > MAX_LETTERED:
        hint = f"At most {MAX_LETTERED} can be shown."
        raise RowFault(f"{len(options)} options", hint, "options")
    return FieldRow(
        id=_own_id(fields) or row_hash(row),
        texts=tuple(_shown(fields, field) for field in spec.text_fields),
        options=options,
        answer=_answer(fields, options),
        references=_texts(fields, "references"),
        turns=_turns(spec, fields),
        speakers=_speakers(fields),
    )


def _turns(spec: TaskSpec, fields: Mapping[str, Any]) -> tuple[str, ...]:
    turns = _texts(fields, "turns")
    if spec.is_dialogue and len(turns) < 2:
        hint = "A turn is predicted from those before it, so every dialogue needs at least two."
        raise RowFault("too few turns", hint, "turns")
    return turns


def _speakers(fields: Mapping[str, Any]) -> tuple[str, ...]:
    speakers, turns = _texts(fields, "speakers"), _texts(fields, "turns")
    if speakers and len(speakers) != len(turns):
        hint = f"There are {len(turns)} turns and {len(speakers)} speakers: one is needed for each."
        raise RowFault("turns without speakers", hint, "speakers")
    return speakers


def _own_id(fields: Mapping[str, Any]) -> str | None:
    value = fields.get("id")
    return None if value is None or value == "" else _text(value, "id")


def row_hash(row: Mapping[str, Any]) -> str:
    """64 bits of a hash of the whole row in hex, the same whatever the order of its columns."""
    content = json.dumps(row, sort_keys=True, default=repr).encode()
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _shown(fields: Mapping[str, Any], field: str) -> str:
    if field not in fields:
        there = ", ".join(sorted(map(str, fields))) or "none"
        hint = f"A template shows {{{field}}}; the row gives: {there}.{nearest(field, fields)}"
        raise RowFault("missing field", hint, field)
    return _text(fields[field], field)


def _answer(fields: Mapping[str, Any], options: tuple[str, ...]) -> str:
    value = fields.get("answer")
    if value is None:
        return ""
    answer = _text(value, "answer")
    if options and answer and answer not in options:
        hint = f"{answer!r} is none of the options: {', '.join(map(repr, options))}."
        raise RowFault("the answer is not an option", hint, "answer")
    return answer


def _texts(fields: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = fields.get(field)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        hint = f"`{field}` is a list of text; this is {type(value).__name__}: {_short(value)}."
        raise RowFault("wrong type", hint, field)
    return tuple(_text(item, field) for item in value)


def _text(value: Any, field: str) -> str:
    """Text as it is, whole numbers in digits; anything else could be written in many ways."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        hint = (
            f"It must be text; this is {type(value).__name__}: {_short(value)}. "
            "A row function (TaskSpec(fields=…)) can turn it into text, or give None to drop it."
        )
        raise RowFault("wrong type", hint, field)
    if not value.isascii():
        _check_unicode(value, field)
    return value


def _check_unicode(text: str, field: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = f"U+{ord(text[error.start]):04X}"
        hint = (
            f"Character {error.start + 1} is {code}, half a surrogate pair or a byte that is not "
            "in the file's encoding; give FileSource(encoding=…), as in 'latin-1'."
        )
        raise RowFault("wrong encoding", hint, field) from None


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
