"""FLAN 2021: all 70 tasks, and held-out mixtures in which nothing tested was trained on."""

import subprocess
import sys

import pytest

from flan_mix.registry import ExamplesProportional, get_mixture, get_task, hold_out
from flan_mix.tasks.flan2021 import TASKS, TASKS_BY_CATEGORY
from flan_mix.tasks.flan2021_held_out import BY_CATEGORIES, HELD_OUT, WITHIN, WITHIN_SPLITS

# FLAN's clusters -> how many tasks it tested on and trained on with it held out (task_splits.py).
FLANS_OWN = {
    "summarization": (11, 58),
    "structure_to_text": (4, 65),
    "reading_comprehension": (6, 61),
    "open_domain_qa": (4, 65),
    "paraphrase": (4, 55),
    "sentiment": (4, 65),
    "text_formatting": (3, 66),
    "common_sense": (4, 63),
    "translation": (8, 61),
    "coreference": (3, 66),
    "nli": (10, 55),
    "math": (1, 68),
    "conversational_qa": (2, 67),
    "word_disambiguation": (1, 68),
    "linguistic_acceptability": (1, 68),
    "question_classification": (1, 68),
    "read_comp_and_common_sense": (2, 57),
}


def short(names):
    return {name.removeprefix("flan_") for name in names}


def left_out_for_their_text(held):
    return [task for task, reason in held.left_out if reason.startswith("shares the text")]


def test_all_seventy_tasks_are_there_each_in_its_category_and_collection():
    assert len(set(TASKS)) == 70
    for category, names in TASKS_BY_CATEGORY.items():
        for name in names:
            spec = get_task(f"flan_{name}")
            assert spec.category == category, name
            assert "flan2021" in spec.collections, name


def test_the_mixture_has_every_task_with_training_data_at_flans_rates():
    parts = dict(get_mixture("flan2021").parts)
    assert set(parts.values()) == {ExamplesProportional(cap=3000)}
    assert set(TASKS) - set(parts) == {"flan_wsc273"}


def test_every_task_has_ten_templates_and_at_most_three_that_are_inverted():
    for name in TASKS:
        templates = get_task(name).templates
        inverted = sum(template.inverted for template in templates)
        assert len(templates) >= 10, name
        assert inverted <= 3, name


@pytest.mark.parametrize("category", FLANS_OWN)
def test_a_held_out_category_is_tested_as_flan_did_and_trained_on_less_only_for_shared_text(
    category,
):
    tested, trained = FLANS_OWN[category]
    held = HELD_OUT[category]
    assert len(set(held.evaluation_tasks) - {"flan_wsc273"}) == tested
    assert len(held.train_tasks) + len(left_out_for_their_text(held)) == trained
    texts = {text for task in held.evaluation_tasks for text in get_task(task).text_sources}
    for task in held.train_tasks:
        assert not texts & set(get_task(task).text_sources), task


@pytest.mark.parametrize(
    ("category", "kept_away"),
    [
        # Each overlap across clusters that is known of FLAN's, from both sides.
        ("nli", {"squad_v1", "squad_v2", "wsc", "winogrande"}),
        ("coreference", {"wnli"}),
        ("reading_comprehension", {"qnli", "coqa", "quac", "arc_easy", "arc_challenge"}),
        ("conversational_qa", {"squad_v1", "squad_v2"}),
        ("open_domain_qa", {"openbookqa"}),
        ("translation", {"true_case", "fix_punct", "word_segment"}),
        ("text_formatting", {"para_crawl_enes"}),
    ],
)
def test_what_flan_overlooked_is_left_out(category, kept_away):
    held = HELD_OUT[category]
    assert kept_away <= short(left_out_for_their_text(held))
    assert not kept_away & short(held.train_tasks)


@pytest.mark.parametrize("category", FLANS_OWN)
def test_what_flan_left_out_is_left_out_for_flans_reason(category):
    also_removed = {
        "reading_comprehension": {"cosmos_qa", "record"},
        "paraphrase": set(TASKS_BY_CATEGORY["nli"]),
        "common_sense": {"cosmos_qa", "record"},
        "nli": set(TASKS_BY_CATEGORY["paraphrase"]),
        "read_comp_and_common_sense": {
            *TASKS_BY_CATEGORY["reading_comprehension"],
            *TASKS_BY_CATEGORY["common_sense"],
        },
    }
    held = HELD_OUT[category]
    related = [task for task, reason in held.left_out if "is too near to" in reason]
    assert short(related) == also_removed.get(category, set())


def test_a_category_held_out_by_hand_is_the_one_that_was_registered():
    assert hold_out("flan2021", category="nli") == HELD_OUT["nli"]
    assert get_mixture("flan2021_without_nli_train").parts
    assert get_mixture("flan2021_nli_eval").parts


def test_splits_within_categories_test_every_task_that_has_a_sibling():
    tested = short(set().union(*(held.evaluation_tasks for held in WITHIN)))
    for names in TASKS_BY_CATEGORY.values():
        texts = [set(get_task(f"flan_{name}").text_sources) for name in names]
        if set.intersection(*texts) or len(names) == 1:
            assert not tested & set(names)
        else:
            assert len(tested & set(names)) >= min(len(names), WITHIN_SPLITS)
    for held in WITHIN:
        assert not set(held.train_tasks) & set(held.evaluation_tasks)


def test_the_study_of_categories_adds_one_at_a_time():
    counts = [len(held.train_tasks) + len(held.left_out) for held in BY_CATEGORIES.values()]
    assert counts == [11, 19, 25, 29, 33, 36, 38]
    for held in BY_CATEGORIES.values():
        assert held.evaluation == "flan2021_nli_and_common_sense_and_open_domain_qa_eval"
        categories = {get_task(task).category for task in held.train_tasks}
        assert not categories & {"nli", "common_sense", "open_domain_qa"}


def test_the_collection_imports_without_tensorflow_in_a_second():
    program = (
        "import sys, time, flan_mix.registry; start = time.process_time()\n"
        "import flan_mix.tasks.flan2021_held_out\n"
        "took = time.process_time() - start\n"
        "heavy = {'tensorflow', 'seqio', 'tensorflow_datasets'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0 if took < 1 else f'{took:.2f} s')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "."})
