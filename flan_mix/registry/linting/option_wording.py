"""Lint of options: talked about but not shown, shown but not used, named but not listed."""

import re
from collections.abc import Iterator

from flan_mix.registry.linting.finding import Finding, Kind
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import Template

_LISTED = "answers|labels|replies|categories|classes|candidates|completions|endings|titles|reasons"
# Words that make no sense unless a list of options is on the page.
_TALK = re.compile(
    r"\b(options?|multiple[- ]choice|choices?(?! of\b)|alternatives?)\b"
    rf"|\b(the following|these|those|listed|possible|available|given) ({_LISTED})\b"
    rf"|\b({_LISTED}) (listed|given|shown|offered) (above|below|here)\b"
    r"|\b(the|these|those) ones (listed|given|shown|offered|above|below)\b"
    r"|\b(right|correct|best) (answer|ending|completion|label|one) (above|below)\b"
    r"|\b(one|which|any|none|some) of the (following|above)\b"
    r"|\b(select|choose|pick) (one )?(from|among|out of) the following\b"
    r"|\bfrom the list\b",
    re.IGNORECASE,
)
_SAID = re.compile(r"\b(options?|multiple[- ]choice|choices?(?! of\b))\b", re.IGNORECASE)
# A demand for an item's name, which only some styles give.
_NAMES = re.compile(
    r"(?i:\b(the|its|a|one) (letter|number) (of|in front|before|beside|next to) (the|your|an?|each)"
    r" (right|correct|best|answer|option|choice))"
    r"|(?i:\b(answer|reply|respond) (only )?(with|by) (the|its|a|one|just the) (letter|number)\b)"
    r"|\bA, ?B(, ?C)?(, ?D)?,? or [B-E]\b|\ba, ?b(, ?c)?(, ?d)?,? or [b-e]\b|\(A\)|\(a\)",
)
# What only some styles put ahead of items.
_LAYOUT = re.compile(r"\b(bullets?|lettered)\b", re.IGNORECASE)
# Fields that hold the name of an item rather than its text.
_NAME_FIELD = re.compile(r"(^|_)(letter|option_(id|name|number|index)|answer_(key|index|id))($|_)")
# Fields that show a list of options without our knowing.
_LIST_FIELD = re.compile(r"options|choices|candidates|labels|answers|alternatives|list")


def option_findings(spec: TaskSpec) -> Iterator[Finding]:
    """What a template says of options against what it shows of them."""
    for number, template in enumerate(spec.templates):
        for kind, message in _faults(template):
            yield Finding(spec.name, kind, message, number)
        if placed := _inline_list(template):
            yield Finding(spec.name, "options_inline", placed, number, "note")


def _faults(template: Template) -> Iterator[tuple[Kind, str]]:
    text = " ".join(" … ".join(template.input_pattern.literals).split())
    if template.uses_options:
        if "options" in template.input_fields and "answer" not in template.target_fields:
            yield "options_unused", "shows {options} but its target is not {answer}, one of them."
        if named := _NAMES.search(text) or _LAYOUT.search(text):
            yield (
                "option_style_wording",
                f"says {named.group()!r} of {{options}}, whose names and marks the style decides.",
            )
        return
    if not any(_LIST_FIELD.search(field) for field in template.input_fields):
        # An inverted template may speak of the replies that its text is to allow for.
        talk = (_SAID if template.inverted else _TALK).search(text) or _NAMES.search(text)
        if talk:
            yield "options_not_shown", f"says {talk.group()!r} but does not show {{options}}."
        targets = "".join(template.target_pattern.literals)
        named = [field for field in template.target_fields if _NAME_FIELD.search(field)]
        if named or re.search(r"\([A-Ea-e]\)", targets) or _is_bracketed_answer(template):
            yield (
                "letter_without_options",
                "the target is the name of an option, such as (b), and no options are shown.",
            )


def _is_bracketed_answer(template: Template) -> bool:
    """A target such as `({answer})` or `Option {answer}`."""
    pattern = template.target_pattern
    return len(pattern.slots) == 1 and (
        (pattern.literals[0] == "(" and pattern.literals[1].startswith(")"))
        or re.fullmatch(r"(option|choice)\s", pattern.literals[0], re.IGNORECASE) is not None
    )


def _inline_list(template: Template) -> str | None:
    pattern = template.input_pattern
    for number, slot in enumerate(pattern.slots):
        before, after = pattern.literals[number], pattern.literals[number + 1]
        starts = before.endswith("\n") or (not before and number == 0)
        ends = after.startswith("\n") or (not after and number == len(pattern.slots) - 1)
        if slot == "options" and not (starts and ends):
            return "{options} stands within a line; most styles fill lines of their own."
    return None
