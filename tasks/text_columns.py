"""Fields that are text columns of a TFDS row as they stand, and the rows that have text in them.

For the tasks of this folder whose rows need no more than that; TensorFlow is imported when a row
is read.
"""

from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]


def stripped(**columns: str) -> Callable[[Row], dict[str, Any]]:
    """A function from a row of tensors to fields: field=column, without blanks around the text."""

    def fields(row: Row) -> dict[str, Any]:
        import tensorflow as tf

        return {field: tf.strings.strip(row[column]) for field, column in columns.items()}

    return fields


def has_text(*columns: str) -> Callable[[Row], Any]:
    """A function that says of a row of tensors whether each of these columns holds some text."""

    def keep(row: Row) -> Any:
        import tensorflow as tf

        texts = tf.stack([tf.strings.strip(row[column]) for column in columns])
        return tf.reduce_all(tf.strings.length(texts) > 0)

    return keep
