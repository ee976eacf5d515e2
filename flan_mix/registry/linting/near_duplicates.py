"""Lint of sameness: templates of one task that say the same, or nearly the same, words."""

import functools
import re
from collections.abc import Iterator
from itertools import combinations

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec
from flan_mix.templates import Template

NEAR = 0.5
"""Jaccard similarity of word 3-grams from which two templates count as near-duplicates."""

_WORD = re.compile(r"[\w']+")


def duplicate_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Duplicates, near-duplicates, and two templates of one name; reported at the later one."""
    templates = tuple(spec.templates)
    for first, second, similarity in _similar(templates):
        if similarity is None:
            kind, message = "duplicate", f"the same as template {first}."
        else:
            kind = "near_duplicate"
            message = f"shares {similarity:.0%} of its word 3-grams with template {first}."
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
def _similar(templates: tuple[Template, ...]) -> tuple[tuple[int, int, float | None], ...]:
    """(earlier, later, similarity); None for duplicates. Families are compared once."""
    grams = [three_grams(template) for template in templates]
    forms = [_form(template) for template in templates]
    found = []
    for first, second in combinations(range(len(templates)), 2):
        if forms[first] == forms[second]:
            found.append((first, second, None))
        elif (similarity := jaccard(grams[first], grams[second])) >= NEAR:
            found.append((first, second, similarity))
    return tuple(found)


def three_grams(template: Template) -> frozenset[tuple[str, ...]]:
    """Word 3-grams of the inputs' literal text; all its words where there are less than three."""
    words = _WORD.findall(" ".join(template.input_pattern.literals).lower())
    if len(words) < 3:
        return frozenset({tuple(words)}) if words else frozenset()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def jaccard(a: frozenset, b: frozenset) -> float:
    """Shared over all; 0 where both are empty."""
    return len(a & b) / len(a | b) if a or b else 0.0


def _form(template: Template) -> tuple[str, ...]:
    """Both sides without case, space and punctuation."""
    sides = (template.inputs, template.targets)
    return tuple(" ".join(re.findall(r"\{\w+\}|\w+", side.lower())) for side in sides)
