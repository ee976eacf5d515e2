"""Template: how the fields of an example become the text a model reads and the text it writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flan_mix.templates.placeholders import Pattern, TemplateSyntaxError, parse


class RenderedText(NamedTuple):
    """What a model is given and what it is to write."""

    inputs: str
    targets: str


@dataclass(frozen=True)
class Template:
    """One way to put a task into words.

    inputs, targets: text with plain `{field}` names; `{{` and `}}` are literal braces.
    `{options}` shows the options of a row in the style drawn for it.
    name: what reports call it; its number within the task when not given.
    inverted: the target is not the task's answer (write the dialogue that has this summary); such
    templates are drawn for training only.

    Raises TemplateSyntaxError, naming the side and the place, for anything else in braces.
    """

    inputs: str
    targets: str
    name: str | None = None
    inverted: bool = False

    def __post_init__(self):
        for side in ("inputs", "targets"):
            text = getattr(self, side)
            if not isinstance(text, str):
                raise TypeError(f"Template {side} must be text, not {type(text).__name__}.")
            try:
                parse(text)
            except TemplateSyntaxError as error:
                raise TemplateSyntaxError(f"Template {side}: {error}") from None

    @cached_property
    def input_pattern(self) -> Pattern:
        """`inputs` taken apart."""
        return parse(self.inputs)

    @cached_property
    def target_pattern(self) -> Pattern:
        """`targets` taken apart."""
        return parse(self.targets)

    @cached_property
    def input_fields(self) -> frozenset[str]:
        """Names of the fields that `inputs` shows."""
        return frozenset(self.input_pattern.slots)

    @cached_property
    def target_fields(self) -> frozenset[str]:
        """Names of the fields that `targets` shows."""
        return frozenset(self.target_pattern.slots)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Names of all fields that the template needs, `options` among them where shown."""
        return self.input_fields | self.target_fields

    @cached_property
    def uses_options(self) -> bool:
        """Whether the template shows `{options}`."""
        return "options" in self.fields

    def render(self, fields: Mapping[str, str]) -> RenderedText:
        """The text for one example; `fields["options"]` is the list as an OptionStyle renders it.

        Raises KeyError that names the missing field and those there are.
        """
        return RenderedText(_fill(self.input_pattern, fields), _fill(self.target_pattern, fields))


def _fill(pattern: Pattern, fields: Mapping[str, str]) -> str:
    pieces = [pattern.literals[0]]
    for slot, literal in zip(pattern.slots, pattern.literals[1:], strict=True):
        if slot not in fields:
            raise KeyError(f"no field {slot!r} to render; there are: {', '.join(sorted(fields))}")
        pieces += [fields[slot], literal]
    return "".join(pieces)
