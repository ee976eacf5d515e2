"""Summaries, texts from structure, translations and repaired code: what becomes of their rows."""

import gzip
import json

import pytest

from flan_mix.registry import BadRowError, RowCounts, field_rows, get_task
from flan_mix.tasks import (  # noqa: F401  each registers its tasks on import
    code_refinement,
    dialogue_summarization,
    structure_to_text,
    summarization,
    translation,
)
from flan_mix.tasks.data_dir import NAME
from flan_mix.tasks.structure_to_text import attributes, triples
from tests.shared_data import shared_path

E2E_ROWS = """mr,ref
"name[Otterbank], eatType[tea room], area[harbour]","Otterbank, a tea room, is at the harbour."
"name[Otterbank], eatType[tea room], area[harbour]",Otterbank is a harbour tea room.
name[Lupo],Lupo it is.
"""
DART_ROWS = [
    {
        "tripleset": [["Ada", "BORN_IN", "London"], ["Ada", "FIELD", "mathematics"]],
        "annotations": [{"source": "x", "text": f"text {number}"} for number in (1, 2, 1)],
    },
    {"tripleset": [["Bob", "AGE", "7"]], "annotations": [{"source": "x", "text": "He is 7."}]},
]


def fields(task, row):
    """What the task makes of a row: plain values, whether it works on files or on tensors."""
    spec = get_task(task)
    made = spec.fields(row)
    return {field: _plain(value) for field, value in made.items()}


def tensors(**columns):
    import tensorflow as tf

    return {name: tf.nest.map_structure(_constant, value) for name, value in columns.items()}


def _constant(value):
    import tensorflow as tf

    return value if tf.is_tensor(value) else tf.constant(value)


def _list(*texts):
    import tensorflow as tf

    return tf.constant(texts, tf.string, shape=[len(texts)])


def _plain(value):
    if not hasattr(value, "numpy"):
        return value
    array = value.numpy()
    return array.decode() if isinstance(array, bytes) else [item.decode() for item in array]


def test_e2e_meanings_become_attributes_in_a_line():
    meaning = "name[The Kiln], customer rating[2 stars], familyFriendly[seldom]"
    assert attributes(meaning) == "name: The Kiln; customer rating: 2 stars; familyFriendly: seldom"


def test_triples_stand_in_brackets_so_that_their_ends_are_seen_in_a_line():
    assert triples([["Ada", "BORN_IN", "London"], ["Ada", "AGE", "36"]]) == (
        "(Ada | BORN_IN | London); (Ada | AGE | 36)"
    )


def test_e2e_texts_of_a_meaning_are_one_row_and_in_training_a_row_each(tmp_path):
    file = tmp_path / "some.csv"
    file.write_text(E2E_ROWS)
    readers = get_task("e2e_nlg").source.reader
    lines = [(line, row["texts"]) for line, row in readers["validation"](file)]
    two = ["Otterbank, a tea room, is at the harbour.", "Otterbank is a harbour tea room."]
    assert lines == [(2, two), (4, ["Lupo it is."])]
    rows = [row for _, row in readers["train"](file)]
    assert [row["texts"] for row in rows] == [[two[0]], [two[1]], ["Lupo it is."]]
    made = fields("e2e_nlg", rows[0])
    assert made["facts"] == "name: Otterbank; eatType: tea room; area: harbour"


def test_e2e_rows_that_cannot_be_read_keep_their_place(tmp_path):
    file = tmp_path / "devset.csv"
    file.write_text(E2E_ROWS + "name[Lupo]\nname[Lupo],Again.\n")
    *_, (_, error), (line, row) = get_task("e2e_nlg").source.reader["test"](file)
    assert isinstance(error, BadRowError)
    assert error.line == 5
    assert (line, row["texts"]) == (4, ["Lupo it is.", "Again."])


