"""Lists of text in batches: ragged tensors [batch, (items)], and batches of rows that hold them."""

from typing import Any

import tensorflow as tf

ROWS_PER_BATCH = 512
LISTS = ("options", "references", "turns", "speakers")

# TensorFlow exports these at run time only, out of a type checker's sight.
_Ragged: Any = tf.RaggedTensor


def from_lengths(flat: tf.Tensor, lengths: tf.Tensor) -> Any:
    """Items one after another and the length of each list: ragged [batch, (items)]."""
    return _Ragged.from_row_lengths(flat, lengths, validate=False)


def from_dense(lists: Any) -> Any:
    """Lists of one length [batch, items] as ragged ones; those that are already stay."""
    return lists if isinstance(lists, tf.RaggedTensor) else _Ragged.from_tensor(lists)


def ragged_batches(rows: tf.data.Dataset) -> tf.data.Dataset:
    """Single rows in batches of ROWS_PER_BATCH; their lists are ragged, also if of one length."""

    @tf.autograph.experimental.do_not_convert
    def ragged(batch: dict[str, Any]) -> dict[str, Any]:
        return batch | {name: from_dense(batch[name]) for name in LISTS}

    return rows.ragged_batch(ROWS_PER_BATCH).map(ragged)


def single_rows(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The rows of ragged batches one by one, their lists as plain tensors [items]."""

    @tf.autograph.experimental.do_not_convert
    def dense(row: dict[str, Any]) -> dict[str, Any]:
        # Unbatching leaves ragged tensors without a ragged dimension.
        return row | {name: tf.convert_to_tensor(row[name]) for name in LISTS}

    return batches.unbatch().map(dense)
