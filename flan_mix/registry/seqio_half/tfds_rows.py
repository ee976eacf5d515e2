"""A TFDS source as a seqio.DataSource: rows become fields by tensor operations, with TFDS's ids.

Where local files stand in for the dataset, they are read and counted in its place.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import seqio
import tensorflow as tf
import tensorflow_datasets as tfds

from flan_mix.registry.bad_rows import RowCounts
from flan_mix.registry.field_rows import cap_draw
from flan_mix.registry.fingerprints import source_fingerprint
from flan_mix.registry.seqio_half.ragged import ragged_batches
from flan_mix.registry.seqio_half.stand_in import TFDS_ID, StandIn
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskError, TaskSpec, nearest
from flan_mix.registry.tfds_source import TfdsSource
from flan_mix.templates.draw import RANKS
from flan_mix.templates.tensor_draws import TensorDraw

_AUTOTUNE = tf.data.AUTOTUNE
_SHUFFLED_ROWS = 10_000  # As FileRows has it.


class TfdsRows(seqio.TfdsDataSource):
    """Rows of a TFDS dataset after the task's filter, fields and cap.

    Elements are those of FileRows.
    """

    def __init__(self, spec: TaskSpec):
        assert isinstance(spec.source, TfdsSource)
        source = spec.source
        super().__init__(source.name, tfds_data_dir=source.data_dir, splits=dict(source.splits))
        self._spec = spec
        self._source = source
        self._loader = _LoaderWithIds(source.name, source.data_dir, dict(source.splits))
        self._counts: dict[str, int] = {}
        self._ranked: dict[str, np.ndarray] = {}

    @property
    def tfds_dataset(self) -> seqio.LazyTfdsLoader:
        """The loader, which asks TFDS for the ids of its examples."""
        return self._loader

    def list_shards(self, split: str) -> list[str]:
        """The dataset's files; one shard of local files and while TFDS has not prepared any."""
        if self._stand_in(split) is not None or not self._info_knows(split):
            return [split]
        return list(super().list_shards(split))

    def num_input_examples(self, split: str) -> int:
        """Rows after filter and cap: TFDS's own count, or by reading where there is a filter."""
        key = source_fingerprint(self._spec, split)
        if key not in self._counts:
            self._counts[key] = self._count(split)
        return self._counts[key]

    def get_dataset(
        self,
        split: str | None = TRAIN_SPLIT,
        shuffle: bool = True,
        seed: int | None = None,
        shard_info: seqio.ShardInfo | None = None,
        **unused: Any,
    ) -> tf.data.Dataset:
        """The rows one by one."""
        split = split or TRAIN_SPLIT
        rows = self._uncapped(split, shuffle=shuffle, seed=seed, shard_info=shard_info)
        cap = self._spec.cap
        if cap is None or not self._is_capped(split):
            return rows
        last, draw = self._last_rank(split, cap), cap_draw(self._spec)

        @tf.autograph.experimental.do_not_convert
        def is_within(row: Mapping[str, Any]) -> Any:
            return TensorDraw(draw).rank(row["id"]) <= last

        return rows.filter(is_within)

    def get_batches(
        self, split: str, counts: RowCounts | None = None, errors: list | None = None
    ) -> tf.data.Dataset:
        """The same rows, unshuffled, in ragged batches of ROWS_PER_BATCH."""
        return ragged_batches(self.get_dataset(split, shuffle=False))

    def _uncapped(self, split: str, **reading: Any) -> tf.data.Dataset:
        rows = self._rows(split, **reading)
        if self._source.keep is not None:
            rows = rows.filter(self._source.keep)
        if not isinstance(self._spec.fields, Mapping):
            rows = rows.map(_calling(self._spec.fields), num_parallel_calls=_AUTOTUNE)
        is_training = split == TRAIN_SPLIT

        @tf.autograph.experimental.do_not_convert
        def as_tensors(row: Mapping[str, Any]) -> dict[str, Any]:
            return field_tensors(self._spec, row, is_training)

        rows = rows.map(as_tensors, num_parallel_calls=_AUTOTUNE)
        return rows.filter(_not_among(self._excluded(split))) if self._excluded(split) else rows

    def _excluded(self, split: str) -> frozenset[str]:
        return self._spec.excluded if split == TRAIN_SPLIT else frozenset()

    def _rows(
        self,
        split: str,
        shuffle: bool = False,
        seed: int | None = None,
        shard_info: seqio.ShardInfo | None = None,
    ) -> tf.data.Dataset:
        """The rows as TFDS has them, each with an id."""
        local = self._stand_in(split)
        if local is None:
            return self._tfds_rows(split, shuffle, seed, shard_info)
        if shard_info and shard_info.num_shards > 1:
            raise ValueError(f"{self._spec.name}: shard the dataset, not its local files.")
        rows = local.dataset()
        return rows.shuffle(_SHUFFLED_ROWS, seed=seed) if shuffle else rows

    def _tfds_rows(self, split: str, *reading: Any) -> tf.data.Dataset:
        try:
            return super().get_dataset(split, *reading)
        except Exception as error:
            error.add_note(
                f"Where TFDS cannot prepare {self._source.name}, task {self._spec.name!r} reads "
                f"files with the same columns in its place: {self._source.folder}/<split>.jsonl or "
                ".parquet, or a Hugging Face dataset saved as that folder, below the folder that "
                "TfdsSource(files=…) says (for the tasks of Flan Mix: FLAN_MIX_TFDS_FILES)."
            )
            raise

    def _stand_in(self, split: str) -> StandIn | None:
        files = self._source.local_files(split)
        return None if files is None else StandIn(self._source, split, files)

    def left_out(self, split: str, kept: int) -> tuple[int, int]:
        """How many rows were filtered and capped away where `kept` came out.

        The size of the split must be known for the filtered ones; 0 where TFDS has it not.
        """
        after_filter = len(self._ranks(split)) if self._is_capped(split) else kept
        size = self._size(split)
        total = after_filter if size is None else size
        return total - after_filter, after_filter - kept

    def _is_capped(self, split: str) -> bool:
        return self._spec.cap is not None and split == TRAIN_SPLIT

    def _last_rank(self, split: str, cap: int) -> int:
        """The highest rank that the cap lets through."""
        ranks = self._ranks(split)
        return int(np.partition(ranks, cap - 1)[cap - 1]) if cap < len(ranks) else RANKS

    def _ranks(self, split: str) -> np.ndarray:
        """The ranks of all rows after the filter: one pass over the ids, then remembered."""
        key = source_fingerprint(self._spec, split)
        if key not in self._ranked:
            draw = cap_draw(self._spec)

            @tf.autograph.experimental.do_not_convert
            def rank(row: Mapping[str, Any]) -> Any:
                return TensorDraw(draw).rank(row["id"])

            ranks = self._uncapped(split).map(rank, num_parallel_calls=_AUTOTUNE)
            self._ranked[key] = np.fromiter(ranks.as_numpy_iterator(), np.int64)
        return self._ranked[key]

    def _count(self, split: str) -> int:
        is_whole = self._source.keep is None and not self._excluded(split)
        size = self._size(split) if is_whole else None
        count = sum(1 for _ in self._uncapped(split)) if size is None else size
        return min(count, self._spec.cap or count) if self._is_capped(split) else count

    def _size(self, split: str) -> int | None:
        """Rows of the split before the filter; None where TFDS does not know."""
        if (local := self._stand_in(split)) is not None:
            return local.size
        return int(super().num_input_examples(split) or 0) if self._info_knows(split) else None

    def _info_knows(self, split: str) -> bool:
        """Whether TFDS has books for the split: not before it is prepared, nor under mock_data."""
        base = self._source.tfds_split(split).partition("[")[0].partition("+")[0]
        return base in self._loader.info.splits