@pytest.mark.parametrize(
    ("split", "texts"),
    [
        ("test", [["text 1", "text 2", "text 1"], ["He is 7."]]),
        ("train", [["text 1"], ["text 2"], ["text 1"], ["He is 7."]]),
    ],
)
def test_dart_texts_of_triples_are_one_row_and_in_training_a_row_each(tmp_path, split, texts):
    path = tmp_path / "some.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump(DART_ROWS, file)
    rows = [row for _, row in get_task("dart").source.reader[split](path)]
    assert [row["texts"] for row in rows] == texts
    made = fields("dart", rows[0])
    assert made["facts"] == "(Ada | BORN_IN | London); (Ada | FIELD | mathematics)"
    assert made["text"] == "text 1"
    assert made["references"] == list(dict.fromkeys(texts[0]))


def test_scitldr_summaries_of_authors_and_reviewers_are_all_right_answers():
    made = fields(
        "scitldr",
        {
            "paper_id": "S1",
            "title": " Nets ",
            "source": ["We show it. ", "It works.\n"],
            "target": ["Nets work. ", " ", "They do."],
        },
    )
    assert made == {
        "id": "S1",
        "title": "Nets",
        "text": "We show it. It works.",
        "summary": "Nets work.",
        "references": ["Nets work.", "They do."],
    }


def test_multi30k_goes_the_way_its_name_says_and_leaves_out_empty_captions():
    row = {"en": "A dog. ", "fr": "Un chien."}
    english_to_french = {
        "sent1": "A dog.",
        "lang1": "English",
        "sent2": "Un chien.",
        "lang2": "French",
    }
    assert fields("multi30k_enfr", row) == english_to_french
    assert fields("multi30k_fren", row)["sent2"] == "A dog."
    assert get_task("multi30k_ende").fields({"en": "A dog.", "de": " "}) is None


def test_repaired_code_is_spelled_so_that_t5_can_hold_it_and_scored_as_it_was():
    code = "public int METHOD_1 ( ) { return VAR_1 < 2 ; }"
    made = fields("refine_small", {"buggy": code + " ", "fixed": code.replace("<", "<=") + " "})
    assert not set("{}<") & set(made["buggy"] + made["fixed"])
    postprocess = get_task("refine_small").postprocess
    assert postprocess is not None
    assert postprocess(made["buggy"]) == code


def test_either_language_may_be_the_source_and_always_the_same_for_a_pair():
    pairs = [(f"sentence {number}", f"Satz {number}") for number in range(40)]
    seen = []
    for english, german in pairs:
        row = tensors(en=english + " ", de=german)
        made = fields("flan_wmt16_translate_deen", row)
        assert made == fields("flan_wmt16_translate_deen", row)
        assert {made["lang1"]: made["sent1"], made["lang2"]: made["sent2"]} == {
            "English": english,
            "German": german,
        }
        seen.append(made["lang1"])
    assert 10 <= seen.count("English") <= 30
    # The direction of a pair is part of what a cache holds: it must not change with a release.
    first = "German English English German English German German German"
    assert seen[:8] == first.split()


@pytest.mark.parametrize(
    ("article", "text"),
    [
        ("(CNN) -- A whale sang.", "A whale sang."),
        ("LONDON, England (Reuters) -- A whale sang (twice).", "A whale sang (twice)."),
        ("(CNN)A whale sang.", "A whale sang."),
        ("A whale (Moby) sang -- loudly.", "A whale (Moby) sang -- loudly."),
        ("Fans of the band (all of them) -- and others -- sang.",) * 2,
        ("(CNN) --", "(CNN) --"),
    ],
)
def test_a_story_starts_after_its_dateline_and_is_all_there(article, text):
    row = tensors(article=article, highlights="Whale sings .\nTwice .\n")
    assert fields("flan_cnn_dailymail", row) == {"text": text, "summary": "Whale sings .\nTwice ."}


def test_reports_of_multi_news_are_parted_and_summaries_lose_their_dash():
    row = tensors(document=" One.\n|||||  Two. ||||| ", summary="– It happened – twice.")
    expected = {"text": "One.\n---\nTwo.", "summary": "It happened – twice."}
    assert fields("flan_multi_news", row) == expected


