"""What holds for the templates of every task: their number, their names, how they differ."""

import itertools
import re

from flan_mix.registry import get_task
from flan_mix.templates import Template


def check_wording(name: str) -> None:
    """Fails unless the templates of a task are enough, well formed and different."""
    templates = get_task(name).templates
    inverted = [template for template in templates if template.inverted]
    assert len(templates) - len(inverted) >= 10
    assert 10 * len(inverted) <= 3 * len(templates)
    assert len({template.name for template in templates}) == len(templates)
    for template in templates:
        _check_form(template)
    for one, other in itertools.combinations(templates, 2):
        assert _shared(_word_triples(one), _word_triples(other)) < 0.5, (one.name, other.name)
        if one.inverted == other.inverted:
            assert _shared(set(_words(one)), set(_words(other))) < 0.5, (one.name, other.name)


def check_options(name: str) -> None:
    """Fails unless about half of the templates show options, and no other speaks of a list."""
    forward = [template for template in get_task(name).templates if not template.inverted]
    shown = [template for template in forward if template.uses_options]
    assert 0.35 <= len(shown) / len(forward) <= 0.65
    for template in set(forward) - set(shown):
        spoken = re.search(r"\b(options?|choices?|the following answers)\b", template.inputs)
        assert not spoken, template.name


def _check_form(template: Template) -> None:
    assert not template.input_fields & template.target_fields, template.name
    assert template.input_fields and template.target_fields, template.name
    assert template.inputs == template.inputs.strip(), template.name
    assert not re.search(r"  | \n|\n ", template.inputs), template.name
    for pattern in (template.input_pattern, template.target_pattern):
        text = "".join(pattern.literals)
        assert re.fullmatch(r"[\n -_a-z|]*", text), template.name
        assert not re.search(r"[<\\^{}~`]", text), template.name


def _words(template: Template) -> list[str]:
    return re.findall(r"\w+", " ".join(template.input_pattern.literals).lower())


def _word_triples(template: Template) -> set[str]:
    words = _words(template)
    return {" ".join(words[start : start + 3]) for start in range(len(words) - 2)}


def _shared(one: set, other: set) -> float:
    return len(one & other) / max(len(one | other), 1)
