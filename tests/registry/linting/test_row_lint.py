"""What lint says of rows and of a vocabulary: every defect is planted in data and found."""

import dataclasses
from pathlib import Path

import pytest

from flan_mix.metrics import (
    Metric,
    accuracy,
    correlation,
    exact_match,
    faithfulness,
    positive_f1,
    question_match,
    rouge,
)
from flan_mix.registry import FileSource, TaskError, add_task, remove
from flan_mix.registry.linting import lint_tasks
from flan_mix.registry.linting.finding import KINDS
from flan_mix.tasks.starter import STARTER_VOCABULARY
from flan_mix.templates import OptionStyle, Template
from flan_mix.vocabularies import ByteVocabulary, SentencePieceVocabulary, train_sentencepiece
from tests.registry.linting.lint_kinds import CLEAN, ROWS, kinds, make_spec, with_template


@pytest.fixture
def spec_of(write_jsonl):
    """The clean task on rows of the test's own."""

    def make(rows=ROWS, **changes):
        path = write_jsonl("rows.jsonl", rows)
        return make_spec(source=FileSource({"train": str(path)}), **changes)

    return make


def with_options(row):
    return {**row, "options": ["true", "neither", "false"]}


def test_nothing_is_found_in_rows_where_nothing_is_wrong(spec_of):
    assert lint_tasks([spec_of()], rows=40, vocabulary=ByteVocabulary(), target_length=9) == []


def test_data_that_is_not_there_is_a_note():
    assert kinds(make_spec(), "note", rows=5) == [("not_read", None)]


def test_where_the_train_split_is_elsewhere_another_is_looked_at(write_jsonl):
    path = write_jsonl("rows.jsonl", [{**row, "answer": ""} for row in ROWS])
    source = FileSource({"train": "nowhere.jsonl", "validation": str(path)})
    assert ("empty_field", None) in kinds(make_spec(source=source), rows=40)


def test_labels_that_are_not_among_the_options_are_found(spec_of):
    # CB: options true, neither, false; labels entailment, contradiction, neutral.
    rows = [{**row, "answer": "contradiction"} for row in ROWS]
    templates = with_template("{question}\n{options}")
    (found,) = lint_tasks([spec_of(rows, fields=with_options, templates=templates)], rows=5)
    assert found.kind == "bad_row"
    assert "line 1, field 'answer'" in found.message and "'contradiction'" in found.message


def test_a_field_that_rows_lack_is_found_with_its_line(spec_of):
    templates = with_template("{question} {hint}")
    (found,) = lint_tasks([spec_of(fields=lambda row: row, templates=templates)], rows=5)
    assert found.kind == "bad_row" and "{hint}" in found.message and "line 1" in found.message


def test_numbers_where_text_should_be_are_found(spec_of):
    # STS-B's targets were floats beside options of text.
    rows = [{**row, "answer": 2.5} for row in ROWS]
    assert kinds(spec_of(rows), rows=5) == [("bad_row", None)]


def test_fields_and_options_that_a_function_gives_for_nobody_are_found(spec_of):
    spec = spec_of(fields=lambda row: {**row, "title": "x"})
    assert kinds(spec, rows=5) == [("unused_field", None)]
    spec = spec_of(fields=lambda row: {**row, "options": [row["answer"], "no"]})
    assert ("unused_field", None) in kinds(spec, rows=5)


def test_a_field_that_a_task_of_the_same_rows_shows_is_of_use(spec_of):
    def fields(row):
        return {**row, "reason": "x"}

    reasons = [Template(f"Why? {t.inputs}", "{reason}") for t in CLEAN]
    twin = add_task(dataclasses.replace(spec_of(fields=fields), name="twin", templates=reasons))
    try:
        assert kinds(spec_of(fields=fields), rows=5) == []
    finally:
        remove(twin.name)
    assert kinds(spec_of(fields=fields), rows=5) == [("unused_field", None)]


