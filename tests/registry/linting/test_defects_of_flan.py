"""Every defect known of the original collection is found where it is planted, or cannot be written.

PLANTED: what was wrong there, the kind that lint reports it as, and a task with the defect planted.
IMPOSSIBLE: what was wrong there, and the test of ours that holds it out.
"""

import ast
from pathlib import Path
from typing import Any

import pytest

from flan_mix.metrics import Metric, check_scorable, exact_match, rouge
from flan_mix.registry import FileSource, TfdsSource
from flan_mix.registry.linting import lint_tasks
from flan_mix.templates import FewShot, OptionStyle, Template
from flan_mix.vocabularies import ByteVocabulary
from tests.registry.linting.lint_kinds import CLEAN, ROWS, make_spec, with_template

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = "{question}\n{options}"


def wording(inputs, targets="{answer}", fields: Any = dict, **settings):
    """The clean task with one template replaced, and with another template option or two."""
    return lambda rows_of: make_spec(
        templates=with_template(inputs, targets, **settings), fields=fields
    )


def rows(change=lambda row: {}, **settings):
    """The clean task on rows that are changed."""
    settings = {"fields": dict} | settings
    return lambda rows_of: make_spec(
        source=rows_of([row | change(row) for row in ROWS]), **settings
    )


def templates(*more, **settings):
    return lambda rows_of: make_spec(templates=(*CLEAN, *more), fields=dict, **settings)


def by_letters(prediction, references):
    """As t5's squad, given a text where it wants a list."""
    return {"f1": 100.0 * any(prediction == reference for reference in references)}


def of_records(prediction, references):
    """As the metric of ReCoRD, which reads answers from dictionaries."""
    check_scorable(prediction, references)
    return {"f1": 100.0 * (prediction in [reference["text"] for reference in references])}


def of_numbers(prediction, references):
    """As multi-class F1 of CB, which reads labels as numbers."""
    check_scorable(prediction, references)
    return {"f1": 100.0 * (int(prediction) in map(int, references))}


def metric(score):
    return (exact_match, Metric("f1", ("f1",), score))


def alike(row):
    return {"answer": "yes" if int(row["id"]) % 2 else "no"}


DASHES = OptionStyle("dashes", "- ")

PLANTED = [
    ("cnn_dailymail kept the dateline, not the story", "text_shorter_than_summary",
     rows(lambda row: {"question": "LONDON (CNN)", "answer": f"{row['id']} went home." * 9},
          category="summarization", metrics=(rouge,))),
    ("rte, anli, cb had a stray n after the hypothesis", "stray_character",
     wording("{question}n\nTrue?")),
    ("cb's options were true, neither, false; its labels others", "bad_row",
     rows(lambda row: {"answer": "contradiction", "options": ["true", "neither", "false"]},
          templates=with_template(OPTIONS))),
    ("cola had a template twice", "duplicate", templates(CLEAN[3])),
    ("templates differed in a word or two", "near_duplicate",
     templates(Template("The quiz master reads the next card out. {question}", "{answer}"))),
    ("fix_punct took letters beyond a to z away", "letters_lost",
     rows(lambda row: {"question": f"n {row['id']} er her", "answer": f"Nå, {row['id']} er her!"})),
    ("options of inverted templates were scored as targets nobody asked for", "options_unused",
     wording(OPTIONS, "It is {question}.")),
    ("stsb's options were text and its answer a float", "bad_row",
     rows(lambda row: {"answer": 2.5, "options": ["2.5", "1.0"]},
          templates=with_template(OPTIONS))),
    ("coqa, quac, dart, web_nlg had white space at the ends", "whitespace",
     wording("{question}\n")),
    ("story_cloze had the answer on both sides", "answer_leak",
     wording("{question} So {answer}?")),
    ("few-shot dialogue inversion had the dialogue on both sides", "answer_leak",
     wording("{turns_before}\n{next_turn}", "{turns_before}", inverted=True,
             fields=lambda row: {"turns": ["a", "b"]})),
    ("exemplars of other templates showed what the query asks for", "answer_leak",
     templates(Template("Why? {question}", "{reason}"),
               Template("{reason} And so? {question}", "{answer}"),
               few_shot=FewShot(mixed_templates=True))),
    ("thirteen inverted templates had one input for all rows", "constant_input",
     wording("Write a sentence.", "{question} {answer}", inverted=True)),
    ("stsb asked for a letter and showed no options", "letter_without_options",
     wording("{question}", "({answer})")),
    ("arc, trec and others spoke of options and showed none", "options_not_shown",
     wording("{question}\nWhich of the options is it?")),
    ("and said them only as a choice to be made", "options_not_shown",
     wording("{question}\nChoose one of the following answers.")),
    ("87 names of items were 63, 50 speakers 49", "duplicate_style",
     templates(Template(OPTIONS, "{answer}"),
               option_styles=(DASHES, OptionStyle("again", "- ")))),
    ("targets longer than 512 were let through by a filter that never filtered", "long_target",
     rows(lambda row: {"answer": f"{row['id']} " * 50})),
    ("rows without an answer became empty targets", "empty_target",
     rows(lambda row: {"answer": "" if row["id"] == "3" else row["answer"]})),
    ("coqa and quac scored a text letter by letter", "metric_iterates_text",
     templates(metrics=metric(by_letters))),
    ("record's metric wanted dictionaries and got text", "unreadable_target",
     rows(metrics=metric(of_records))),
    ("cb's F1 wanted numbers and got text", "unreadable_target",
     rows(alike, metrics=metric(of_numbers))),
    ("more than three in ten were inverted", "too_many_inverted",
     templates(*(Template(f"{text}: {{answer}}", "{question}", inverted=True) for text in (
         "What is answered by this", "Guess the question", "Undo it", "Ask for that",
         "Which riddle ends so")))),
    ("T5's vocabulary drops what code is written with", "dropped_characters",
     wording("~ {question}")),
    ("fields were carried along that nobody shows", "unused_field",
     rows(lambda row: {"title": "x"})),
]  # fmt: skip


