"""Rows to lint with: a few of a source, spread over it, where it can be read without a download."""

import contextlib
import dataclasses
import heapq
import itertools
import sys
import zlib
from collections.abc import Iterator

from flan_mix.registry.bad_rows import BadRowError
from flan_mix.registry.field_rows import FieldRow, field_rows
from flan_mix.registry.file_formats import read_rows
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec
from flan_mix.registry.tfds_on_disk import prepared_sizes
from flan_mix.registry.tfds_source import TfdsSource

# No further than this into a file: the start of a large one is enough to go by.
_READ_AT_MOST = 20_000


def sampled_rows(spec: TaskSpec, rows: int) -> list[FieldRow] | None:
    """About `rows` rows of the train split, or else of the first split that is there; the same each
    time.

    None where the source is not on this machine. Raises what reading raises: BadRowError,
    TaskError, SourceError.
    """
    if isinstance(spec.source, FileSource):
        split = _split_on_disk(spec)
        if split is None:
            return None
        uncapped = dataclasses.replace(spec, cap=None)
        return _spread(itertools.islice(field_rows(uncapped, split), _READ_AT_MOST), rows)
    split = _by_preference(spec)[0]
    if not _may_be_on_disk(spec.source, split):
        return None
    from flan_mix.registry.linting.sampled_tfds_rows import tfds_rows

    return tfds_rows(spec, split, rows)


def given_fields(spec: TaskSpec) -> frozenset[str]:
    """Names of the fields that a row function gives for the first row that it keeps."""
    assert isinstance(spec.source, FileSource) and callable(spec.fields)
    split = _split_on_disk(spec)
    if split is None:
        return frozenset()
    for _, _, row in itertools.islice(read_rows(spec.source, split), _READ_AT_MOST):
        # Rows that fail were told, or are to be skipped.
        with contextlib.suppress(Exception):
            if not isinstance(row, BadRowError) and (fields := spec.fields(row)) is not None:
                return frozenset(fields)
    return frozenset()


def _by_preference(spec: TaskSpec) -> list[str]:
    """The splits of a task, train first."""
    return sorted(spec.splits, key=lambda split: split != TRAIN_SPLIT)


def _split_on_disk(spec: TaskSpec) -> str | None:
    assert isinstance(spec.source, FileSource)
    there = (split for split in _by_preference(spec) if is_on_disk(spec.source, split))
    return next(there, None)


def is_on_disk(source: FileSource, split: str) -> bool:
    """Whether a split's files are there; not either where nobody has named the data folder."""
    try:
        return bool(source.files(split))
    except (FileNotFoundError, ValueError):
        return False


def _may_be_on_disk(source: TfdsSource, split: str) -> bool:
    """Whether it is worth while to load TensorFlow; where it is loaded, TFDS is asked instead."""
    if "tensorflow_datasets" in sys.modules or prepared_sizes(source) is not None:
        return True
    return source.local_files(split) is not None


def _spread(rows: Iterator[FieldRow], count: int) -> list[FieldRow]:
    """Those whose ids hash lowest: files are often sorted by label, so a start would not do."""
    return heapq.nsmallest(count, rows, key=lambda row: zlib.crc32(row.id.encode()))