def test_an_option_listed_twice_is_found(spec_of):
    spec = spec_of(
        fields=lambda row: {**row, "options": [row["answer"]] * 2},
        templates=with_template("{question}\n{options}"),
    )
    assert ("doubled_options", None) in kinds(spec, rows=5)


def test_inputs_that_never_change_are_found(spec_of):
    rows = [{**row, "hint": "Think."} for row in ROWS]
    spec = spec_of(rows, fields=dict, templates=with_template("{hint} Now."))
    assert ("constant_input", 0) in kinds(spec, rows=40)
    spec = spec_of([{**row, "answer": "4"} for row in ROWS])
    assert ("constant_target", 3) in kinds(spec, rows=40)


def test_another_field_with_the_answer_in_it_is_a_leak(spec_of):
    rows = [{**row, "gold": row["answer"]} for row in ROWS]
    spec = spec_of(rows, fields=dict, templates=with_template("{question} {gold}"))
    assert ("answer_leak", 0) in kinds(spec, rows=40)


def test_a_field_that_is_a_code_of_the_answer_is_a_leak(spec_of):
    rows = [{**row, "answer": ("no", "yes")[i % 2], "label": i % 2} for i, row in enumerate(ROWS)]
    templates = with_template("{question} {label}")
    assert ("answer_leak", 0) in kinds(spec_of(rows, fields=dict, templates=templates), rows=40)
    # What is no more than a hint is left alone.
    rows[0]["label"] = 1
    assert kinds(spec_of(rows, fields=dict, templates=templates), rows=40) == []


def test_letters_for_which_no_list_is_shown_are_found_in_the_data(spec_of):
    rows = [{**row, "answer": f"({'abcd'[i % 4]})"} for i, row in enumerate(ROWS)]
    found = kinds(spec_of(rows), rows=40)
    assert found == [("letter_without_options", number) for number in range(10)]
    listed = [{**row, "question": f"{row['question']}\n(a) 1 (b) 2 (c) 3 (d) 4"} for row in rows]
    assert kinds(spec_of(listed), rows=40) == []


def test_a_postprocess_that_makes_one_text_of_all_targets_is_found(spec_of):
    """Metrics see nothing else, so every prediction would be right."""
    found = lint_tasks([spec_of(postprocess=lambda text: text.partition("answer is")[2])], rows=40)
    assert {f.kind for f in found} == {"unreadable_target"} and len(found) == 10
    assert found[0].message.startswith("postprocess makes '' of each of 20 different targets")
    assert kinds(spec_of(postprocess=str.strip), rows=40) == []


def test_empty_and_overlong_targets_are_found(spec_of):
    rows = [{**row, "answer": "" if i < 30 else "x" * 20} for i, row in enumerate(ROWS)]
    found = kinds(spec_of(rows), rows=40, vocabulary=ByteVocabulary(), target_length=20)
    assert {("empty_field", None), ("empty_target", 4), ("long_target", 4)} <= set(found)
    assert ("long_target", 4) not in kinds(
        spec_of(rows), rows=40, vocabulary=ByteVocabulary(), target_length=21
    )


def test_a_dateline_in_place_of_the_article_is_found(spec_of):
    # cnn_dailymail kept what stands ahead of the separator.
    rows = [
        {**row, "question": "LONDON (CNN)", "answer": f"{row['id']} went home." * 9} for row in ROWS
    ]
    spec = spec_of(rows, category="summarization", metrics=(rouge,))
    assert ("text_shorter_than_summary", 0) in kinds(spec, rows=40)


def test_letters_that_a_pattern_of_a_to_z_took_away_are_found(spec_of):
    # fix_punct: \w of RE2 knows ASCII only.
    rows = [
        {"id": row["id"], "question": f"n {i} er hjemme nu", "answer": f"Nå, {i} er hjemme nu!"}
        for i, row in enumerate(ROWS)
    ]
    assert ("letters_lost", 0) in kinds(spec_of(rows), rows=40)
    rows = [{**row, "question": row["question"].replace("n ", "nå ", 1)} for row in rows]
    assert kinds(spec_of(rows), rows=40) == []