class WithoutTilde(ByteVocabulary):
    """A vocabulary that drops a character, as T5's does."""

    def dropped_characters(self, text):
        return "~" if "~" in text else ""


@pytest.mark.parametrize(("defect", "kind", "plant"), PLANTED, ids=[row[0] for row in PLANTED])
def test_a_defect_of_the_original_is_found(defect, kind, plant, write_jsonl):
    def rows_of(planted):
        return FileSource({"train": str(write_jsonl("planted.jsonl", planted))})

    found = lint_tasks([plant(rows_of)], rows=40, vocabulary=WithoutTilde(), target_length=99)
    assert kind in {finding.kind for finding in found}
    unplanted = make_spec(source=rows_of(ROWS))
    assert lint_tasks([unplanted], rows=40, vocabulary=WithoutTilde(), target_length=99) == []


def test_two_tasks_of_one_slice_are_found_as_mnli_was():
    mnli = {"train": "train[:300]"}
    tasks = [
        make_spec(name=name, source=TfdsSource("glue/mnli:2.0.0", mnli | {"test": name}))
        for name in ("validation_matched", "validation_mismatched")
    ]
    assert [(f.task, f.kind) for f in lint_tasks(tasks)] == [
        ("validation_mismatched", "same_train_rows")
    ]


IMPOSSIBLE = {
    "sentiment140's filter was never called": "registry/linting/test_row_lint.py::"
    "test_a_filter_that_nobody_calls_is_found",
    "options were scored against prompts that ask for something else": "tasks/test_shipped_lint.py"
    "::test_rank_variants_ask_for_the_answer_and_tell_nothing_of_it",
    "few-shot mixtures had no count of examples": "registry/test_few_shot_variants.py::"
    "test_few_shot_variants_count_their_examples",
    "a cap held the rate and not the data": "registry/test_seqio_tasks.py::"
    "test_a_cap_counts_the_same_everywhere",
    "the cap of each Natural Instructions task was not applied": "tasks/"
    "test_super_natural_instructions.py::"
    "test_mixtures_follow_the_split_lists_at_rates_up_to_the_cap",
    "the template went by position and up to nine rows were dropped": "registry/test_seqio_tasks.py"
    "::test_shards_and_shuffling_change_no_text",
    "one template for an example in every epoch": "registry/test_rendering.py::"
    "test_seeds_and_passes_draw_anew_and_the_same_ones_again",
    "draws without seeds": "registry/test_workers.py::test_four_processes_render_what_one_does",
    "more than 26 options had no letters": "templates/test_tensor_rendering.py::"
    "test_long_lists_of_options_are_lettered_past_z",
    "an exemplar could be the query": "registry/test_few_shot_variants.py::"
    "test_on_a_dataset_of_doubles_no_query_ever_sees_itself",
    "the source was read 25 times": "registry/test_few_shot_variants.py::"
    "test_the_source_is_read_once_a_pass_and_once_for_the_pool",
    "separators were not counted": "registry/test_few_shot_variants.py::"
    "test_the_cache_drops_the_farthest_exemplars_until_all_tokens_fit",
    "long tasks lost their few-shot examples": "registry/test_few_shot_variants.py::"
    "test_where_no_exemplar_fits_the_prompt_is_zero_shot_and_counted",
    "an answer that is no option stopped the pipeline or passed": "registry/linting/"
    "test_row_lint.py::test_labels_that_are_not_among_the_options_are_found",
    "no twins without reasoning": "tasks/test_chain_of_thought_sets.py::"
    "test_a_twin_shares_rows_ids_options_and_what_is_known_of_its_source",
    "multirc lost the number of its question": "tasks/test_question_tasks.py::"
    "test_each_proposed_answer_is_judged_by_itself",
    "what was drawn was not kept": "registry/test_few_shot_variants.py::"
    "test_the_text_of_training_examples_is_kept_on_request",
    "shares by examples alone": "runs/test_mixture_facts.py::"
    "test_shares_by_tokens_weigh_by_rate_and_length",
    "winograd schemas in training and test": "tasks/test_flan2021.py::"
    "test_what_flan_overlooked_is_left_out",
}


@pytest.mark.parametrize("defect", IMPOSSIBLE)
def test_what_cannot_be_written_has_a_test_that_says_so(defect):
    file, _, name = IMPOSSIBLE[defect].partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
