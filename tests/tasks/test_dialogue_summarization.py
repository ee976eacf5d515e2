"""SAMSum and DialogSum: what becomes of their rows."""

import pytest

import flan_mix.tasks.dialogue_summarization  # noqa: F401  registers the tasks
from flan_mix.registry import field_rows, get_task
from flan_mix.tasks.data_dir import NAME
from tests.shared_data import shared_path


@pytest.fixture(autouse=True)
def data_folder(monkeypatch):
    monkeypatch.setenv(NAME, str(shared_path("data")))


def _field(spec, row, field):
    return row.texts[spec.text_fields.index(field)]


@pytest.mark.parametrize("task", ["samsum", "dialogsum"])
def test_dialogues_have_one_turn_a_line_and_summaries_are_never_empty(task):
    spec = get_task(task)
    for row in field_rows(spec, "validation"):
        dialogue = _field(spec, row, "dialogue")
        assert "\r" not in dialogue
        assert all(line and line == line.strip() for line in dialogue.split("\n"))
        assert _field(spec, row, "summary")


def test_the_samsum_chat_without_messages_is_left_out():
    assert "13828807" not in {row.id for row in field_rows(get_task("samsum"), "train")}


def test_dialogsum_test_rows_have_three_references_of_which_the_first_is_the_target():
    spec = get_task("dialogsum")
    rows = list(field_rows(spec, "test"))
    assert all(len(row.references) == 3 for row in rows)
    assert all(_field(spec, row, "summary") == row.references[0] for row in rows)
    assert rows[1].references[2].startswith("#Person2# complains")


def test_rows_keep_the_ids_of_their_source():
    assert next(field_rows(get_task("samsum"), "train")).id == "13818513"
    assert next(field_rows(get_task("dialogsum"), "validation")).id == "dev_0"
