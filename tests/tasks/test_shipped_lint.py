"""Lint has nothing to say against the templates of any task that comes with Flan Mix."""

from flan_mix.registry import get_task, is_task
from flan_mix.registry.linting import lint_tasks
from flan_mix.runs.task_selection import SHIPPED, select


def test_no_task_of_ours_has_a_finding():
    specs = select([SHIPPED])
    names = {spec.name for spec in specs}
    assert {"starter_chats", "samsum", "rte"} <= names
    found = [finding for finding in lint_tasks(specs) if finding.severity == "finding"]
    assert found == []


def test_rank_variants_ask_for_the_answer_and_tell_nothing_of_it():
    # Options would be scored against prompts that do not ask for them, or beside reasoning that
    # leads to the right one.
    ranked = [spec for spec in select([SHIPPED]) if is_task(f"{spec.name}.rank")]
    assert len(ranked) > 40
    for spec in ranked:
        for number in get_task(f"{spec.name}.rank").drawn or ():
            template = spec.templates[number]
            assert not template.inverted
            assert template.target_fields == {"answer"}
            assert "answer" not in template.input_fields
