"""The rows of the starter collection are what its generators say, and right."""

import ast
import gzip
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

import flan_mix.tasks.starter.starter_files as starter_files
from flan_mix.metrics import rouge
from tools.generators import datasets, starter
from tools.generators.draws import Draws
from tools.generators.world import PRODUCTS

DATA = Path(starter_files.__file__).parent / "data"
NAMES = [dataset.name for dataset in datasets.DATASETS]
SPLITS = ("train", "validation", "test")


def committed_bytes(name: str, split: str) -> bytes:
    return gzip.decompress((DATA / f"{name}-{split}.jsonl.gz").read_bytes())


def rows(name: str, *splits: str) -> list[dict]:
    return [
        json.loads(line)
        for split in splits or SPLITS
        for line in committed_bytes(name, split).splitlines()
    ]


@pytest.mark.parametrize("dataset", datasets.DATASETS, ids=NAMES)
def test_generator_gives_the_committed_bytes(dataset):
    # Compared unpacked: how gzip packs them depends on the zlib that Python was built with.
    for split, drawn in datasets.draw_splits(dataset).items():
        assert starter.encode_rows(drawn) == committed_bytes(dataset.name, split), split


def test_every_committed_file_is_generated():
    expected = {f"{name}-{split}.jsonl.gz" for name in NAMES for split in SPLITS}
    assert {path.name for path in DATA.iterdir()} == expected


def test_packed_files_hold_no_time_and_no_name():
    packed = starter.compress(b"row\n")
    assert packed == starter.compress(b"row\n")
    assert packed[3] == 0 and packed[4:8] == b"\0\0\0\0"
    assert gzip.decompress(packed) == b"row\n"


def test_collection_stays_small_enough_to_bundle():
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 3_000_000


@pytest.mark.parametrize("dataset", datasets.DATASETS, ids=NAMES)
def test_no_two_rows_show_a_model_the_same(dataset):
    everything = rows(dataset.name)
    seen = Counter(tuple(row[field] for field in dataset.read_fields) for row in everything)
    assert seen.most_common(1)[0][1] == 1
    assert len({row["id"] for row in everything}) == len(everything)


def test_held_out_questions_are_asked_of_chats_that_training_never_saw():
    trained = {row["dialogue"] for row in rows("chats", "train")}
    trained |= {row["premise"] for row in rows("nli", "train")}
    trained |= {row["text"] for row in rows("entities", "train")}
    assert not trained & {row["dialogue"] for row in rows("questions")}


def test_held_out_questions_are_asked_of_news_that_training_never_saw():
    trained = {row["text"] for row in rows("entities", "train")}
    assert not trained & {row["text"] for row in rows("answers")}


def test_more_training_rows_leave_validation_and_test_as_they_are(monkeypatch):
    monkeypatch.setattr(datasets, "HELD_BACK", {"validation": 5, "test": 5})
    few = datasets.Dataset("orders", datasets.record_row, ("record",), train_rows=10)
    more = datasets.Dataset("orders", datasets.record_row, ("record",), train_rows=20)
    first, second = datasets.draw_splits(few), datasets.draw_splits(more)
    assert first["validation"] == second["validation"] and first["test"] == second["test"]
    assert first["train"] == second["train"][:10]


def test_generator_that_runs_dry_says_so():
    poor = datasets.Dataset("coins", lambda draws: {"side": draws.pick("ht")}, ("side",), 1)
    with pytest.raises(ValueError, match=r"'coins' made only 2 different rows"):
        datasets.draw_splits(poor)


def test_draws_are_the_same_on_every_machine():
    draws = Draws("a seed")
    drawn = [draws.integer(0, 99) for _ in range(5)], draws.sample("abcdef", 4), draws.chance(0.5)
    assert drawn == ([39, 3, 76, 40, 87], ["f", "e", "c", "d"], True)


def test_sample_refuses_more_than_there_is():
    with pytest.raises(ValueError, match="3 different items from 2"):
        Draws("").sample("ab", 3)


def test_numbers_names_and_dates_of_a_summary_stand_in_its_chat():
    for row in rows("chats"):
        facts = re.findall(r"\$?\d+|(?<!^)\b[A-Z][a-z]+", row["summary"])
        assert facts
        assert all(fact in row["dialogue"] for fact in facts), row


