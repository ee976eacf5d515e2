"""Sampled rows put into words by every template, for checks that look at whole examples."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flan_mix.registry.field_rows import FieldRow
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import SPEAKER_STYLES, OptionStyle, drawn_turn


class LintExample(NamedTuple):
    """A row as one template says it. style: in which the options are shown, if they are."""

    row: FieldRow
    template: int
    inputs: str
    targets: str
    style: OptionStyle | None


def rendered_rows(spec: TaskSpec, rows: Sequence[FieldRow]) -> Iterator[LintExample]:
    """Every row with every template; option styles and dialogue turns go round."""
    for place, row in enumerate(rows):
        fields = dict(zip(spec.text_fields, row.texts, strict=True))
        if spec.is_dialogue:
            speakers = SPEAKER_STYLES[place % len(SPEAKER_STYLES)]
            drawn = drawn_turn(place, len(row.turns), spec.turn_step)
            fields |= speakers.render(row.turns, row.speakers, drawn)._asdict()
        for number, template in enumerate(spec.templates):
            if not template.uses_options:
                text = template.render(fields)
                yield LintExample(row, number, text.inputs, text.targets, None)
                continue
            style = spec.option_styles[(place + number) % len(spec.option_styles)]
            shown = fields | {"options": style.render(row.options)}
            inputs = template.render(shown).inputs
            if "answer" in shown:
                shown["answer"] = style.answer(row.options, row.answer)
            yield LintExample(row, number, inputs, template.render(shown).targets, style)