def test_metrics_that_cannot_read_their_targets_are_found(spec_of):
    # Numbers of labels against their texts.
    numbers = Metric(
        "numbers", ("numbers",), lambda p, r: {"numbers": 100.0 * (int(p) in map(int, r))}
    )
    rows = [{**row, "answer": "yes" if i % 2 else "no"} for i, row in enumerate(ROWS)]
    found = kinds(spec_of(rows, metrics=(exact_match, numbers)), rows=5)
    assert found == [("unreadable_target", number) for number in range(10)]
    # What scoring reads is not what targets say.
    spec = spec_of(metrics=(accuracy,), postprocess=lambda text: text.partition(":")[2])
    assert kinds(spec, rows=5) == [("unreadable_target", number) for number in range(10)]
    references = spec_of(
        fields=lambda row: {**row, "references": ["the " + row["answer"] + "!"]},
        metrics=(accuracy,),
    )
    assert kinds(references, rows=5) == [("unreadable_target", number) for number in range(10)]


def test_metrics_that_need_sources_and_ids_get_those_of_the_rows(spec_of):
    repeated = [{**row, "answer": f"They ask of {i}."} for i, row in enumerate(ROWS)]
    assert kinds(spec_of(repeated, metrics=(rouge, faithfulness)), rows=5) == []
    judged = [{**row, "answer": "yes" if i % 3 else "no"} for i, row in enumerate(ROWS)]
    grouped = [{**row, "id": f"{i // 4}-{i % 4}"} for i, row in enumerate(judged)]
    assert kinds(spec_of(grouped, metrics=(positive_f1, question_match)), rows=40) == []
    # Ids that tell of no question.
    found = lint_tasks([spec_of(judged, metrics=(question_match,))], rows=40)
    assert [(each.kind, each.template) for each in found] == [("unreadable_target", None)]
    assert "cannot score the right answers together: ValueError: the id '" in found[0].message


def test_a_metric_of_all_rows_that_gives_the_right_answers_nothing_is_found(spec_of):
    # The references run against the targets.
    backward = [{**row, "references": [str(-i)]} for i, row in enumerate(ROWS)]
    fields = {name: name for name in ("id", "question", "answer", "references")}
    found = lint_tasks([spec_of(backward, fields=fields, metrics=(correlation,))], rows=40)
    assert [(each.kind, each.template) for each in found] == [("unreadable_target", None)]
    assert "gives the right answers 0 together" in found[0].message
    # Where every answer is the same, nothing correlates and nothing is wrong.
    same = [{**row, "answer": "3"} for row in ROWS]
    assert ("unreadable_target", None) not in kinds(spec_of(same, metrics=(correlation,)), rows=5)


def test_letters_as_targets_are_scored_against_letters(spec_of):
    style = OptionStyle("by_name", "(", ") ", "lower", answer_by_name=True)
    spec = spec_of(
        fields=lambda row: {
            **row,
            "options": [row["answer"], "0"] if int(row["id"]) % 2 else ["1", row["answer"]],
            "references": [row["answer"]],
        },
        templates=with_template("{question}\n{options}"),
        option_styles=(style,),
        metrics=(accuracy,),
    )
    assert kinds(spec, rows=5) == []


@pytest.fixture(scope="module")
def without_braces(tmp_path_factory):
    """A vocabulary without newline, braces and tilde, as T5's."""
    file = tmp_path_factory.mktemp("vocabulary") / "small.model"
    text = " ".join(row["question"] + row["answer"] for row in ROWS) + " ".join(
        template.inputs for template in CLEAN
    )
    train_sentencepiece([text.replace("{", "").replace("}", "")] * 20, file, vocab_size=60)
    return SentencePieceVocabulary(file)


