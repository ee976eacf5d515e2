"""What the question tasks make of a row: readers of files, functions on TFDS's rows, one metric."""

import json

import pytest

from flan_mix.registry import BadRowError, RowCounts, field_rows, get_task
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    common_sense,
    conversational_qa,
    open_domain_qa,
    read_comp_and_common_sense,
    reading_comprehension,
)
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path

# (task, split) -> rows; the sources state them.
ROWS = {
    ("dream", "train"): 6116,
    ("dream", "validation"): 2040,
    ("dream", "test"): 2041,
    ("fewglue_boolq", "train"): 32,
    ("fewglue_multirc", "train"): 154,
    ("fewglue_record", "train"): 32,
    ("nq_open", "validation"): 3610,
    ("nq_open", "test"): 1800,
    ("copa", "train"): 500,
    ("copa", "test"): 500,
    ("piqa", "validation"): 1838,
    ("commonsenseqa", "train"): 9741,
    ("commonsenseqa", "validation"): 1221,
    ("cosmosqa", "validation"): 2985,
}
COPA_ITEM = """<item id="7" asks-for="cause" most-plausible-alternative="2">
  <p>The lamp went out.</p>
  <a1>It was bright.</a1>
  <a2>Its bulb was old.</a2>
</item>
"""


@pytest.fixture
def rows_of(monkeypatch, tmp_path):
    """Rows of a file task whose files are written here."""
    monkeypatch.setenv(NAME, str(tmp_path))

    def read(task, split, files):
        for file, text in files.items():
            path = tmp_path / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return list(field_rows(get_task(task), split))

    return read


def by_field(task, row):
    return dict(zip(get_task(task).text_fields, row.texts, strict=True))


def tfds_fields(task, row):
    """What a TFDS task's function makes of a row of plain values, as plain values again."""
    tf = pytest.importorskip("tensorflow")

    def tensors(value):
        if isinstance(value, dict):
            return {name: tensors(inner) for name, inner in value.items()}
        return tf.constant(value, tf.string) if value == [] else tf.constant(value)

    def text(value):
        return value.decode() if isinstance(value, bytes) else value

    def plain(tensor):
        value = tensor.numpy()
        return [text(each) for each in value] if tensor.shape.rank else text(value)

    return {name: plain(value) for name, value in get_task(task).fields(tensors(row)).items()}


def test_every_question_about_a_conversation_is_a_row(rows_of):
    questions = [
        {"question": f"Who spoke {when}?", "choice": ["Ann", "Bob", "Eve"], "answer": "Bob"}
        for when in ("first", "last")
    ]
    dialogues = [[["Bob: Hi.", "Ann: Hello. "], questions, "d-1"], [["Bob: Hm."], [], "d-2"]]
    text = json.dumps(dialogues, indent=1)
    rows = rows_of("dream", "train", {"dream/train.json.gz": text})
    assert [row.id for row in rows] == ["d-1-1", "d-1-2"]
    shown = {"passage": "Bob: Hi.\nAnn: Hello.", "question": "Who spoke last?", "answer": "Bob"}
    assert by_field("dream", rows[1]) == shown
    assert rows[1].options == ("Ann", "Bob", "Eve")


def test_a_bad_question_about_a_conversation_is_told_by_its_line(rows_of):
    bad = {"question": "Who?", "choice": ["Ann", "Eve"], "answer": "Bob"}
    text = json.dumps([[["Bob: Hi."], [], "d-1"], [["Bob: Hi."], [bad], "d-2"]], indent=1)
    line = 1 + text[: text.index('"d-2"')].count("\n")
    with pytest.raises(BadRowError, match=f"line {line}, .*'Bob' is none of the options"):
        rows_of("dream", "train", {"dream/train.json.gz": text})
    with pytest.raises(BadRowError, match="invalid JSON"):
        rows_of("dream", "train", {"dream/train.json.gz": text[:-3]})


