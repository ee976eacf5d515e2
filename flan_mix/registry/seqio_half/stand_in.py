"""Local files in place of a TFDS dataset: the same rows of tensors, slices and ids.

Column types are found by reading the files once, which counts their rows too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import islice
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_datasets as tfds

from flan_mix.registry.bad_rows import BadRowError, RowFault
from flan_mix.registry.column_types import (
    ColumnType,
    ListOf,
    Record,
    column_value,
    merged,
    type_of,
)
from flan_mix.registry.field_rows import row_hash, unique_id
from flan_mix.registry.file_formats import read_rows
from flan_mix.registry.file_source import FileSource, SourceError
from flan_mix.registry.tfds_source import TfdsSource

TFDS_ID = "tfds_id"

# TensorFlow's types say nothing of its attributes.
_RaggedSpec: Any = tf.RaggedTensorSpec
_DTYPES = {"integer": tf.int64, "number": tf.float32, "truth": tf.bool}


class _Table(NamedTuple):
    """What reading the files of a base split through has told."""

    rows: int
    columns: Record


_tables: dict[tuple, _Table] = {}


class StandIn:
    """The local files that a TfdsSource has for one of its splits."""

    def __init__(self, source: TfdsSource, split: str, files: FileSource):
        self._spec = source.tfds_split(split)
        self._files = files

    @property
    def size(self) -> int:
        """How many rows the split's slices take."""
        return sum(stop - start for _, start, stop in self._slices())

    def dataset(self) -> tf.data.Dataset:
        """The rows in order, each with a `tfds_id`: the column of that name or a hash of the row.

        Text becomes strings, whole numbers int64, others float32.
        """
        slices = self._slices()
        columns = reduce(merged, [self._table(base).columns for base, _, _ in slices])
        assert isinstance(columns, Record)
        signature = {name: _spec(kind, name) for name, kind in columns.columns.items()}

        def read() -> Iterator[dict[str, Any]]:
            for base, start, stop in slices:
                for row_id, row in islice(self._rows(base), start, stop):
                    values = column_value(row, columns)
                    tensors = {name: _tensor(v, signature[name]) for name, v in values.items()}
                    yield {**tensors, TFDS_ID: row_id.encode()}

        ids = {TFDS_ID: tf.TensorSpec([], tf.string)}
        return tf.data.Dataset.from_generator(read, output_signature={**signature, **ids})

    def _slices(self) -> list[tuple[str, int, int]]:
        """(base split, first row, row after the last), as TFDS understands the split."""
        infos = {
            base: tfds.core.SplitInfo(
                name=base, shard_lengths=[self._table(base).rows], num_bytes=0
            )
            for base in self._files.splits
        }
        try:
            read = tfds.core.ReadInstruction.from_spec(self._spec).to_absolute(infos)
        except (ValueError, AssertionError) as error:
            rows = ", ".join(f"{base}: {self._table(base).rows}" for base in infos)
            raise SourceError(f"split {self._spec!r} of local files ({rows}): {error}") from error
        return [
            (
                part.splitname,
                part.from_ or 0,
                self._table(part.splitname).rows if part.to is None else part.to,
            )
            for part in read
        ]

    def _table(self, base: str) -> _Table:
        found = self._files.files(base)
        assert isinstance(found, list)
        stamps = [(path, path.stat()) for path in found]
        key = tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stamps)
        if key not in _tables:
            _tables[key] = self._read_table(base)
        return _tables[key]

    def _read_table(self, base: str) -> _Table:
        columns: ColumnType = "anything"
        count = 0
        for path, line, row in read_rows(self._files, base):
            if isinstance(row, BadRowError):
                raise row
            try:
                columns = merged(columns, type_of(row))
            except RowFault as fault:
                raise fault.at(path, line) from None
            count += 1
        if not isinstance(columns, Record):
            raise SourceError(f"{self._files.splits[base]} holds no rows.")
        return _Table(count, Record({k: v for k, v in columns.columns.items() if k != TFDS_ID}))

    def _rows(self, base: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(id, row) of a base split; ids are numbered over all of it, whatever is sliced."""
        seen: Counter[str] = Counter()
        for _, _, row in read_rows(self._files, base):
            if isinstance(row, BadRowError):
                raise row
            yield unique_id(str(row.get(TFDS_ID) or row_hash(row)), seen), row


def _spec(kind: ColumnType, name: str) -> Any:
    """The signature of a column's tensors."""
    if isinstance(kind, Record):
        return {key: _spec(each, f"{name}/{key}") for key, each in kind.columns.items()}
    depth = 0
    while isinstance(kind, ListOf):
        kind, depth = kind.item, depth + 1
    dtype = _DTYPES.get(kind, tf.string) if isinstance(kind, str) else tf.string
    if depth < 2:
        return tf.TensorSpec([None] * depth, dtype)
    return _RaggedSpec([None] * (depth), dtype)


def _tensor(value: Any, spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: _tensor(value[key], each) for key, each in spec.items()}
    if isinstance(spec, _RaggedSpec):
        return tf.ragged.constant(value, spec.dtype, ragged_rank=spec.ragged_rank)
    return value
