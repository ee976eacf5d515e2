"""A file source as a seqio.DataSource: field rows become tensors, a batch at a time.

The reader runs in Python, since row functions do; everything after it is TensorFlow's.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import seqio
import tensorflow as tf

from flan_mix.registry.bad_rows import RowCounts
from flan_mix.registry.counting import count_file_examples
from flan_mix.registry.field_rows import FieldRow, field_rows
from flan_mix.registry.seqio_half.ragged import LISTS, ROWS_PER_BATCH, from_lengths, single_rows
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec

# Enough to part neighbours in a file that is sorted by label; SeqIO shuffles 1,000 more on top.
_SHUFFLED_ROWS = 10_000


class FileRows(seqio.DataSource):
    """Rows of a task's files: what RenderText renders.

    An element holds id, texts [fields], options [n], answer, references [n], turns [n], speakers
    [n] (all strings) and training (int32: 1 in the train split). All rows come as one shard, for
    ids must not depend on how many there are; SeqIO shards the examples itself.
    """

    def __init__(self, spec: TaskSpec):
        super().__init__(splits=spec.splits)
        self._spec = spec

    @property
    def supports_arbitrary_sharding(self) -> bool:
        """False: see the class."""
        return False

    def list_shards(self, split: str) -> list[str]:
        """One shard, named after the split."""
        return [split]

    def num_input_examples(self, split: str) -> int:
        """Rows after bad ones, filters and cap; reads the files."""
        return count_file_examples(self._spec, split)

    def get_dataset(
        self,
        split: str = TRAIN_SPLIT,
        shuffle: bool = True,
        seed: int | None = None,
        shard_info: seqio.ShardInfo | None = None,
        **unused: Any,
    ) -> tf.data.Dataset:
        """The rows one by one. Raises ValueError when asked for more than one shard."""
        if shard_info and shard_info.num_shards > 1:
            raise ValueError(f"{self._spec.name}: shard the dataset, not its files.")
        rows = single_rows(self.get_batches(split))
        return rows.shuffle(_SHUFFLED_ROWS, seed=seed) if shuffle else rows

    def get_batches(
        self, split: str, counts: RowCounts | None = None, errors: list | None = None
    ) -> tf.data.Dataset:
        """The same rows in the same order, in ragged batches of ROWS_PER_BATCH.

        counts: filled while reading. errors: gets the exception that stops the reading, which
        TensorFlow itself hands on only as text.
        """
        width = len(self._spec.text_fields)
        signature = (
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None, width], tf.string),
            tf.TensorSpec([None], tf.string),
            *(tf.TensorSpec([None], dtype) for _ in LISTS for dtype in (tf.string, tf.int64)),
        )

        def read() -> Iterator[tuple]:
            try:
                rows = field_rows(self._spec, split, counts)
                while batch := list(islice(rows, ROWS_PER_BATCH)):
                    yield _arrays(batch, width)
            except Exception as error:
                if errors is not None:
                    errors.append(error)
                raise

        batches = tf.data.Dataset.from_generator(read, output_signature=signature)
        is_training = split == TRAIN_SPLIT

        @tf.autograph.experimental.do_not_convert
        def as_rows(*columns: Any) -> dict[str, Any]:
            return _row_batch(is_training, *columns)

        return batches.map(as_rows)


def _arrays(rows: list[FieldRow], width: int) -> tuple:
    """Rows as columns; lists of text as one flat column and the length of each."""
    texts = np.empty((len(rows), width), object)
    for number, row in enumerate(rows):
        texts[number, :] = row.texts
    return (
        _strings(row.id for row in rows),
        texts,
        _strings(row.answer for row in rows),
        *chain.from_iterable(_flat([getattr(row, name) for row in rows]) for name in LISTS),
    )


def _strings(texts: Iterator[str]) -> np.ndarray:
    return np.array(list(texts), object)


def _flat(lists: list[tuple[str, ...]]) -> tuple[np.ndarray, np.ndarray]:
    return _strings(chain.from_iterable(lists)), np.array([len(texts) for texts in lists])


def _row_batch(is_training: bool, ids: Any, texts: Any, answer: Any, *lists: Any):
    flat, lengths = lists[::2], lists[1::2]
    return {
        "id": ids,
        "texts": texts,
        "answer": answer,
        "training": tf.fill(tf.shape(ids), int(is_training)),
    } | {name: from_lengths(*each) for name, *each in zip(LISTS, flat, lengths, strict=True)}
