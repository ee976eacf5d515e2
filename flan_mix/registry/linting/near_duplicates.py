"""Lint of sameness: templates of one task that say the same, or nearly the same, words."""

import functools
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import Template

NEAR = 0.5
"""Jaccard similarity of word 3-grams from which two templates count as near-duplicates."""

SWAPPED = 0.7
"""Share of words in the same order from which they do too: a synonym breaks three 3-grams, which
may be all that a short template has."""

# Of fewer words than these, one in common is much.
_ENOUGH_WORDS = 4

_WORD = re.compile(r"[\w']+")


def duplicate_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Duplicates, near-duplicates, and two templates of one name; reported at the later one."""
    templates = tuple(spec.templates)
    for first, second, shared in _similar(templates):
        kind, message = "duplicate", f"the same as template {first}."
        if shared:
            kind, message = "near_duplicate", f"shares {shared} with template {first}."
        yield Finding(spec.name, kind, message, second)
    names: dict[str, int] = {}
    for number, template in enumerate(templates):
        if template.name is None:
            continue
        if template.name in names:
            yield Finding(
                spec.name,
                "duplicate_name",
                f"{template.name!r} is the name of template {names[template.name]} too.",
                number,
            )
        names.setdefault(template.name, number)


@functools.lru_cache(maxsize=1024)
def _similar(templates: tuple[Template, ...]) -> tuple[tuple[int, int, str], ...]:
    """(earlier, later, what they share); empty for duplicates. Families are compared once."""
    grams = [three_grams(template) for template in templates]
    words = [_words(template) for template in templates]
    forms = [_form(template) for template in templates]
    found = []
    for first, second in combinations(range(len(templates)), 2):
        if forms[first] == forms[second]:
            found.append((first, second, ""))
        elif (similarity := jaccard(grams[first], grams[second])) >= NEAR:
            found.append((first, second, f"{similarity:.0%} of its word 3-grams"))
        elif (similarity := _in_order(words[first], words[second])) >= SWAPPED:
            found.append((first, second, f"{similarity:.0%} of its words, in the same order,"))
    return tuple(found)


def three_grams(template: Template) -> frozenset[tuple[str, ...]]:
    """Word 3-grams of the inputs' literal text; all its words where there are less than three."""
    words = _words(template)
    if len(words) < 3:
        return frozenset({words}) if words else frozenset()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(a: frozenset, b: frozenset) -> float:
    """Shared over all; 0 where both are empty."""
    return len(a & b) / len(a | b) if a or b else 0.0


def _in_order(a: Sequence[str], b: Sequence[str]) -> float:
    """The share of their words that two templates have in common, in order; 0 for short ones."""
    if min(len(a), len(b)) < _ENOUGH_WORDS:
        return 0.0
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    bound = matcher.quick_ratio()
    return matcher.ratio() if bound >= SWAPPED else bound


def _words(template: Template) -> tuple[str, ...]:
    """Words of the inputs' literal text."""
    return tuple(_WORD.findall(" ".join(template.input_pattern.literals).lower()))


def _form(template: Template) -> tuple[str, ...]:
    """Both sides without case, space and punctuation."""
    sides = (template.inputs, template.targets)
    return tuple(" ".join(re.findall(r"\{\w+\}|\w+", side.lower())) for side in sides)
