"""Every TFDS task in tasks/ renders on mocked data: each template, and, among the slow tests, each
kind of variant and each split."""

import functools
import re

import pytest

from flan_mix.registry import get_task, variant_names
from flan_mix.templates.dialogue import DIALOGUE_FIELDS
from tests.tasks.mocked_tfds import Rendered, mocked_tfds, rendered_by_every_template, tfds_tasks

TASKS = tfds_tasks()
# Their filters let nearly all mocked rows pass.
BARELY_FILTERED = {
    *("flan_lambada", "flan_qrecc", "flan_trivia_qa_wiki_missing", "flan_unified_qa_science_inst"),
    "flan_wiki_dialog",
}
every_task = pytest.mark.parametrize("name", TASKS)


@pytest.fixture(scope="module", autouse=True)
def _mocked():
    with mocked_tfds():
        yield


@functools.cache
def rendered(name: str) -> list[Rendered]:
    return rendered_by_every_template(get_task(name))


def test_there_are_tfds_tasks():
    assert "flan_rte" in TASKS


@every_task
def test_every_template_gives_text_on_both_sides(name):
    examples = rendered(name)
    assert {example.template for example in examples} == set(get_task(name).templates)
    for example in examples:
        assert example.inputs.strip(), example.template
        assert example.targets.strip(), example.template


@every_task
def test_what_is_rendered_is_the_template_with_the_rows_fields_in_it(name):
    for template, style, fields, options, answer, inputs, targets in rendered(name):
        if template.fields & DIALOGUE_FIELDS:
            continue
        shown = style.render(options) if style else ""
        assert inputs == template.render({**fields, "options": shown}).inputs
        if style and "answer" in template.target_fields:
            fields = {**fields, "answer": style.answer(options, answer)}
        assert targets == template.render({**fields, "options": shown}).targets
        # Mocked text has none: it could only be the template's own.
        assert not {"{", "}"} & set(inputs + targets), template


@every_task
def test_options_are_shown_where_a_template_asks_for_them_and_the_answer_is_one(name):
    for example in rendered(name):
        assert (example.style is not None) == example.template.uses_options
        if example.style:
            assert example.options, example.template
            assert all(option in example.inputs for option in example.options), example.template
        if example.options and "answer" in example.template.fields:
            assert example.answer in example.options, example.template


@pytest.mark.slow
@every_task
def test_every_variant_renders_and_every_split(name):
    from flan_mix.registry.rendering import render

    spec = get_task(name)
    # One of the single templates stands for all: each has been rendered above.
    variants = [
        kind for kind in variant_names(spec) if not re.fullmatch(r"template_[1-9]\d*", kind)
    ]
    asked = [(name, split) for split in spec.splits]
    asked += [(f"{name}.{kind}", spec.splits[0]) for kind in variants]
    # Here all rows are rendered: no more than it takes for some to pass the task's filter.
    with mocked_tfds(600 if spec.source.keep and name not in BARELY_FILTERED else 12):
        for task, split in asked:
            examples = list(render(task, split))
            assert examples, (task, split)
            for example in examples:
                assert example.inputs.strip() and example.targets.strip(), (task, example)
