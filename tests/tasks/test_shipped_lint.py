"""Lint has nothing to say against the templates of any task that comes with Flan Mix."""

from flan_mix.registry import get_task
from flan_mix.registry.linting import lint_tasks
from flan_mix.runs.task_selection import SHIPPED, select


def test_no_task_of_ours_has_a_finding():
    specs = select([SHIPPED])
    names = {spec.name for spec in specs}
    assert {"starter_chats", "samsum", "rte"} <= names
    found = [finding for finding in lint_tasks(specs) if finding.severity == "finding"]
    assert found == []


def test_rank_variants_never_use_inverted_templates():
    # Options would be scored against prompts that do not ask for them.
    for spec in select([SHIPPED]):
        if any(t.uses_options and "answer" in t.target_fields for t in spec.templates):
            ranked = get_task(f"{spec.name}.rank")
            assert not any(spec.templates[number].inverted for number in ranked.drawn or ())
