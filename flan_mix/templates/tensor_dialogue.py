"""Cuts dialogues at a drawn turn with TensorFlow operations; see `dialogue`."""

from typing import Any

import numpy as np

from flan_mix.templates.dialogue import SpeakerStyle


def dialogue_fields(
    styles: tuple[SpeakerStyle, ...], turns: Any, speakers: Any, drawn: Any, style: Any
) -> dict[str, Any]:
    """What `SpeakerStyle.render` gives, for a batch.

    turns, speakers: ragged string [batch, (turns)], speakers of length 0 where names are not
    known. drawn: int64 [batch], the turn to predict, below the number of turns. style: int [batch].
    """
    import tensorflow as tf

    count = turns.row_lengths()
    number = tf.ragged.range(count)
    row = number.value_rowids()
    who = _speakers(styles, number, row, speakers, style)
    prefix = tf.gather(tf.constant([each.before for each in styles]), style)
    infix = tf.gather(tf.constant([each.after for each in styles]), style)
    separator = tf.gather(tf.constant([each.separator for each in styles]), style)
    lead = tf.where(number.flat_values == 0, "", tf.gather(separator, row))
    pieces = [lead, tf.gather(prefix, row), who, tf.gather(infix, row), turns.flat_values]
    is_before = number.flat_values < tf.gather(drawn, row)
    lines = tf.where(is_before, tf.strings.join(pieces), "")
    return {
        "turns_before": tf.strings.reduce_join(turns.with_flat_values(lines), axis=-1),
        "next_turn": tf.gather(turns, drawn, batch_dims=1),
        "next_speaker": tf.gather(turns.with_flat_values(who), drawn, batch_dims=1),
    }


def _speakers(styles: tuple[SpeakerStyle, ...], number: Any, row: Any, speakers: Any, style: Any):
    """Who says each turn, by name or by label: string [all turns]."""
    import tensorflow as tf

    # Every style's labels, repeated to one width, so that turn i takes label i mod width.
    width = int(np.lcm.reduce([len(each.labels) for each in styles]))
    labels = tf.constant([list(each.labels) * (width // len(each.labels)) for each in styles])
    place = tf.stack([tf.gather(tf.cast(style, tf.int64), row), number.flat_values % width], axis=1)
    label = tf.gather_nd(labels, place)
    named = tf.gather(speakers.row_lengths() > 0, row)
    start = tf.gather(speakers.row_starts(), row)
    padded = tf.concat([speakers.flat_values, [""]], axis=0)
    at = tf.where(named, start + number.flat_values, tf.size(padded, tf.int64) - 1)
    return tf.where(named, tf.gather(padded, at), label)