def test_copa_asks_for_a_cause_or_an_effect(rows_of):
    effect = COPA_ITEM.replace('"7"', '"8"').replace("cause", "effect")
    text = f"<copa-corpus>\n{COPA_ITEM}{effect}</copa-corpus>\n"
    rows = rows_of("copa", "train", {"copa/copa-dev.xml": text})
    assert [(row.id, row.answer) for row in rows] == [("7", "Its bulb was old."), ("8", rows[0][3])]
    cause, effect = (by_field("copa", row) for row in rows)
    assert (cause["asks"], cause["link"]) == ("cause", "This happened because")
    assert (effect["asks"], effect["link"]) == ("effect", "As a consequence,")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COPA_ITEM.replace("a2", "a3"), "line 2: .*an item without second"),
        (COPA_ITEM.replace(' id="7"', ""), "line 2: .*an item without id"),
        (COPA_ITEM.replace("</p>", ""), "line 6: .*invalid XML"),
    ],
)
def test_broken_copa_files_are_refused_with_the_line(rows_of, text, message):
    text = f"<copa-corpus>\n{text}</copa-corpus>\n"
    with pytest.raises(BadRowError, match=message):
        rows_of("copa", "train", {"copa/copa-dev.xml": text})


def test_piqa_labels_stand_in_a_file_of_their_own(rows_of):
    solutions = {"goal": "open it ", "sol1": " pull ", "sol2": "push"}
    files = {"piqa/valid.jsonl": json.dumps(solutions) + "\n", "piqa/valid-labels.lst": "1\n"}
    (row,) = rows_of("piqa", "validation", files)
    assert row.options == ("pull", "push")
    assert by_field("piqa", row) == {"goal": "open it", "answer": "push"}


def test_each_proposed_answer_is_judged_by_itself(rows_of):
    answers = [{"text": "a cat", "label": 1, "idx": 4}, {"text": "a dog", "label": 0, "idx": 5}]
    question = {"question": "Who sat?", "answers": answers, "idx": 2}
    row = {"idx": 1, "passage": {"text": "The cat sat.", "questions": [question]}}
    rows = rows_of(
        "fewglue_multirc", "train", {"fewglue/MultiRC.train.jsonl": json.dumps(row) + "\n"}
    )
    assert [row.id for row in rows] == ["1-2-4", "1-2-5"]
    assert [row.answer for row in rows] == ["yes", "no"]
    shown = [by_field("fewglue_multirc", row) for row in rows]
    assert [each["response"] for each in shown] == ["a cat", "a dog"]
    assert [each["correctness"] for each in shown] == ["right", "wrong"]


STORY = "Ann Lee met Bob.\n@highlight\nLee is glad\n@highlight\nBob is not"
STORY_SHOWN = "Ann Lee met Bob.\n- Lee is glad\n- Bob is not"


def test_names_of_a_story_are_the_options_each_once(rows_of):
    spans = [(0, 6), (12, 14), (28, 30), (12, 14)]
    entities = [{"start": start, "end": end} for start, end in spans]
    query = {"query": "@placeholder smiled.", "answers": [{"text": "Lee"}], "idx": 3}
    row = {"idx": 9, "passage": {"text": STORY, "entities": entities}, "qas": [query]}
    (row,) = rows_of(
        "fewglue_record", "train", {"fewglue/ReCoRD.train.jsonl": json.dumps(row) + "\n"}
    )
    assert row.id == "9-3"
    assert row.options == ("Ann Lee", "Bob", "Lee")
    assert row.answer == "Lee" and row.references == ("Lee",)
    assert by_field("fewglue_record", row)["passage"] == STORY_SHOWN


def test_tfds_stories_are_shown_as_those_of_files():
    row = {
        "passage": STORY,
        "query": " @placeholder smiled.",
        "entities": ["Ann Lee", "Bob", "Bob"],
        "answers": ["Ann Lee", "Lee", "Ann Lee"],
    }
    fields = tfds_fields("flan_record", row)
    assert fields["passage"] == STORY_SHOWN
    assert fields["options"] == ["Ann Lee", "Bob", "Lee"]
    assert fields["answer"] == "Ann Lee" and fields["references"] == ["Ann Lee", "Lee"]