def test_no_turn_holds_all_the_facts_of_its_summary():
    things = "|".join(PRODUCTS)
    for row in rows("chats"):
        facts = set(re.findall(rf"\d+|\b[A-Z][a-z]+\b|{things}", row["summary"]))
        turns = row["dialogue"].split("\n")
        facts = {fact for fact in facts if fact in row["dialogue"]}
        assert not any(all(fact in turn for fact in facts) for turn in turns), row


def test_chats_have_two_or_three_speakers_and_some_have_three():
    speakers = Counter(
        len({turn.split(":")[0] for turn in row["dialogue"].split("\n")}) for row in rows("chats")
    )
    assert set(speakers) == {2, 3}
    assert 0.2 < speakers[3] / speakers.total() < 0.6


def test_copying_the_first_turn_makes_no_summary():
    validation = rows("chats", "validation")
    firsts = [row["dialogue"].split("\n")[0] for row in validation]
    assert rouge([row["summary"] for row in validation], firsts)["rougeL"] < 30


def test_arithmetic_steps_are_right_follow_each_other_and_end_in_the_answer():
    for row in rows("arithmetic"):
        steps = re.findall(r"(\d+) ([-+*]) (\d+) = (\d+)\.", row["reasoning"])
        assert 1 <= len(steps) <= 2
        for left, sign, right, result in steps:
            value = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}[sign]
            assert value(int(left), int(right)) == int(result) > 0
        assert all(one[3] == other[0] for one, other in pairwise(steps))
        assert steps[-1][3] == row["answer"]
        told = Counter(re.findall(r"\d+", row["question"]))
        used = Counter(number for step in steps for number in (step[0], step[2]))
        used.subtract(step[3] for step in steps[:-1])
        assert +used == told, row


def test_python_lines_are_python_and_javascript_braces_close():
    for row in rows("code"):
        ast.parse(row["python"])
        script = row["javascript"]
        assert all(script.count(a) == script.count(b) for a, b in ("{}", "()"))
        assert script.endswith((";", "}"))


def test_entities_stand_in_the_text_in_their_order():
    for row in rows("entities"):
        if row["entities"] == "none":
            continue
        place = 0
        for entity in row["entities"].split(", "):
            place = row["text"].index(entity, place) + len(entity)


@pytest.mark.parametrize(
    ("name", "labels"),
    [("reviews", "12345"), ("nli", ("yes", "no", "maybe")), ("questions", ("yes", "no"))],
)
def test_every_label_is_about_as_frequent_as_the_others(name, labels):
    answers = Counter(row["answer"] for row in rows(name))
    assert set(answers) == set(labels)
    for share in answers.values():
        assert share / answers.total() == pytest.approx(1 / len(labels), rel=0.15)


def test_wording_of_a_question_does_not_tell_its_answer():
    asked: dict[str, Counter] = {}
    for row in rows("questions"):
        wording = re.sub(r"\b[A-Z][a-z]+\b(?!^)|\d+", "", row["question"][1:])
        kind = re.sub(r"about a \w+ \w+", "about", wording)
        asked.setdefault(kind, Counter())[row["answer"]] += 1
    assert len(asked) > 8
    for kind, answers in asked.items():
        if answers.total() > 200:
            assert answers["yes"] / answers.total() == pytest.approx(0.5, abs=0.12), kind


@pytest.mark.parametrize("name", ["titles", "intents"])
def test_answer_is_one_of_different_options_at_any_place(name):
    places = Counter()
    for row in rows(name):
        assert len(set(row["options"])) == len(row["options"])
        places[row["options"].index(row["answer"])] += 1
    count = len(rows(name)[0]["options"])
    assert all(n / places.total() == pytest.approx(1 / count, rel=0.15) for n in places.values())


def test_replies_to_questions_stand_in_the_text_and_not_in_the_question():
    for row in rows("answers"):
        assert row["reply"] in row["text"]
        assert row["reply"] not in row["question"], row


def test_records_are_told_in_full():
    for row in rows("orders"):
        for field in row["record"].split("; "):
            name, value = field.split(": ")
            assert name == "status" or value in row["text"], row
