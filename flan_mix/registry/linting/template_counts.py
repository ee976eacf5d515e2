"""Lint of how many templates a task has."""

from collections.abc import Iterator

from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TaskSpec

FEWEST = 10
MOST_INVERTED = 0.3


def count_findings(spec: TaskSpec) -> Iterator[Finding]:
    """Too few templates, too many inverted."""
    inverted = sum(template.inverted for template in spec.templates)
    if len(spec.templates) < FEWEST:
        yield Finding(
            spec.name,
            "too_few_templates",
            f"{len(spec.templates)} templates, {FEWEST} are wanted: a model learns the wording of "
            "few rather than the task.",
        )
    if inverted == len(spec.templates):
        yield Finding(spec.name, "no_forward_template", "all templates are inverted.")
    elif inverted > MOST_INVERTED * len(spec.templates):
        yield Finding(
            spec.name,
            "too_many_inverted",
            f"{inverted} of {len(spec.templates)} templates are inverted; at most three in ten.",
        )
