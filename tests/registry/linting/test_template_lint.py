"""What lint says of templates alone: every defect is planted and found, with its place."""

import inspect

import pytest

from flan_mix.metrics import Metric, exact_match, matthews, positive_f1
from flan_mix.registry import TfdsSource
from flan_mix.registry.linting import lint_tasks
from flan_mix.templates import LETTERED, FewShot, OptionStyle, Template
from tests.registry.linting.lint_kinds import CLEAN, kinds, kinds_of, make_spec, with_template


def test_nothing_is_found_where_nothing_is_wrong():
    assert lint_tasks([make_spec()]) == []


@pytest.mark.parametrize(
    ("inputs", "targets", "kind"),
    [
        # Both sides hold the answer, as in story_cloze and in the few-shot dialogue inversion.
        ("{question} Is it {answer}?", "{answer}", "answer_leak"),
        # The same question for every example.
        ("Write a sentence.", "{question} {answer}", "constant_input"),
        ("{question} {answer}", "Good.", "constant_target"),
        # The letter n that RTE, ANLI and CB had after the hypothesis.
        ("{question}n\nTrue?", "{answer}", "stray_character"),
        ("Now{question}", "{answer}", "stray_character"),
        (r"{question}\nTrue?", "{answer}", "stray_character"),
        ("{question}\u200b", "{answer}", "stray_character"),
        ("{question}\u00a0Well?", "{answer}", "stray_character"),
        (" {question}", "{answer}", "whitespace"),
        ("{question}\n", "{answer}", "whitespace"),
        ("{question}", "{answer} ", "whitespace"),
        ("{question} And  then?", "{answer}", "whitespace"),
        ("{question} \nAnd then?", "{answer}", "whitespace"),
        ("{question}\n\n\nAnd then?", "{answer}", "whitespace"),
        ("{question}\tAnd then?", "{answer}", "whitespace"),
        ("Of {question} , what is true?", "{answer}", "whitespace"),
        ('He asks: "{question}', "{answer}", "unbalanced"),
        ("He asks (again: {question}", "{answer}", "unbalanced"),
        ("What is the the answer? {question}", "{answer}", "repeated_word"),
        # Options talked about and not shown, as in ARC 6 and TREC 5 and 8.
        ("{question} Which of the options fits?", "{answer}", "options_not_shown"),
        ("{question} Make your choice.", "{answer}", "options_not_shown"),
        ("{question} Say one of the following answers.", "{answer}", "options_not_shown"),
        ("{question} Answer with the letter.", "{answer}", "options_not_shown"),
        ("{question} Is it A, B or C?", "{answer}", "options_not_shown"),
        ("{question} Reply a, b or c.", "{answer}", "options_not_shown"),
        ("{question} Select the correct answer below:", "{answer}", "options_not_shown"),
        ("{question} Which of the above is it?", "{answer}", "options_not_shown"),
        ("{question} Pick it from the ones listed.", "{answer}", "options_not_shown"),
        ("{question} Choose from the following:", "{answer}", "options_not_shown"),
        # A letter as the target, as in STS-B 8 and 9.
        ("{question}", "({answer})", "letter_without_options"),
        ("{question}", "{answer_letter}", "letter_without_options"),
    ],
)
def test_a_defect_of_one_template_is_found(inputs, targets, kind):
    assert (kind, 0) in kinds_of(inputs, targets, fields=("answer_letter",))


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        ("{question}s are what I ask. Well?", "{answer}"),
        ("It is {question}'s turn.", "{answer}"),
        ("1) {question}\n2) Well?", "{answer}"),
        ("I know that that is {question} :)", "{answer}"),
        ('"{question}" (my own)', "{answer}"),
        ("His choice of words: {question}", "{answer}"),
        ("Each has an answer. What is that of the one below?\n{question}", "{answer}"),
        ("{question}\n\nWell?", "{answer}"),
    ],
)
def test_what_is_right_is_left_alone(inputs, targets):
    assert kinds_of(inputs, targets) == []


def test_options_shown_but_not_asked_for_are_found():
    templates = with_template("{question} Well?\n{options}", "It is {question}.")
    found = kinds(make_spec(fields=dict, templates=templates))
    assert ("options_unused", 0) in found


def test_a_template_with_options_that_asks_for_letters_is_found_as_not_all_styles_have_them():
    templates = with_template("{question} Answer with the letter.\n{options}")
    assert kinds(make_spec(fields=dict, templates=templates)) == [("option_style_wording", 0)]


def test_only_an_inverted_template_may_speak_of_answers_that_are_to_be_possible():
    inputs = "Ask something to which {answer} is one of the possible answers."
    assert kinds_of(inputs, "{question}", inverted=True) == []
    assert kinds_of(inputs, "{question}") == [("options_not_shown", 0)]


def test_options_within_a_line_are_noted():
    templates = with_template("{question} Is it {options}?")
    assert kinds(make_spec(fields=dict, templates=templates)) == []
    assert kinds(make_spec(fields=dict, templates=templates), "note") == [("options_inline", 0)]


def test_a_duplicate_but_for_case_and_spaces_is_reported_at_the_later_one():
    twice = [*CLEAN, Template("please answer this for me:  {question}", "{answer}")]
    assert ("duplicate", 10) in kinds(make_spec(templates=twice))


