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

from flan_mix.templates.dialogue import (
    DIALOGUE_FIELDS,
    SPEAKER_STYLES,
    SpeakerStyle,
    drawn_turn,
)
from flan_mix.templates.few_shot import SHOT_STYLES, FewShot, ShotStyle
from flan_mix.templates.options import OptionStyle
from flan_mix.templates.placeholders import Pattern
from flan_mix.templates.template import Template
from flan_mix.templates.tensor_dialogue import dialogue_fields
from flan_mix.templates.tensor_draws import Drawer
from flan_mix.templates.tensor_few_shot import (
    ExemplarPool,
    Queries,
    draw_exemplars,
    first_shots,
    set_out,
)
from flan_mix.templates.tensor_keys import template_keys
from flan_mix.templates.tensor_options import TensorOptions

Tensors = Mapping[str, Any]

# A target's {answer} where its template shows options: the option's text or its name.
_ANSWER_AS_TARGET = "answer, as options name it"


@dataclass(frozen=True)
class TensorRenderer:
    """Renders rows of one task.

    text_fields: names of the columns of a batch's `texts`. registered_seed: the task's own.
    drawn: numbers of the templates to draw from; by default all in training, else those that are
    not inverted. few_shot: how to choose exemplars, for prompts that have some. turn_step: of a
    dialogue, every how many turns one may be drawn.
    """

    templates: tuple[Template, ...]
    text_fields: tuple[str, ...]
    option_styles: tuple[OptionStyle, ...]
    registered_seed: int = 0
    drawn: tuple[int, ...] | None = None
    speaker_styles: tuple[SpeakerStyle, ...] = SPEAKER_STYLES
    few_shot: FewShot | None = None
    shot_styles: tuple[ShotStyle, ...] = SHOT_STYLES
    turn_step: int = 1

    def __call__(
        self, rows: Tensors, seed: int = 0, pass_index: int = 0, pool: ExemplarPool | None = None
    ) -> dict[str, Any]:
        """Draws a template for each row and renders it, with exemplars of `pool` if there is one.

        rows: id and answer string [batch], texts string [batch, fields], options, turns and
          speakers ragged string [batch, (items)], training bool or int32 [batch] (whether inverted
          templates may be drawn). answer may be left out where no template shows it with options,
          turns and speakers where the task is no dialogue.
        Returns template int32 [batch], option_style int32 [batch] (-1 where no options are shown),
        inputs and targets string [batch]; is_answer bool [batch], whether the target is the task's
        answer in full (not that of an inversion, nor an option's name), as references are; with a
        pool what `_with_exemplars` adds.
        """

        draw = Drawer(self.registered_seed, seed, pass_index)
        template = self._drawn_template(draw, rows["id"], rows["training"])
        style = draw("options").index(rows["id"], len(self.option_styles))
        inputs, targets = self._texts(draw, rows, template, style)
        rendered = self._drawn(template, style) | {"inputs": inputs, "targets": targets}
        if self.few_shot is None or pool is None:
            return rendered
        return rendered | self._with_exemplars(draw, rows, pool, template, style, inputs)

    def rank(self, rows: Tensors, seed: int = 0, pass_index: int = 0) -> dict[str, Any]:
        """Renders each row once for every option, which is its target; rows as above.

        Template and style are drawn before the options part, so all of a row share them.
        Returns, for all options of the first row, then of the next: row int64, the row's number;
        option int64, its number within the row; is_correct int32; and what a call returns.
        """
        import tensorflow as tf

        draw = Drawer(self.registered_seed, seed, pass_index)
        template = self._drawn_template(draw, rows["id"], rows["training"])
        style = draw("options").index(rows["id"], len(self.option_styles))
        options = rows["options"]
        row, option = options.value_rowids(), tf.ragged.range(options.row_lengths()).flat_values
        of_option = {name: tf.gather(value, row) for name, value in rows.items()}
        is_right = of_option["answer"] == options.flat_values
        references = of_option["references"]
        equal = references.flat_values == tf.gather(options.flat_values, references.value_rowids())
        is_right |= tf.reduce_any(references.with_flat_values(equal), axis=1)
        of_option = self._with_answer(of_option, options.flat_values)
        template, style = tf.gather(template, row), tf.gather(style, row)
        inputs, targets = self._texts(draw, of_option, template, style)
        return self._drawn(template, style) | {
            "row": row,
            "option": option,
            "is_correct": tf.cast(is_right, tf.int32),
            "inputs": inputs,
            "targets": targets,
        }

    def _drawn(self, template: Any, style: Any) -> dict[str, Any]:
        """What was drawn for each row, and what that makes of its target."""
        import tensorflow as tf

        shown = tf.gather(tf.constant(self._options_shown), template)
        by_name = tf.gather(tf.constant([s.answer_by_name for s in self.option_styles]), style)
        named = by_name & tf.gather(tf.constant(list(map(_names_answer, self.templates))), template)
        inverted = tf.gather(tf.constant([t.inverted for t in self.templates]), template)
        return {
            "template": tf.cast(template, tf.int32),
            "option_style": tf.where(shown, tf.cast(style, tf.int32), -1),
            "is_answer": ~(inverted | named),
        }

    def _with_answer(self, rows: Tensors, answer: Any) -> dict[str, Any]:
        """Rows whose answer is another."""
        import tensorflow as tf

        texts = [
            answer if name == "answer" else rows["texts"][:, column]
            for column, name in enumerate(self.text_fields)
        ]
        return {**rows, "answer": answer, "texts": tf.stack(texts, axis=1)}

    def _drawn_template(self, draw: Drawer, ids: Any, training: Any) -> Any:
        """Uniform over the templates to draw from, another in each pass: int64 [batch]."""
        import tensorflow as tf

        def among(numbers: Sequence[int]) -> Any:
            drawn = draw("template").turn(ids, len(numbers))
            return tf.gather(tf.constant(numbers, tf.int64), drawn)

        everywhere, elsewhere = (
            self.drawn or drawable(self.templates, training=training_split)
            for training_split in (True, False)
        )
        if list(everywhere) == list(elsewhere):
            return among(everywhere)
        return tf.where(tf.cast(training, tf.bool), among(everywhere), among(elsewhere))

    def _texts(self, draw: Drawer, rows: Tensors, template: Any, style: Any) -> tuple[Any, Any]:
        """Inputs and targets of rows whose template and option style are drawn."""
        import tensorflow as tf

        columns = dict(zip(self.text_fields, tf.unstack(rows["texts"], axis=1), strict=True))
        if self._shows_options:
            options = TensorOptions(self.option_styles)
            columns["options"] = options.text(rows["options"], style)
            if self._answers_options:
                named = options.answer(rows["options"], rows["answer"], style)
                columns[_ANSWER_AS_TARGET] = named
        if self._is_dialogue:
            columns |= self._dialogue(draw, rows)
        columns[""] = tf.zeros_like(rows["id"])
        fields = tf.stack([columns[name] for name in self._columns], axis=1)
        return _fill(self._inputs, template, fields), _fill(self._targets, template, fields)

    def _dialogue(self, draw: Drawer, rows: Tensors) -> dict[str, Any]:
        turns = rows["turns"]
        drawn = drawn_turn(draw("turn").rank(rows["id"]), turns.row_lengths(), self.turn_step)
        style = draw("speakers").index(rows["id"], len(self.speaker_styles))
        return dialogue_fields(self.speaker_styles, turns, rows["speakers"], drawn, style)

    def _with_exemplars(
        self,
        draw: Drawer,
        rows: Tensors,
        pool: ExemplarPool,
        template: Any,
        style: Any,
        query: Any,
    ) -> dict[str, Any]:
        """Few-shot prompts: inputs string [batch], with as many exemplars as were drawn; shots
        int64 [batch], how many; inputs_by_shots string [batch, most + 1], with 0, 1, … of them;
        exemplars string [batch, most], their ids, nearest first, then empty; shot_style int32
        [batch].
        """
        import tensorflow as tf

        assert self.few_shot is not None
        queries = Queries(rows["id"], template, self.keys(rows))
        mixed = self.drawn or drawable(self.templates, training=False)
        picked, theirs, shots = draw_exemplars(self.few_shot, pool, draw, queries, mixed)
        most = self.few_shot.most
        flat = tf.reshape(picked, [-1])
        exemplars = {name: tf.gather(value, flat) for name, value in pool.rows.items()}
        texts = self._texts(draw, exemplars, tf.reshape(theirs, [-1]), tf.repeat(style, most))
        inputs, targets = (tf.reshape(text, [-1, most]) for text in texts)
        shot_style = draw("shot_style").index(rows["id"], len(self.shot_styles))
        prompts = set_out(self.shot_styles, shot_style, query, inputs, targets)
        ids = tf.reshape(tf.gather(pool.rows["id"], flat), [-1, most])
        return {
            "inputs": tf.gather(prompts, shots, batch_dims=1),
            "shots": shots,
            "inputs_by_shots": prompts,
            "exemplars": first_shots(ids, shots),
            "shot_style": tf.cast(shot_style, tf.int32),
        }

    def keys(self, rows: Tensors) -> Any:
        """Hashes of what rows ask in each template's words, int64 [batch, 2 * templates]: equal for
        rows that no prompt could hold together, since the one would tell the other's answer."""
        columns = dict(zip(self.text_fields, range(len(self.text_fields)), strict=True))
        return template_keys(self.templates, rows, columns)

    @property
    def _shows_options(self) -> bool:
        return any(self._options_shown)

    @property
    def _answers_options(self) -> bool:
        return any(_names_answer(template) for template in self.templates)

    @property
    def _is_dialogue(self) -> bool:
        return any(template.fields & DIALOGUE_FIELDS for template in self.templates)

    @cached_property
    def _options_shown(self) -> list[bool]:
        return [template.uses_options for template in self.templates]

    @cached_property
    def _columns(self) -> list[str]:
        """Fields in the order of their numbers; the empty text, which fills up short templates,
        comes last."""
        names = list(self.text_fields)
        if self._shows_options:
            names += ["options"]
        if self._answers_options:
            names += [_ANSWER_AS_TARGET]
        if self._is_dialogue:
            names += sorted(DIALOGUE_FIELDS)
        return [*names, ""]

    @cached_property
    def _inputs(self) -> "_Table":
        return _table([template.input_pattern for template in self.templates], self._columns)

    @cached_property
    def _targets(self) -> "_Table":
        return _table([_target_pattern(template) for template in self.templates], self._columns)


