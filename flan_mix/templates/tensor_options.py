"""Lays out options with TensorFlow operations: a style for each row, all styles in the same few
operations. What comes out is what `OptionStyle.render` and `OptionStyle.answer` give."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flan_mix.templates.options import MAX_LETTERED, OptionStyle


@dataclass(frozen=True)
class TensorOptions:
    """Renders the options of a batch of rows."""

    styles: tuple[OptionStyle, ...]

    def text(self, options: Any, style: Any) -> Any:
        """The lists as text: options ragged string [batch, (options)], style int [batch]."""
        import tensorflow as tf

        number = tf.ragged.range(options.row_lengths())
        of_item = self._layouts(style, options)
        marker = tf.gather_nd(
            tf.constant(self._markers), tf.stack([of_item, number.flat_values], axis=1)
        )
        items = options.with_flat_values(tf.strings.join([marker, options.flat_values]))
        lists = tf.strings.reduce_join(items, axis=-1)
        pieces = [self._gathered("start", style), lists, self._gathered("end", style)]
        return tf.where(options.row_lengths() > 0, tf.strings.join(pieces), "")

    def answer(self, options: Any, answer: Any, style: Any) -> Any:
        """What targets say for `answer` string [batch]: string [batch]."""
        import tensorflow as tf

        if not any(each.answer_by_name for each in self.styles):
            return answer
        number = tf.ragged.range(options.row_lengths()).flat_values
        of_option = tf.repeat(answer, options.row_lengths())
        found = tf.where(options.flat_values == of_option, number, MAX_LETTERED)
        first = tf.reduce_min(options.with_flat_values(found), axis=1)
        is_option = (options.row_lengths() > 0) & (first < MAX_LETTERED)
        by_name = tf.gather(tf.constant([s.answer_by_name for s in self.styles]), style)
        place = tf.stack([self._layout_of(style), tf.where(is_option, first, 0)], axis=1)
        name = tf.gather_nd(tf.constant(self._names), place)
        return tf.where(by_name & is_option, name, answer)

    def _layouts(self, style: Any, options: Any) -> Any:
        """The layout of every option: int64 [all options]."""
        import tensorflow as tf

        return tf.repeat(self._layout_of(style), options.row_lengths())

    def _layout_of(self, style: Any) -> Any:
        import tensorflow as tf

        return tf.gather(tf.constant(self._layout_numbers, tf.int64), style)

    def _gathered(self, part: str, style: Any) -> Any:
        import tensorflow as tf

        return tf.gather(tf.constant([getattr(each, part) for each in self.styles]), style)

    @cached_property
    def _distinct(self) -> list[OptionStyle]:
        """One style for each way to write items, of which there are few."""
        return list({_items_of(style): style for style in self.styles}.values())

    @cached_property
    def _layout_numbers(self) -> list[int]:
        numbers = {_items_of(style): number for number, style in enumerate(self._distinct)}
        return [numbers[_items_of(style)] for style in self.styles]

    @cached_property
    def _markers(self) -> np.ndarray:
        """What stands ahead of item i in a layout, the separator included."""

        def of(style: OptionStyle) -> list[str]:
            first, *others = style.markers(MAX_LETTERED)
            return [first, *(style.separator + marker for marker in others)]

        return self._by_layout(of)

    @cached_property
    def _names(self) -> np.ndarray:
        return self._by_layout(lambda style: style.item_names(MAX_LETTERED))

    def _by_layout(self, of: Callable[[OptionStyle], Sequence[str]]) -> np.ndarray:
        return np.array([list(of(style)) for style in self._distinct], object)


def _items_of(style: OptionStyle) -> tuple[str, ...]:
    return style.before, style.after, style.naming, style.separator