def test_two_templates_that_share_half_of_their_three_grams_are_near_duplicates():
    seven = "{question} Tell me now what you think of that"
    # Seven 3-grams each, of which the last differs: 6 shared of 8.
    templates = [*CLEAN, Template(seven, "{answer}"), Template(seven[:-4] + "this", "{answer}")]
    assert kinds(make_spec(templates=templates)) == [("near_duplicate", 11)]
    other = "{question} Tell me now what others make of this"
    templates = [*CLEAN, Template(seven, "{answer}"), Template(other, "{answer}")]
    assert kinds(make_spec(templates=templates)) == []


def test_two_templates_that_differ_in_a_synonym_are_near_duplicates():
    """A word breaks three 3-grams, which is most of what a short wording has."""
    pair = (
        "{question} Would you kindly tell us that?",
        "{question} Would you gladly tell us that?",
    )
    templates = [*CLEAN, *(Template(inputs, "{answer}") for inputs in pair)]
    (found,) = lint_tasks([make_spec(templates=templates)])
    assert (found.kind, found.template) == ("near_duplicate", 11)
    assert "83% of its words, in the same order, with template 10" in found.message
    other = Template("{question} Would anybody tell me that today?", "{answer}")
    assert kinds(make_spec(templates=[*templates[:11], other])) == []


def test_two_templates_of_one_name_are_found():
    templates = list(CLEAN)
    templates[2:4] = [Template(t.inputs, t.targets, name="same") for t in CLEAN[2:4]]
    assert kinds(make_spec(templates=templates)) == [("duplicate_name", 3)]


def test_too_few_and_too_many_inverted_are_found():
    assert kinds(make_spec(templates=CLEAN[:9])) == [("too_few_templates", None)]
    wordings = ("To what is {answer} a reply?", "{answer} is right. What was asked?")
    wordings += ("Someone answered {answer}. Guess why.", "It says {answer} here: ask for that.")
    wordings += ("Let {answer} be what you want to hear.",)
    inverted = [Template(wording, "{question}", inverted=True) for wording in wordings]
    assert kinds(make_spec(templates=[*CLEAN, *inverted[:4]])) == []
    assert kinds(make_spec(templates=[*CLEAN, *inverted])) == [("too_many_inverted", None)]
    assert ("no_forward_template", None) in kinds(make_spec(templates=inverted))


def test_a_field_that_no_template_shows_is_found():
    fields = {name: name for name in ("id", "question", "answer", "title")}
    assert kinds(make_spec(fields=fields)) == [("unused_field", None)]


def test_mixed_exemplars_that_show_what_others_ask_for_are_a_leak():
    fields = {name: name for name in ("id", "question", "answer", "reason")}
    templates = [
        *CLEAN,
        Template("Why so? {question}", "{reason}"),
        Template("{reason} And so? {question}", "{answer}"),
    ]
    assert kinds(make_spec(fields=fields, templates=templates)) == []
    mixed = FewShot(mixed_templates=True)
    found = kinds(make_spec(fields=fields, templates=templates, few_shot=mixed))
    assert found == [("answer_leak", 10)]


def test_a_metric_that_reads_a_text_letter_by_letter_is_found():
    def score(prediction, references):
        return {"hit": 100.0 * any(prediction == reference for reference in references)}

    hit = Metric("hit", ("hit",), score)
    assert kinds(make_spec(metrics=(exact_match, hit))) == [("metric_iterates_text", None)]
    assert kinds(make_spec(metrics=())) == [("no_metric", None)]


def test_answers_by_name_are_nothing_for_a_metric_of_the_corpus():
    templates = [*CLEAN, Template("Well? {question}\n{options}", "{answer}")]
    letters = OptionStyle("by_name", "(", ") ", "lower", answer_by_name=True)

    def found(metric, *styles):
        return kinds(
            make_spec(fields=dict, templates=templates, metrics=(metric,), option_styles=styles)
        )

    assert found(matthews, letters, LETTERED) == [("unreadable_target", None)]
    assert found(positive_f1, letters) == [("unreadable_target", None)]
    assert found(positive_f1, LETTERED) == found(exact_match, letters) == []


def test_two_tasks_with_the_same_train_rows_are_found():
    mnli = {"train": "train[:300]"}
    matched = make_spec(source=TfdsSource("glue/mnli:2.0.0", mnli | {"test": "validation_matched"}))
    other = make_spec(
        name="other",
        source=TfdsSource("glue/mnli:2.0.0", mnli | {"test": "validation_mismatched"}),
    )
    apart = make_spec(name="apart", source=TfdsSource("glue/mnli:2.0.0", {"train": "train[300:]"}))
    found = lint_tasks([matched, other, apart])
    assert [(f.task, f.kind) for f in found] == [("other", "same_train_rows")]


def test_a_finding_names_file_and_line_of_the_template():
    templates = with_template("Planted here, with a  doubled space: {question}")
    (found,) = lint_tasks([make_spec(templates=templates)])
    lines, start = inspect.getsourcelines(test_a_finding_names_file_and_line_of_the_template)
    planted = start + next(i for i, line in enumerate(lines) if "Planted here" in line)
    assert found.place == f"tests/registry/linting/test_template_lint.py:{planted}"


def test_a_letter_style_names_no_letters_where_none_are_shown():
    templates = [*CLEAN, Template("Well? {question}\n{options}", "{answer}")]
    spec = make_spec(fields=dict, templates=templates, option_styles=(LETTERED,))
    assert kinds(spec) == []
