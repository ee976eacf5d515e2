"""WNUT 2017: sentences of a CoNLL file, and names read off their tags."""

import pytest

from flan_mix.registry import BadRowError, field_rows, get_task
from flan_mix.tasks.data_dir import NAME
from flan_mix.tasks.entity_recognition import NO_ENTITIES, named_entities, read_conll
from tests.shared_data import shared_path


def test_names_are_read_off_their_tags():
    tagged = """Ada/B-person met/O Bob/B-person Ray/I-person in/O New/B-location York/I-location
        at/O The/B-creative-work Hill/I-creative-work"""
    tokens, tags = zip(*(word.split("/") for word in tagged.split()), strict=True)
    assert named_entities(tokens, tags) == [
        ("Ada", "person"),
        ("Bob Ray", "person"),
        ("New York", "location"),
        ("The Hill", "creative work"),
    ]


def test_neighbouring_names_stay_apart_and_a_stray_inside_tag_opens_a_name():
    tags = ["B-person", "B-person", "I-group", "O", "I-group"]
    assert [kind for _, kind in named_entities(list("abcde"), tags)] == [
        "person",
        "person",
        "group",
        "group",
    ]


def test_sentences_come_with_the_line_they_start_on(tmp_path):
    file = tmp_path / "some.conll"
    file.write_text("\nHi\tO\nAda\tB-person\n\n\t\n\nBye\tO")
    assert list(read_conll(file)) == [
        (2, {"tokens": ["Hi", "Ada"], "tags": ["O", "B-person"]}),
        (7, {"tokens": ["Bye"], "tags": ["O"]}),
    ]


@pytest.mark.parametrize("line", ["Ada", "Ada B-person", "Ada\tperson", "Ada\tB-", "Ada\tO\tO"])
def test_a_line_that_is_no_token_with_its_tag_is_refused_with_its_place(tmp_path, line):
    file = tmp_path / "some.conll"
    file.write_text(f"Hi\tO\n{line}\n")
    with pytest.raises(BadRowError, match=r"some\.conll, line 2: .* a tab and a tag"):
        list(read_conll(file))


@pytest.mark.parametrize(
    ("split", "file", "without_names"),
    [
        ("train", "wnut17train.conll", 2166),
        ("validation", "emerging.dev.conll", 381),
        ("test", "emerging.test.annotated", 598),
    ],
)
def test_every_name_of_the_source_is_in_a_target(split, file, without_names, monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))
    spec = get_task("wnut17")
    column = spec.text_fields.index("entities")
    answers = [row.texts[column] for row in field_rows(spec, split)]
    named = [answer for answer in answers if answer != NO_ENTITIES]
    opening_tags = (shared_path("data/wnut17") / file).read_text("utf-8").count("\tB-")
    assert sum(answer.count("; ") + 1 for answer in named) == opening_tags
    assert len(answers) - len(named) == without_names