class _LoaderWithIds(seqio.LazyTfdsLoader):
    """Has TFDS add `tfds_id` to every row, without the global override of seqio.utils."""

    def __init__(self, name: str, data_dir: str | None, splits: dict[str, str]):
        super().__init__(name, data_dir=data_dir, split_map=splits)

    @property
    def read_config(self) -> tfds.ReadConfig:
        """SeqIO's, with ids."""
        config = super().read_config
        config.add_tfds_id = True
        return config


def field_tensors(spec: TaskSpec, row: Mapping[str, Any], is_training: bool) -> dict[str, Any]:
    """One row of TFDS, or what the task's function made of it, as the features of FileRows.

    Raises TaskError, while the graph is built, for a missing field or column or a wrong type. A row
    without the options or the turns that a template shows stops the graph (`told_errors`).
    """
    fields = _fields(spec, row)
    row_id = _id(spec, fields, row)
    return {
        "id": row_id,
        "texts": _shown_texts(spec, fields),
        "answer": _scalar(spec, "answer", fields.get("answer", "")),
        "options": _options(spec, fields, row_id),
        "references": _list(spec, "references", fields.get("references", ())),
        "turns": _turns(spec, fields, row_id),
        "speakers": _list(spec, "speakers", fields.get("speakers", ())),
        "training": tf.constant(int(is_training)),
    }


def _shown_texts(spec: TaskSpec, fields: Mapping[str, Any]) -> Any:
    if not spec.text_fields:
        return tf.constant([], tf.string)
    return tf.stack([_shown(spec, fields, name) for name in spec.text_fields])