@pytest.mark.parametrize(("is_true", "answer"), [(True, "yes"), (False, "no")])
def test_a_truth_value_becomes_yes_or_no(is_true, answer):
    row = {"title": "Cats", "passage": "They purr. ", "question": "do cats purr", "answer": is_true}
    fields = tfds_fields("flan_bool_q", row)
    assert fields["answer"] == answer and fields["options"] == ["yes", "no"]
    assert fields["passage"] == "They purr."


def _squad_row(**columns):
    texts = {"title": "Oak_Tree", "context": "It grew in 1900. ", "question": " When?"}
    return {**texts, "answers": {"text": ["in 1900", "1900", "in 1900"]}, **columns}


def test_every_answer_of_squad_is_a_reference_and_the_first_is_learnt():
    fields = tfds_fields("flan_squad_v1", _squad_row())
    assert fields["answer"] == "in 1900"
    assert fields["references"] == ["in 1900", "1900"]
    assert (fields["title"], fields["question"]) == ("Oak Tree", "When?")


def test_a_question_without_an_answer_is_unanswerable():
    row = _squad_row(is_impossible=True, answers={"text": []})
    assert tfds_fields("flan_squad_v2", row)["references"] == ["unanswerable"]
    row = _squad_row(is_impossible=False)
    assert tfds_fields("flan_squad_v2", row)["references"] == ["in 1900", "1900"]


@pytest.mark.parametrize("name", ["flan_squad_v2", "flan_quac"])
def test_whoever_may_have_to_say_unanswerable_is_told_the_word(name):
    for template in get_task(name).templates:
        assert template.inverted or "unanswerable" in template.inputs, template.name


def test_answers_that_others_gave_are_right_too():
    row = {"passage": "…", "question": "How many?", "answer": "3", "validated_answers": ["3", "4"]}
    assert tfds_fields("flan_drop", row)["references"] == ["3", "4"]
    row = {"question": "Who?", "answer": {"value": "Ann", "aliases": ["A. Lee", "Ann"]}}
    assert tfds_fields("flan_trivia_qa", row)["references"] == ["Ann", "A. Lee"]
    row = {"question": "who", "answer": ["Ann ", "Bob"]}
    fields = tfds_fields("flan_natural_questions", row)
    assert (fields["answer"], fields["references"]) == ("Ann", ["Ann", "Bob"])


def test_markup_of_multirc_is_taken_out():
    row = {
        "paragraph": "<b>Sent 1: </b>A cat.<br><b>Sent 2: </b>A dog. ",
        "question": "Who?",
        "answer": "a cat",
        "label": 1,
        "idx": {"paragraph": 7, "question": 30, "answer": 2},
    }
    fields = tfds_fields("flan_multirc", row)
    assert fields["id"] == "7-30-2"
    assert fields["passage"] == "Sent 1: A cat. Sent 2: A dog."
    assert (fields["answer"], fields["correctness"]) == ("yes", "right")


def test_the_answer_is_found_by_its_letter():
    choices = {"choice_A": "ice", "choice_B": "fog ", "choice_C": "tar", "choice_D": "sap"}
    row = {"fact1": "water freezes", "question": {"stem": "what forms?", **choices}, "answerKey": 1}
    fields = tfds_fields("flan_openbookqa", row)
    assert fields["answer"] == "fog" and fields["options"] == ["ice", "fog", "tar", "sap"]
    arc = {
        "question": "What?",
        "choices": {"text": ["ice", "fog", "tar"], "label": [0, 2, 3]},
        "answerKey": 2,
    }
    assert tfds_fields("flan_arc_easy", arc)["answer"] == "fog"


def test_a_question_whose_key_is_no_choice_is_kept_out():
    tf = pytest.importorskip("tensorflow")
    keep = get_task("flan_arc_challenge").source.keep
    choices = {"label": tf.constant([0, 1]), "text": tf.constant(["snow", "sand"])}
    assert keep({"choices": choices, "answerKey": tf.constant(1)})
    assert not keep({"choices": choices, "answerKey": tf.constant(3)})
    without_its_text = choices | {"text": tf.constant(["snow"])}
    assert not keep({"choices": without_its_text, "answerKey": tf.constant(1)})


