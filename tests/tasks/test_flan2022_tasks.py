"""What FLAN 2022 added to FLAN 2021: what each task reads, and what it makes of a row."""

import json
from typing import Any

import pytest

from flan_mix.registry import TfdsSource, get_task, hold_out, variant_names
from flan_mix.tasks import flan2022
from flan_mix.tasks.data_dir import TFDS_FILES

# Task: category, dataset, splits (train; validation; test), collection, metrics.
FACTS = {
    "lambada": (
        "language_modeling",
        "lambada:1.0.0",
        "train[:-200]; train[-200:]; test",
        "flan2022_added",
        {"accuracy"},
    ),
    "unified_qa_science_inst": (
        "open_domain_qa",
        "unified_qa/ai2_science_middle:1.0.0",
        "train; validation; test",
        "flan2022_added",
        {"accuracy"},
    ),
    "trivia_qa_wiki_missing": (
        "open_domain_qa",
        "trivia_qa/rc:1.1.0",
        "train[30000:-2200]; train[-2200:-1200]; train[-1200:-200]",
        "flan2022_added",
        {"exact_match", "token_f1"},
    ),
    "wiki_dialog": (
        "dialogue",
        "wiki_dialog/OQ:1.0.0",
        "train[:200000]; validation[:200]; validation[200:1200]",
        "flan2022_dialog",
        {"rouge"},
    ),
    "qrecc": ("dialogue", "q_re_cc:1.0.0", "train; ; test", "flan2022_dialog", {"rouge"}),
}
# Tasks of FLAN 2021 that FLAN 2022 has the other way round as well.
INVERTED_SINCE = (
    *("cola", "definite_pronoun_resolution", "hellaswag", "squad_v2", "winogrande", "wnli", "wsc"),
)


def tensors(value):
    tf = pytest.importorskip("tensorflow")
    if isinstance(value, dict):
        return {name: tensors(inner) for name, inner in value.items()}
    return tf.constant(value, tf.string) if value == [] else tf.constant(value)


def fields_of(task: str, **row: Any) -> dict[str, Any]:
    """What the function of a task makes of a row of plain values, as plain values again."""

    def plain(tensor):
        value = tensor.numpy()
        return [each.decode() for each in value] if tensor.shape.rank else value.decode()

    fields = get_task(task).fields
    assert callable(fields)
    return {name: plain(value) for name, value in fields(tensors(row)).items()}


def is_kept(task: str, **row: Any) -> bool:
    source = get_task(task).source
    assert isinstance(source, TfdsSource)
    assert source.keep
    return bool(source.keep(tensors(row)))


@pytest.mark.parametrize("name", FACTS)
def test_a_task_reads_what_the_table_says(name):
    category, dataset, splits, collection, metrics = FACTS[name]
    spec = get_task(f"flan_{name}")
    assert spec.category == category
    assert isinstance(spec.source, TfdsSource)
    assert spec.source.name == dataset
    read = [spec.source.splits.get(split, "") for split in ("train", "validation", "test")]
    assert read == [part.strip() for part in splits.split(";")]
    assert spec.collections == (collection,)
    assert {metric.name for metric in spec.metrics} == metrics
    assert "inverted" in variant_names(spec)
    assert sum(not template.inverted for template in spec.templates) >= 10


@pytest.mark.parametrize("name", INVERTED_SINCE)
def test_a_task_that_flan_2022_turned_round_is_turned_round(name):
    inverted = [each for each in get_task(f"flan_{name}").templates if each.inverted]
    assert len(inverted) == 2
    assert not any("answer" in template.target_fields for template in inverted)


@pytest.mark.parametrize(
    ("passage", "before", "word"),
    [
        ("she looked up . `` yes , '' said ana\n", "she looked up . `` yes , '' said", "ana"),
        ("two words", "two", "words"),
        ("one line\nand the  next one", "one line\nand the  next", "one"),
    ],
)
def test_lambadas_last_word_is_the_answer(passage, before, word):
    fields = fields_of("flan_lambada", passage=passage)
    assert fields == {"passage": before, "answer": word}
    assert is_kept("flan_lambada", passage=passage)
    assert not is_kept("flan_lambada", passage=" alone\n")


@pytest.mark.parametrize(
    ("text", "question", "options"),
    [
        (
            "What falls? \\n (A) a stone (B) Smoke. (C) hot air (D) light",
            "What falls?",
            ["a stone", "Smoke.", "hot air", "light"],
        ),
        # A picture with an (A) in it, a table of several lines, and five choices.
        (
            "Point (A) is hot.\\nPoint (B) is cold.  \\n Which (A or B)? \\n(A) A (B) B (C) both "
            "(D) none (E) it depends",
            "Point (A) is hot. Point (B) is cold. Which (A or B)?",
            ["A", "B", "both", "none", "it depends"],
        ),
        ("Is it so? \\n (A) no (B) yes", "Is it so?", ["no", "yes"]),
    ],
)
def test_unified_qas_text_is_taken_apart(text, question, options):
    fields = fields_of("flan_unified_qa_science_inst", input=text, output=f" {options[1]}")
    assert fields == {"question": question, "options": options, "answer": options[1]}
    assert is_kept("flan_unified_qa_science_inst", input=text, output=options[1])
    assert not is_kept("flan_unified_qa_science_inst", input=text, output="something else")
    assert not is_kept("flan_unified_qa_science_inst", input=question, output=question)