def test_characters_that_the_vocabulary_lacks_are_found(spec_of, without_braces):
    planted = with_template("~ {question}")
    found = kinds(spec_of(templates=planted), vocabulary=without_braces)
    assert found == [("dropped_characters", 0)]
    notes = kinds(spec_of(), "note", vocabulary=without_braces)
    assert notes == [("dropped_characters", None)]  # Newlines.


def test_characters_of_the_data_are_counted(spec_of, without_braces):
    rows = [{**row, "answer": f"{{{row['answer']}}}"} for row in ROWS]
    found = [
        f
        for f in lint_tasks([spec_of(rows)], rows=40, vocabulary=without_braces)
        if f.severity == "finding"
    ]
    assert [f.kind for f in found] == ["dropped_characters"]
    assert "{ in 100.0%" in found[0].message and "sampled targets" in found[0].message


def test_the_starter_vocabulary_has_every_character_of_a_keyboard(spec_of):
    vocabulary = SentencePieceVocabulary(STARTER_VOCABULARY)
    assert kinds(spec_of(), rows=40, vocabulary=vocabulary) == []


def test_a_filter_that_nobody_calls_is_found(tmp_path, monkeypatch):
    # sentiment140: the filter against neutral rows was written and never used.
    (tmp_path / "planted_module.py").write_text(
        "from tests.registry.linting.lint_kinds import make_spec\n"
        "from flan_mix.registry import TaskSpec\n"
        "NAME = 'planted_sentiment'\n"
        "def _used(row):\n    return row\n"
        "def _keep(row):\n    return row['label'] != 2\n"
        "SPEC = make_spec(name=NAME, fields=_used)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    module = importlib.import_module("planted_module")
    (found,) = lint_tasks([module.SPEC])
    assert (found.kind, found.message.split()[0]) == ("unused_function", "_keep")
    assert found.place.endswith("planted_module.py:6")


def test_a_field_that_another_task_of_the_same_function_shows_is_not_unused(spec_of):
    def fields(row):
        return {**row, "title": "x"}

    showing = add_task(
        make_spec(name="showing", fields=fields, templates=with_template("{title} {question}"))
    )
    try:
        assert kinds(spec_of(fields=fields), rows=5) == []
    finally:
        remove(showing.name)
    assert kinds(spec_of(fields=fields), rows=5) == [("unused_field", None)]


def test_an_accepted_finding_is_a_note_with_its_reason_and_others_stay(spec_of):
    rows = [{**row, "answer": "yes " * 20} for row in ROWS]
    limits = {"rows": 40, "vocabulary": ByteVocabulary(), "target_length": 9}
    found = lint_tasks([spec_of(rows)], **limits)
    assert {f.kind for f in found if f.severity == "finding"} >= {"long_target"}
    accepted = spec_of(rows, accepted={"long_target": "they are that long"})
    told = lint_tasks([accepted], **limits)
    assert [(f.kind, f.template) for f in told] == [(f.kind, f.template) for f in found]
    of_length = [f for f in told if f.kind == "long_target"]
    assert all(f.severity == "note" for f in of_length)
    assert all("Accepted: they are that long" in f.message for f in of_length)
    other = lint_tasks([spec_of(rows, accepted={"empty_field": "so it is"})], **limits)
    assert [f.severity for f in other] == [f.severity for f in found]


def test_an_acceptance_without_a_reason_is_refused(spec_of):
    with pytest.raises(TaskError, match="says why"):
        spec_of(accepted={"long_target": " "})


def test_accepting_a_kind_that_does_not_exist_is_a_finding(spec_of):
    found = lint_tasks([spec_of(accepted={"long_targets": "they are that long"})])
    [slip] = [finding for finding in found if finding.kind == "unknown_kind"]
    assert "'long_targets'" in slip.message and "'long_target'" in slip.message
    assert slip.severity == "finding"


def test_the_documented_kinds_are_those_that_there_are():
    guide = Path(__file__).parents[3] / "docs" / "adding-a-task.md"
    table = guide.read_text(encoding="utf-8").split("| kind | what it means |")[1].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {kind.strip() for row in rows for kind in row.split(",")} == KINDS