def test_tfds_copa_asks_in_the_words_of_the_files():
    row = {"premise": "It fell.", "choice1": "It broke.", "choice2": "It flew.", "label": 0}
    fields = tfds_fields("flan_copa", {**row, "question": "effect"})
    assert fields["answer"] == "It broke."
    assert fields["query"] == common_sense.COPA_WORDING["effect"]["query"]
    fields = tfds_fields("flan_copa", {**row, "question": "cause"})
    assert fields["query"] == common_sense.COPA_WORDING["cause"]["query"]


def test_marks_of_wikihow_are_taken_out():
    row = {
        "activity_label": "Home",
        "context": "[header] How to bake [title] Heat the oven. [title] Wait  [step] Then",
        "endings": ["eat. [substeps] Enjoy.", "sleep.", "run.", "sing."],
        "label": 0,
    }
    fields = tfds_fields("flan_hellaswag", row)
    assert fields["context"] == "How to bake. Heat the oven. Wait Then"
    assert fields["answer"] == fields["options"][0] == "eat. Enjoy."


def test_endings_without_a_label_are_kept_out():
    tf = pytest.importorskip("tensorflow")
    keep = get_task("flan_hellaswag").source.keep
    endings = tf.constant(["a", "b", "c", "d"])
    kept = [label for label in range(-1, 6) if keep({"label": label, "endings": endings})]
    assert kept == [0, 1, 2, 3]


@pytest.mark.parametrize(("label", "answer"), [(1, "He left."), (2, "He stayed.")])
def test_endings_of_stories_are_numbered_from_one(label, answer):
    row = {"context": "It rained.", "endings": ["He left.", "He stayed."], "label": label}
    assert tfds_fields("flan_story_cloze", row)["answer"] == answer


@pytest.mark.parametrize("name", ["flan_cosmos_qa", "cosmosqa"])
def test_none_of_the_above_is_never_asked_for_without_what_is_above(name):
    assert all(each.uses_options for each in get_task(name).templates if not each.inverted)


def test_a_conversation_is_answered_under_its_numbers():
    row = {
        "story": "Tom sat. ",
        "questions": ["Who sat?", "Why? "],
        "answers": {"input_text": ["Tom", "unknown"]},
    }
    fields = tfds_fields("flan_coqa", row)
    assert fields["questions"] == "(1) Who sat? (2) Why?"
    assert fields["answer"] == "(1) Tom (2) unknown"


def test_what_a_section_does_not_tell_is_unanswerable():
    row = {
        "title": "Ann Lee",
        "section_title": "Youth",
        "background": "A singer.",
        "context": "She was born in Bath. CANNOTANSWER",
        "question": "When?",
        "orig_answer": {"text": "CANNOTANSWER"},
        "answers": {"text": ["born", "CANNOTANSWER"]},
    }
    fields = tfds_fields("flan_quac", row)
    assert fields["passage"] == "She was born in Bath."
    assert fields["answer"] == "unanswerable"
    assert fields["references"] == ["unanswerable", "born"]


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        ("(1) the red barn (2) no", 100.0),
        ("(2) no (1) red barn", 100.0),
        ("(1) no (2) red barn", 0.0),
        ("(1) red barn", 50.0),
        ("red barn no", 0.0),
        ("(1) barn (2) no (3) maybe", 100 * (2 / 3 + 1) / 2),
    ],
)
def test_numbered_answers_are_compared_number_by_number(prediction, score):
    scored = conversational_qa.numbered_f1.score_example(prediction, ["(1) red barn (2) no"])
    assert scored["numbered_f1"] == pytest.approx(score)


def test_a_reference_without_numbers_cannot_be_scored():
    with pytest.raises(ValueError, match="must number its answers"):
        conversational_qa.numbered_f1.score_example("(1) no", ["no"])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "split"), ROWS)
def test_all_rows_of_the_sources_are_read(task, split, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    counts = RowCounts()
    ids = {row.id for row in field_rows(get_task(task), split, counts)}
    assert len(ids) == counts.kept == counts.read == ROWS[task, split]
    assert all("~" not in each for each in ids)