def test_no_question_with_a_page_of_wikipedia_is_in_the_rest_of_trivia_qa():
    for titles, kept in (([], True), (["Kesha"], False)):
        assert is_kept("flan_trivia_qa_wiki_missing", entity_pages={"title": titles}) == kept


def test_wiki_dialog_starts_with_the_first_question_and_asks_for_answers():
    utterances = ["Hi, I know about Kesha.", "who is she ", "A singer.", "since?", "2005."]
    row = {"utterances": utterances, "title": "Kesha"}
    assert fields_of("flan_wiki_dialog", **row) == {
        "title": "Kesha",
        "turns": ["who is she", "A singer.", "since?", "2005."],
    }
    assert is_kept("flan_wiki_dialog", **row)
    assert not is_kept("flan_wiki_dialog", **{**row, "utterances": utterances[:2]})


def test_qrecc_gives_late_turns_with_the_questions_that_have_an_answer():
    row = {
        "context": ["who is she", "A singer.", "is she old", " ", "since?", "2005."],
        "question": "and today?",
        "answer": "She sings.",
        "turn_id": 7,
    }
    answered = ["who is she", "A singer.", "since?", "2005.", "and today?", "She sings."]
    assert fields_of("flan_qrecc", **row) == {"turns": answered}
    assert fields_of("flan_qrecc", **{**row, "answer": ""}) == {"turns": answered[:4]}
    assert is_kept("flan_qrecc", **row)
    assert not is_kept("flan_qrecc", **{**row, "turn_id": 6})
    assert not is_kept("flan_qrecc", **{**row, "context": ["who is she", ""], "answer": ""})


def test_a_folder_of_files_stands_in_for_wiki_dialog_and_answers_alone_are_asked_for(
    monkeypatch, tmp_path
):
    pytest.importorskip("seqio")
    from flan_mix.registry.rendering import render

    folder = tmp_path / "wiki_dialog" / "OQ"
    folder.mkdir(parents=True)
    rows = [
        {
            "pid": str(number),
            "title": f"Page {number}",
            "passage": "",
            "sentences": [],
            "utterances": ["hello"] + [f"{number} turn {i}" for i in range(6)],
            "author_num": [0, 1] * 3 + [0],
        }
        for number in range(300)
    ]
    (folder / "validation.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv(TFDS_FILES, str(tmp_path))
    examples = list(render("flan_wiki_dialog.zero_shot", "validation"))
    assert len(examples) == 200
    assert {example.targets.partition(" ")[2] for example in examples} == {
        *("turn 1", "turn 3", "turn 5")
    }
    assert not any("hello" in example.inputs for example in examples)


def test_colas_words_are_all_there_in_an_order_of_their_own():
    words = fields_of("flan_cola", sentence="Who, Kim asked, left the  ice melt? ", label=0)[
        "words"
    ]
    assert sorted(words.split(" / ")) == ["asked", "ice", "kim", "left", "melt", "the", "who"]
    assert words.split(" / ") != ["who", "kim", "asked", "left", "the", "ice", "melt"]


def test_what_is_said_of_the_other_side_fits_the_label():
    rows = {
        "flan_wnli": {"sentence1": "p", "sentence2": "h"},
        "flan_wsc": {"text": "t", "span1_text": "m", "span2_text": "it", "span2_index": 0},
        "flan_cola": {"sentence": "s"},
    }
    said = {
        "flan_wnli": ("relation", ["does not follow", "follows"]),
        "flan_wsc": ("relation", ["does not stand for", "stands for"]),
        "flan_cola": ("verdict", ["is wrong", "is right"]),
    }
    for task, (field, texts) in said.items():
        assert [fields_of(task, **rows[task], label=label)[field] for label in (0, 1)] == texts


@pytest.mark.parametrize(
    ("category", "left_out"),
    [
        ("conversational_qa", {"qrecc", "wiki_dialog", "squad_v1"}),
        # Answers of both come from passages of Wikipedia.
        ("reading_comprehension", {"qrecc", "wiki_dialog", "unified_qa_science_inst", "record"}),
        ("dialogue", {"coqa", "quac", "natural_questions", "squad_v2"}),
        ("open_domain_qa", {"openbookqa", "qrecc"}),
        ("nli", {"paws_wiki", "glue_qqp", "wsc"}),
        ("language_modeling", set()),
    ],
)
@pytest.mark.parametrize("mixture", ["flan2022_flan2021_and_dialog", flan2022.MIXTURES[0].name])
def test_what_is_near_to_a_held_out_category_is_left_out(mixture, category, left_out):
    held = hold_out(mixture, category)
    reasons = {task.partition(".")[0].removeprefix("flan_") for task, _ in held.left_out}
    assert left_out <= reasons
    trained = {task.partition(".")[0] for task in held.train_tasks}
    assert not {f"flan_{task}" for task in left_out} & trained
    assert ("flan_lambada" in trained) == (category != "language_modeling")
