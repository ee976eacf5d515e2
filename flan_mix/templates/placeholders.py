"""Reads the text of a template: literal pieces with plain `{field}` names between them.

Nothing else of Python's format language is understood, so a template can never reach into an
object or run code, and what it refuses it refuses with the place in the string.
"""

import re
from dataclasses import dataclass

_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class TemplateSyntaxError(ValueError):
    """A template's text holds something other than plain `{field}` names and doubled braces."""


@dataclass(frozen=True)
class Pattern:
    """One side of a template, taken apart: literals[0] slots[0] literals[1] … literals[-1]."""

    literals: tuple[str, ...]
    slots: tuple[str, ...]


def parse(text: str) -> Pattern:
    """Takes `text` apart; `{{` and `}}` become literal braces.

    Raises TemplateSyntaxError, with the position (counted from 1) and a mend, for a lone brace and
    for anything in braces that is no plain name: attributes, indexes, conversions, format codes.
    """
    literals, slots, literal, position = [], [], [], 0
    while brace := _BRACE.search(text, position):
        start = brace.start()
        literal.append(text[position:start])
        if text.startswith(brace.group() * 2, start):
            literal.append(brace.group())
            position = start + 2
            continue
        slots.append(_field_name(text, start))
        literals.append("".join(literal))
        literal, position = [], start + len(slots[-1]) + 2
    literals.append("".join(literal) + text[position:])
    return Pattern(tuple(literals), tuple(slots))


def _field_name(text: str, start: int) -> str:
    """The name in the braces that open at `start`."""
    if text[start] == "}":
        raise _error(text, start, "a single '}'", "write '}}' for a literal brace")
    end = text.find("}", start)
    if end < 0:
        raise _error(text, start, "a '{' that is never closed", "write '{{' for a literal brace")
    name = text[start + 1 : end]
    if not _NAME.match(name):
        mend = "only plain field names may stand in braces, as in {question}; '{{' is a literal '{'"
        raise _error(text, start, f"'{text[start : end + 1]}'", mend)
    return name


def _error(text: str, start: int, thing: str, mend: str) -> TemplateSyntaxError:
    return TemplateSyntaxError(f"{thing} at character {start + 1} of {text!r}: {mend}.")
