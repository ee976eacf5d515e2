"""Dialogues of a user's own files become a task that predicts a drawn turn."""

import json

import pytest

from flan_mix.registry import remove
from flan_mix.tasks.dialogue import DIALOGUE_TEMPLATES, add_dialogue_task

pytest.importorskip("seqio")
from flan_mix.registry.rendering import render

TALKS = [
    {"id": f"talk {n}", "turns": [f"turn {n}.{i}" for i in range(n)]}
    | ({"speakers": ["Ann", "Bob", "Cid"] * 3} if n == 9 else {})
    for n in range(2, 10)
]


@pytest.fixture
def talks(tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps(talk) + "\n" for talk in TALKS))
    yield add_dialogue_task("talks", {"train": "talks.jsonl"}, data_dir=tmp_path)
    remove("talks")


def test_a_drawn_turn_is_predicted_from_all_before_it(talks):
    targets = set()
    for pass_index in range(4):
        examples = render("talks.zero_shot", "train", pass_index=pass_index)
        for talk, example in zip(TALKS, examples, strict=True):
            drawn = talk["turns"].index(example.targets)
            assert drawn > 0
            for number, turn in enumerate(talk["turns"]):
                assert (turn in example.inputs) == (number < drawn)
            targets.add(example.targets)
    assert len(targets) > 12


def test_speakers_with_names_are_called_by_them(talks):
    texts = [example.inputs for example in render("talks.template_0", "train")]
    assert all(
        ("Ann" in text) == (talk["turns"][8:] != [])
        for talk, text in zip(TALKS, texts, strict=True)
    )


def test_only_what_the_second_speaker_says_is_learnt_where_the_task_says_so(tmp_path):
    rows = [{"id": str(n), "turns": [f"{n} turn {i}" for i in range(2 + n % 5)]} for n in range(20)]
    (tmp_path / "help.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    add_dialogue_task("help", {"train": "help.jsonl"}, data_dir=tmp_path, turn_step=2)
    try:
        answers = [render("help.zero_shot", "train", pass_index=number) for number in range(3)]
        drawn = {int(example.targets.split()[-1]) for each in answers for example in each}
        assert drawn == {1, 3, 5}
    finally:
        remove("help")


def test_a_conversation_is_no_exemplar_for_itself_at_another_length(tmp_path):
    # Every conversation comes at four lengths, and there are but two of them.
    rows = [
        {"turns": [f"talk {talk} turn {i}" for i in range(length)]}
        for talk in "ab"
        for length in (4, 6, 8, 10)
    ]
    (tmp_path / "twice.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    add_dialogue_task("twice", {"train": "twice.jsonl"}, data_dir=tmp_path)
    try:
        with_exemplars = 0
        for number in range(4):
            for example in render("twice.few_shot", "train", pass_index=number):
                own = example.targets[:6]
                other = {"talk a": "talk b", "talk b": "talk a"}[own]
                assert example.inputs.count(example.targets) == 0
                with_exemplars += other in example.inputs
        assert with_exemplars > 8
    finally:
        remove("twice")


def test_inversions_ask_for_what_was_said_before(talks):
    for talk, example in zip(TALKS, render("talks.inverted", "train"), strict=True):
        assert talk["turns"][0] in example.targets
        assert talk["turns"][0] not in example.inputs
        assert DIALOGUE_TEMPLATES[example.template].inverted


def test_a_dialogue_of_one_turn_is_a_bad_row(tmp_path):
    (tmp_path / "short.jsonl").write_text('{"turns": ["alone"]}\n')
    add_dialogue_task("short", {"train": "short.jsonl"}, data_dir=tmp_path)
    try:
        with pytest.raises(ValueError, match="line 1, field 'turns': too few turns"):
            list(render("short", "train"))
    finally:
        remove("short")
