"""Renders templates with TensorFlow operations, a batch of rows at a time.

The templates of a task become two tables, of literal pieces and of field numbers, so that the
graph has the same few operations for one template and for a hundred, and every row costs only the
template it has. Nothing calls back into Python. TensorFlow is imported when a renderer is called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flan_mix.templates.draw import RANKS, Draw
from flan_mix.templates.options import MAX_LETTERED, OptionStyle
from flan_mix.templates.placeholders import Pattern
from flan_mix.templates.template import Template

Tensors = Mapping[str, Any]


def draw_index(draw: Draw, ids: Any, count: int) -> Any:
    """`Draw.index` for a string tensor of ids: int64 of the same shape."""
    import tensorflow as tf

    messages = tf.strings.join([draw.prefix, ids])
    return tf.strings.to_hash_bucket_strong(messages, count, key=list(draw.key))


def draw_rank(draw: Draw, ids: Any) -> Any:
    """`Draw.rank` for a string tensor of ids."""
    return draw_index(draw, ids, RANKS)


@dataclass(frozen=True)
class TensorRenderer:
    """Renders rows of one task.

    text_fields: names of the columns of a batch's `texts`. registered_seed: the task's own.
    """

    templates: tuple[Template, ...]
    text_fields: tuple[str, ...]
    option_styles: tuple[OptionStyle, ...]
    registered_seed: int = 0

    def __call__(self, rows: Tensors, seed: int = 0, pass_index: int = 0) -> dict[str, Any]:
        """Draws a template for each row and renders it.

        rows: id string [batch], texts string [batch, fields], options ragged string
          [batch, (options)], training bool or int32 [batch] (whether inverted templates may be
          drawn).
        Returns template int32 [batch], option_style int32 [batch] (-1 where no options are shown),
        inputs and targets string [batch].
        """
        import tensorflow as tf

        def draw(purpose: str) -> Draw:
            return Draw(purpose, self.registered_seed, seed, pass_index)

        template = self._drawn_template(draw("template"), rows["id"], rows["training"])
        style = draw_index(draw("options"), rows["id"], len(self.option_styles))
        pieces = [rows["texts"], tf.zeros_like(rows["id"])[:, tf.newaxis]]
        if self._shows_options:
            pieces[1:1] = [self._options_text(rows["options"], style)[:, tf.newaxis]]
        fields = tf.concat(pieces, axis=1)
        shown = tf.gather(tf.constant(self._options_shown), template)
        return {
            "template": tf.cast(template, tf.int32),
            "option_style": tf.where(shown, tf.cast(style, tf.int32), -1),
            "inputs": _fill(self._inputs, template, fields),
            "targets": _fill(self._targets, template, fields),
        }

    def _drawn_template(self, draw: Draw, ids: Any, training: Any) -> Any:
        """Uniform over all templates in training, over those not inverted elsewhere."""
        import tensorflow as tf

        drawn = draw_index(draw, ids, len(self.templates))
        forward = drawable(self.templates, training=False)
        if len(forward) == len(self.templates):
            return drawn
        elsewhere = tf.gather(tf.constant(forward, tf.int64), draw_index(draw, ids, len(forward)))
        return tf.where(tf.cast(training, tf.bool), drawn, elsewhere)

    def _options_text(self, options: Any, style: Any) -> Any:
        import tensorflow as tf

        texts = [_render_options(each, options) for each in self.option_styles]
        return tf.gather(tf.stack(texts, axis=1), style, batch_dims=1)

    @property
    def _shows_options(self) -> bool:
        return any(self._options_shown)

    @cached_property
    def _options_shown(self) -> list[bool]:
        return [template.uses_options for template in self.templates]

    @cached_property
    def _slots(self) -> dict[str, int]:
        """Field -> its column; the empty text, which fills up short templates, comes last."""
        names = [*self.text_fields, *(["options"] if self._shows_options else [])]
        return {name: column for column, name in enumerate(names)}

    @cached_property
    def _inputs(self) -> "_Table":
        return _table([template.input_pattern for template in self.templates], self._slots)

    @cached_property
    def _targets(self) -> "_Table":
        return _table([template.target_pattern for template in self.templates], self._slots)


def drawable(templates: Sequence[Template], *, training: bool) -> list[int]:
    """Numbers of the templates that may be drawn: inverted ones only in training or if all are."""
    forward = [i for i, template in enumerate(templates) if not template.inverted]
    return list(range(len(templates))) if training or not forward else forward


@dataclass(frozen=True)
class _Table:
    """One side of all templates: literals object [templates, slots + 1], slots int
    [templates, slots], the shorter ones filled up with empty literals and the empty field."""

    literals: np.ndarray
    slots: np.ndarray


def _table(patterns: Sequence[Pattern], columns: Mapping[str, int]) -> _Table:
    width = max(1, *(len(pattern.slots) for pattern in patterns))
    literals = np.full((len(patterns), width + 1), "", object)
    slots = np.full((len(patterns), width), len(columns), np.int32)
    for row, pattern in enumerate(patterns):
        literals[row, : len(pattern.literals)] = pattern.literals
        slots[row, : len(pattern.slots)] = [columns[name] for name in pattern.slots]
    return _Table(literals, slots)


def _fill(table: _Table, template: Any, fields: Any) -> Any:
    """Literals and fields in turn, joined: string [batch]."""
    import tensorflow as tf

    literals = tf.gather(tf.constant(table.literals), template)
    values = tf.gather(fields, tf.gather(tf.constant(table.slots), template), batch_dims=1)
    pairs = tf.stack([literals[:, :-1], values], axis=2)
    pairs = tf.reshape(pairs, [-1, 2 * table.slots.shape[1]])
    return tf.strings.reduce_join(tf.concat([pairs, literals[:, -1:]], axis=1), axis=1)


def _render_options(style: OptionStyle, options: Any) -> Any:
    """`OptionStyle.render` for ragged string [batch, (options)]: string [batch]."""
    import tensorflow as tf

    if style.lettered:
        markers = tf.constant(style.markers(MAX_LETTERED))
        lines = tf.ragged.map_flat_values(
            lambda text, number: tf.strings.join([tf.gather(markers, number), text]),
            options,
            tf.ragged.range(options.row_lengths()),
        )
    else:
        lines = tf.ragged.map_flat_values(
            lambda text: tf.strings.join([style.markers(1)[0], text]), options
        )
    return tf.strings.reduce_join(lines, axis=-1, separator="\n")
