"""Labels as answers, for tasks of this folder whose rows number one of a few fixed answers.

TensorFlow is imported when a row is read.
"""

from collections.abc import Sequence
from typing import Any

from flan_mix.templates import OPTION_GRAMMAR

YES_NO = ("yes", "no")

# For metrics that must read the answer itself (is it yes? what number is it?), not an item's name.
ANSWERED_IN_FULL = tuple(style for style in OPTION_GRAMMAR if not style.answer_by_name)


def labelled(label: Any, answers: Sequence[str], options: Sequence[str] = ()) -> dict[str, Any]:
    """The fields `options` and `answer` of a row of tensors.

    label: an integer scalar, the number of the answer among `answers`, which come in the order
      that the dataset numbers its labels. options: the order to show them in, if another.
    """
    return {"options": _texts(options or answers), "answer": by_label(label, answers)}


def by_label(label: Any, texts: Sequence[str]) -> Any:
    """The text of a label: a string scalar."""
    import tensorflow as tf

    return tf.gather(_texts(texts), label)


def _texts(texts: Sequence[str]) -> Any:
    import tensorflow as tf

    return tf.constant(list(texts))