def test_reviews_are_numbered_and_no_more_than_fit():
    listed = {"key": _list(), "value": _list(*(f"good {number} " for number in range(30)))}
    row = tensors(_movie_id="m", _movie_name="Up", _critic_consensus="Good.", _critics=listed)
    made = fields("flan_opinion_abstracts_rotten_tomatoes", row)
    lines = made.pop("reviews").split("\n")
    assert lines == [f"{number + 1}. good {number}" for number in range(20)]
    assert made == {"movie": "Up", "consensus": "Good."}


def test_a_claim_without_arguments_is_left_out():
    keep = get_task("flan_opinion_abstracts_idebate").source.keep
    for arguments, claim, kept in [(["a"], "c", True), ([], "c", False), (["a"], " ", False)]:
        listed = {"key": _list(), "value": _list(*arguments)}
        row = tensors(_argument_sentences=listed, _claim=claim, _debate_name="d")
        assert bool(keep(row)) == kept


def test_rows_without_a_text_or_a_summary_are_left_out():
    keep = get_task("flan_xsum").source.keep
    assert keep(tensors(document="News.", summary="So."))
    assert not keep(tensors(document=" \n", summary="So."))
    assert not keep(tensors(document="News.", summary=""))


def test_news_topics_are_spelled_out():
    row = tensors(title="Chips", description="Faster ones.", label=3)
    made = fields("flan_ag_news_subset", row)
    assert made["answer"] == "Science and technology"
    assert made["options"] == ["World", "Sports", "Business", "Science and technology"]


def test_tfds_and_files_write_the_same_facts():
    meaning = "name[The Kiln], customer rating[2 stars], familyFriendly[seldom]"
    row = tensors(meaning_representation=meaning, target="It is. ", references=_list())
    made = fields("flan_e2e_nlg", row)
    assert made == {"facts": attributes(meaning), "text": "It is.", "references": []}


def test_gem_triples_stand_in_brackets_with_all_references():
    listed = _list('Aarhus_Airport | cityServed | "Aarhus, Denmark"', "Ada | field | maths")
    row = tensors(input=listed, target="a", references=_list("a ", "b"))
    made = fields("flan_web_nlg_en", row)
    assert made["facts"] == (
        '(Aarhus Airport | cityServed | "Aarhus, Denmark"); (Ada | field | maths)'
    )
    assert made["references"] == ["a", "b"]


def test_concepts_are_a_list_in_a_line():
    row = tensors(concepts=_list("dog", "run"), target="A dog runs.", references=_list())
    assert fields("flan_common_gen", row)["concepts"] == "dog, run"


def test_samsum_of_tfds_is_cleaned_as_that_of_the_files():
    row = {"id": "1", "dialogue": "Ann: Hi \r\nBob: Hey\r\n", "summary": " They greet. "}
    made = fields("samsum", row)
    made.pop("id")
    assert fields("flan_samsum", tensors(**row)) == made


# (task, split) -> rows. The training files of E2E, DART and the code are not part of every copy.
ROWS = {
    ("scitldr", "train"): 1992,
    ("scitldr", "validation"): 619,
    ("scitldr", "test"): 618,
    ("e2e_nlg", "validation"): 547,
    ("e2e_nlg", "test"): 630,
    ("dart", "validation"): 2768,
    ("refine_small", "validation"): 5835,
    ("refine_small", "test"): 5835,
    ("multi30k_ende", "validation"): 1014,
    ("multi30k_fren", "test"): 1000,
}


@pytest.mark.parametrize(("task", "split"), ROWS)
def test_real_rows_all_become_examples(task, split, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    counts = RowCounts()
    rows = list(field_rows(get_task(task), split, counts))
    assert counts.kept == counts.read == len(rows) == ROWS[task, split]
    assert all(all(row.texts) and all(row.references) for row in rows)
    assert len({row.id for row in rows}) == len(rows)