def _not_among(ids: frozenset[str]) -> Callable[[Mapping[str, Any]], Any]:
    """Whether a row's id is none of `ids`."""
    keys = tf.constant(sorted(ids))
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(keys, tf.ones_like(keys, tf.int64)), 0
    )

    @tf.autograph.experimental.do_not_convert
    def is_kept(row: Mapping[str, Any]) -> Any:
        return table.lookup(row["id"]) == 0

    return is_kept


def _calling(function: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The task's own function as a step of its own, which TensorFlow may rewrite (AutoGraph)."""

    def call(row: Mapping[str, Any]) -> dict[str, Any]:
        plain = {name: value for name, value in row.items() if name != TFDS_ID}
        return {**function(plain), TFDS_ID: row[TFDS_ID]}

    return call


def _fields(spec: TaskSpec, row: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(spec.fields, Mapping):
        return row
    fields = {}
    for field, column in spec.fields.items():
        if column not in row:
            assert isinstance(spec.source, TfdsSource)
            there = ", ".join(name for name in row if name != TFDS_ID)
            raise TaskError(
                f"task {spec.name!r}, field {field!r}: {spec.source.name} has no column "
                f"{column!r}; there are: {there}.{nearest(column, row)}"
            )
        fields[field] = row[column]
    return fields


def _id(spec: TaskSpec, fields: Mapping[str, Any], row: Mapping[str, Any]) -> Any:
    return _scalar(spec, "id", fields.get("id", row[TFDS_ID]))


def _shown(spec: TaskSpec, fields: Mapping[str, Any], name: str) -> Any:
    if name not in fields:
        raise TaskError(
            f"task {spec.name!r}: a template shows {{{name}}}; the fields are: "
            f"{', '.join(sorted(set(fields) - {TFDS_ID}))}.{nearest(name, fields)}"
        )
    return _scalar(spec, name, fields[name])


def _options(spec: TaskSpec, fields: Mapping[str, Any], row_id: Any) -> Any:
    if not spec.uses_options:
        return _list(spec, "options", fields.get("options", ()))
    if "options" not in fields:
        raise TaskError(f"task {spec.name!r}: a template shows {{options}}; no field gives them.")
    return _no_fewer(1, "options", spec, _list(spec, "options", fields["options"]), row_id)


def _turns(spec: TaskSpec, fields: Mapping[str, Any], row_id: Any) -> Any:
    turns = _list(spec, "turns", fields.get("turns", ()))
    # A turn is predicted from those before it.
    return _no_fewer(2, "turns", spec, turns, row_id) if spec.is_dialogue else turns


def _no_fewer(count: int, name: str, spec: TaskSpec, items: Any, row_id: Any) -> Any:
    """The items of a row, of which there must be so many; a row with fewer stops the reading, as a
    bad row of a file does."""
    # Without quotes, which TensorFlow would escape.
    fault = (
        f"task {spec.base_name}: a template shows {name}, and a row has fewer than {count}; "
        "TfdsSource(keep=...) can leave it out. The row is"
    )
    with tf.control_dependencies([tf.debugging.Assert(tf.size(items) >= count, [fault, row_id])]):
        return tf.identity(items)


@contextmanager
def told_errors(errors: Sequence[Exception]) -> Iterator[None]:
    """Where reading rows stops inside, raises what stopped it: the first of `errors`, which a
    reader of files left there, or TaskError for what `field_tensors` said of a row.

    TensorFlow passes on the text alone, in an error of its own.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if told := errors[0] if errors else _row_error(error):
            raise told from None
        raise


def _row_error(error: tf.errors.OpError) -> TaskError | None:
    found = re.search(r"assertion failed: \[(task .*?)\] \[(.*)\]", error.message)
    return TaskError(f"{found[1]} {found[2]}.") if found else None


def _scalar(spec: TaskSpec, name: str, value: Any) -> Any:
    return _text(spec, name, value, rank=0)


def _list(spec: TaskSpec, name: str, value: Any) -> Any:
    if isinstance(value, list | tuple) and not value:
        return tf.constant([], tf.string)
    return _text(spec, name, value, rank=1)


def _text(spec: TaskSpec, name: str, value: Any, rank: int) -> Any:
    """A string tensor of that rank; whole numbers become digits."""
    tensor = tf.convert_to_tensor(value)
    if tensor.dtype.is_integer:
        tensor = tf.strings.as_string(tensor)
    if tensor.dtype != tf.string or tensor.shape.rank not in (rank, None):
        wanted = "text" if rank == 0 else "a list of text"
        raise TaskError(
            f"task {spec.name!r}: field {name!r} must be {wanted}, not a tensor of type "
            f"{tensor.dtype.name} and shape {tensor.shape}; a function (TaskSpec(fields=…)) can "
            "make it so."
        )
    return tensor
