"""Lint of what slips in while typing: stray spaces, letters, quotes, brackets, doubled words."""

import re
import unicodedata
from collections.abc import Iterator

from flan_mix.registry.linting.finding import Finding, Kind, each_template
from flan_mix.registry.task_spec import TaskSpec

_SPACES = (
    (re.compile(r"\A\s"), "starts with white space"),
    (re.compile(r"\s\Z"), "ends with white space"),
    (re.compile(r"\S(  +)(?=\S)"), "has doubled spaces"),
    (re.compile(r" \n"), "has a space at the end of a line"),
    (re.compile(r"\n (?=\S)"), "has a space at the start of a line"),
    (re.compile(r"\n{3,}"), "has two or more empty lines in a row"),
    (re.compile(r"\t|\r"), "has a tab or a carriage return"),
    (re.compile(r"[A-Za-z}] [.,;:!?](?=\s|\Z)"), "has a space before punctuation"),
)
# "{kind}s" and "{place}'s" are words; "{hypothesis}n" is a slip, and so is "Text{text}".
_GLUED = re.compile(r"\{\}(?!s\b)[^\W_]|[^\W_]\{\}")
_ESCAPE = re.compile(r"\\[ntr\"']")
_REPEATED = re.compile(r"\b([A-Za-z]{2,}) +\1\b", re.IGNORECASE)
_REPEATABLE = frozenset({"that", "had", "is", "do", "who"})
_BRACKETS = ("()", "[]")
_ENUMERATED = re.compile(r"(?:^|\s)(?:\w|\d+|\{\})\)")
_SMILEY = re.compile(r"[:;=]-?[()]")


def stray_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Slips in the literal text of templates."""
    for number, side, _, literal in each_template(spec):
        for pattern, fault in _SPACES:
            if pattern.search(literal):
                yield Finding(spec.name, "whitespace", f"{side}: {fault}.", number)
        for kind, message in _slips(literal):
            yield Finding(spec.name, kind, f"{side}: {message}.", number)


def _slips(literal: str) -> Iterator[tuple[Kind, str]]:
    if glued := _GLUED.search(literal):
        yield "stray_character", f"{glued.group()!r}: a letter stands against a field"
    if escape := _ESCAPE.search(literal):
        yield "stray_character", f"{escape.group()!r} is shown as it stands: an escape too many"
    for character in sorted(set(literal)):
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zs") and (
            character not in " \n\t\r"
        ):
            yield "stray_character", f"{character!r}, which nobody sees"
    if "\ufffd" in literal:
        yield "stray_character", "a replacement character: the file was read in a wrong encoding"
    if literal.count('"') % 2:
        yield "unbalanced", 'a quotation mark " is opened and not closed'
    plain = _SMILEY.sub("", literal)
    for opening, closing in _BRACKETS:
        enumerated = len(_ENUMERATED.findall(plain)) if closing == ")" else 0
        excess = plain.count(closing) - plain.count(opening)
        if excess < 0 or excess > enumerated:
            yield "unbalanced", f"brackets {opening}{closing} do not pair up"
    for repeated in _REPEATED.finditer(literal):
        if repeated.group(1).lower() not in _REPEATABLE:
            yield "repeated_word", f"{repeated.group()!r}"
