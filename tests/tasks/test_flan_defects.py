"""What was wrong in the templates and mixtures of the original FLAN is wrong in no task of ours.

Here stands what can be told of every task at once. Of single datasets: the bodies of CNN's stories
in test_generation_tasks; neutral tweets and letters of all alphabets in test_classification_tasks;
the order of CB's labels, MNLI's halves, STS-B's numbers and which metrics must not get a letter in
test_language_tasks; answers to MultiRC, each judged by itself, in test_question_tasks; rows that
were tested on by three tasks at once in test_flan2021_table.
"""

import importlib
import json
import pkgutil
import re

import pytest

import flan_mix.tasks
from flan_mix.registry import TaskSpec, add_task, get_task, remove, task_names, variant_names
from flan_mix.registry.file_source import FileSource
from flan_mix.templates import Template
from tests.tasks.wording_checks import check_wording

for _module in pkgutil.iter_modules(flan_mix.tasks.__path__, "flan_mix.tasks."):
    importlib.import_module(_module.name)
TASKS = tuple(name for name in task_names() if not name.startswith("ni_"))

# Metrics that read the words of an answer, not only whether two are the same.
READ_IN_FULL = {"positive_f1", "correlation", "numbered_f1"}

every_task = pytest.mark.parametrize("name", TASKS)


def test_there_are_tasks_of_all_modules():
    assert {"flan_rte", "cot_aqua", "aqua", "fewglue_wic", "samsum", "starter_nli"} <= set(TASKS)


@every_task
def test_no_letter_is_stuck_to_a_field(name):
    # "{hypothesis}n", from a line break that lost its backslash.
    for template in get_task(name).templates:
        for pattern in (template.input_pattern, template.target_pattern):
            stuck = [text for text in pattern.literals[1:] if re.match(r"[A-Za-z0-9]", text)]
            assert not stuck, (template.name, stuck)


@every_task
def test_no_prompt_is_the_same_for_all_rows_and_none_shows_what_it_asks_for(name):
    for template in get_task(name).templates:
        # The two sentences of sense-making are its options.
        own = set() if "sensemaking" in name else {"options"}
        assert template.input_fields - own, template.name
        assert not template.input_fields & template.target_fields, template.name


@every_task
def test_templates_are_all_different_and_have_no_space_around_them(name):
    templates = get_task(name).templates
    assert len({template.inputs.casefold() for template in templates}) == len(templates)
    for template in templates:
        assert template.inputs == template.inputs.strip(), template.name
        assert template.targets == template.targets.strip(), template.name


@pytest.mark.parametrize("name", [name for name in TASKS if not name.startswith("starter_")])
def test_templates_differ_in_more_than_a_few_words(name):
    check_wording(name)


@every_task
def test_options_are_never_scored_under_a_template_that_asks_for_something_else(name):
    spec = get_task(name)
    if "rank" not in variant_names(spec):
        return
    for number in get_task(f"{name}.rank").drawn or ():
        template = spec.templates[number]
        assert not template.inverted, template.name
        assert template.target_fields == {"answer"}, template.name


@every_task
def test_whoever_is_shown_no_options_is_not_told_of_any(name):
    spec = get_task(name)
    if "no_options" not in variant_names(spec):
        return
    for number in get_task(f"{name}.no_options").drawn or ():
        template = spec.templates[number]
        assert "options" not in template.fields
        spoken = re.search(r"\boptions?\b|\bof the choices\b", template.inputs, re.IGNORECASE)
        assert not spoken, template.name


@every_task
def test_what_must_be_read_as_yes_or_a_number_is_never_answered_by_a_letter(name):
    spec = get_task(name)
    if {metric.name for metric in spec.metrics} & READ_IN_FULL and spec.uses_options:
        assert not any(style.answer_by_name for style in spec.option_styles)


def test_few_shot_variants_mix_at_the_rate_of_their_rows_uncached(tmp_path):
    seqio = pytest.importorskip("seqio")
    rows = [{"id": str(i), "q": f"question {i}", "a": "x"} for i in range(7)]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    add_task(
        TaskSpec(
            name="counted",
            category="counting",
            source=FileSource({"train": "train.jsonl"}, data_dir=tmp_path),
            fields={"id": "id", "q": "q", "a": "a"},
            templates=[Template("{q}", "{a}")],
        )
    )
    try:
        task = seqio.get_mixture_or_task("counted.few_shot")
        assert seqio.mixing_rate_num_examples(task, maximum=5, scale=2.0) == 5
        assert seqio.mixing_rate_num_examples(task) == 7
    finally:
        remove("counted")