def drawable(templates: Sequence[Template], *, training: bool) -> list[int]:
    """Numbers of the templates that may be drawn: inverted ones only in training or if all are."""
    forward = [i for i, template in enumerate(templates) if not template.inverted]
    return list(range(len(templates))) if training or not forward else forward


def _names_answer(template: Template) -> bool:
    return template.uses_options and "answer" in template.target_fields


def _target_pattern(template: Template) -> Pattern:
    pattern = template.target_pattern
    if not _names_answer(template):
        return pattern
    slots = (_ANSWER_AS_TARGET if slot == "answer" else slot for slot in pattern.slots)
    return Pattern(pattern.literals, tuple(slots))


@dataclass(frozen=True)
class _Table:
    """One side of all templates: literals object [templates, slots + 1], slots int
    [templates, slots], the shorter ones filled up with empty literals and the empty field."""

    literals: np.ndarray
    slots: np.ndarray


def _table(patterns: Sequence[Pattern], columns: Sequence[str]) -> _Table:
    number = {name: column for column, name in enumerate(columns)}
    width = max(1, *(len(pattern.slots) for pattern in patterns))
    literals = np.full((len(patterns), width + 1), "", object)
    slots = np.full((len(patterns), width), number[""], np.int32)
    for row, pattern in enumerate(patterns):
        literals[row, : len(pattern.literals)] = pattern.literals
        slots[row, : len(pattern.slots)] = [number[name] for name in pattern.slots]
    return _Table(literals, slots)


def _fill(table: _Table, template: Any, fields: Any) -> Any:
    """Literals and fields in turn, joined: string [batch]."""
    import tensorflow as tf

    literals = tf.gather(tf.constant(table.literals), template)
    values = tf.gather(fields, tf.gather(tf.constant(table.slots), template), batch_dims=1)
    pairs = tf.stack([literals[:, :-1], values], axis=2)
    pairs = tf.reshape(pairs, [-1, 2 * table.slots.shape[1]])
    return tf.strings.reduce_join(tf.concat([pairs, literals[:, -1:]], axis=1), axis=1)
