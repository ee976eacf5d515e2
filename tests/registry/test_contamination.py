"""Contamination is found where it is planted, and what is left out is gone for good."""

import json
import random

import numpy as np
import pytest

from flan_mix.registry import (
    TaskError,
    add_mixture,
    add_suite,
    add_task,
    field_rows,
    get_task,
    num_input_examples,
    remove_suite,
    task_fingerprint,
)
from flan_mix.registry.overlap import drop_rows, find_contamination, read_drops
from flan_mix.registry.overlap.word_runs import WordHasher, words
from flan_mix.templates import Template

TEMPLATES = [Template("{q}", "{a}")]
WORDS = ("the", "cat", "a", "dog", "sees", "big", "red", "who", "in", "of", "and", "to")


def prose(seed: int, count: int = 30) -> str:
    """Words that no other seed gives in the same order."""
    drawn = random.Random(seed)
    return " ".join(drawn.choice(WORDS) + str(drawn.randrange(30)) for _ in range(count))


def row(text: str, answer: str = "yes", **more) -> dict:
    return {"q": text, "a": answer, **more}


def as_it_is(row: dict) -> dict:
    return row


@pytest.fixture
def add(make_spec):
    """Registers a task of rows whose columns are their fields; ids are hashes."""

    def added(name, rows, validation=(), templates=TEMPLATES):
        add_task(
            make_spec(rows, name=name, validation=validation, templates=templates, fields=as_it_is)
        )

    return added


def overlap(add, trained, evaluated):
    add("trained", trained)
    add("tested", [], evaluated)
    return find_contamination("trained", "tested")


def test_words_are_what_a_reader_hears():
    assert words("#Person1#: Don't go,  it's 9 p.m.!") == [
        "don",
        "t",
        "go",
        "it",
        "s",
        "9",
        "p",
        "m",
    ]
    assert words("Amanda Cole: Hi!\r\nJim: hi...") == ["hi", "hi"]
    assert words("Ｆｕｌｌ width CAFÉ") == ["full", "width", "café"]
    assert words("At 12:30 we met") == ["at", "12", "30", "we", "met"]


def test_runs_of_words_are_found_as_sets_of_tuples_find_them():
    texts = [prose(seed, seed % 40).split() for seed in range(60)]
    # Short ones among them, which have no run; and one text that holds part of another.
    texts += [["x", *texts[39][5:25], "y"], texts[38][:13]]
    runs = WordHasher(13).runs(texts)
    expected: dict[tuple, set] = {}
    for number, text in enumerate(texts):
        for start in range(len(text) - 12):
            expected.setdefault(tuple(text[start : start + 13]), set()).add((number, start))
    assert len(runs.hashes) == sum(map(len, expected.values()))
    by_hash: dict[int, set] = {}
    for hash_, number, start in zip(*(array.tolist() for array in runs), strict=True):
        by_hash.setdefault(hash_, set()).add((number, start))
    assert sorted(map(sorted, by_hash.values())) == sorted(map(sorted, expected.values()))


def test_planted_overlaps_are_found_and_nothing_else(add):
    trained = [row(prose(n)) for n in range(200)]
    thirteen, twelve = prose(7).split()[4:17], prose(8).split()[4:16]
    evaluated = [row(prose(n)) for n in range(1000, 1040)] + [
        row(prose(3).upper().replace(" ", ", ")),  # the same words
        row(" ".join([prose(2000, 10), *thirteen, prose(2001, 10)])),
        row(" ".join([prose(2002, 10), *twelve, prose(2003, 10)])),
    ]
    found = overlap(add, trained, evaluated)
    (task,) = found.tasks
    assert (task.task, task.split, task.rows) == ("tested", "validation", 43)
    assert (task.exact, task.run, task.mostly, task.any) == (1, 2, 1, 2)
    assert task.by_task == {"trained": 2}
    rows = list(field_rows(get_task("trained"), "train"))
    assert found.drop == {"trained": tuple(sorted((rows[3].id, rows[7].id)))}
    shown = {example.kind: example.text for example in task.examples}
    assert shown["13 words"] == " ".join(thirteen)
    assert shown["exact"] == prose(3)


def test_a_dialogue_in_another_layout_is_the_same(add):
    turns = [prose(n, 6) for n in range(8)]
    found = overlap(
        add,
        [row("\n".join(f"#Person{n % 2 + 1}#: {turn}" for n, turn in enumerate(turns)))],
        [row("\n".join(f"{'MW'[n % 2]}: {turn}" for n, turn in enumerate(turns)))],
    )
    assert found.tasks[0].exact == 1


def test_what_all_rows_of_a_task_say_is_its_wording(add):
    wording = prose(1, 20)
    templates = [Template("{told} {q}", "{a}")]
    for name, rows, validation in (
        ("trained", [row(prose(n), told=wording) for n in range(30)], []),
        ("tested", [], [row(prose(n + 100), told=wording) for n in range(30)]),
        # The same where it stands in the field itself.
        ("inside", [], [row(f"{wording} {prose(n + 200)}") for n in range(30)]),
    ):
        add(name, rows, validation, TEMPLATES if name == "inside" else templates)
    for name in ("tested", "inside"):
        assert find_contamination("trained", name).tasks[0].any == 0


def test_short_questions_are_not_called_the_same(add):
    found = overlap(add, [row("How are you?")], [row("How are you?")])
    assert found.tasks[0].any == 0 and found.drop == {}


def test_answers_of_many_words_and_options_count_too(add):
    summary = prose(5, 20)
    found = overlap(add, [row(f"He said: {summary}")], [row(prose(6), summary)])
    assert found.tasks[0].run == 1
    options = [{"q": "Which one?", "options": ["b", summary], "answer": "b"}]
    add("chosen", [], options, [Template("{q} {options}", "{answer}")])
    assert find_contamination("trained", "chosen").tasks[0].run == 1


def test_a_suite_is_compared_on_the_splits_it_tests(add):
    text = prose(1)
    add("trained", [row(text)])
    add("tested", [row("x")], [row(text)])
    add_mixture("mixed", ["trained", "tested.zero_shot"], rate=1.0)
    add_suite("suite", ["tested"])
    try:
        found = find_contamination("mixed", "suite")
    finally:
        remove_suite("suite")
    assert [(task.task, task.split, task.any) for task in found.tasks] == [
        ("tested", "validation", 1)
    ]
    assert found.trained_rows == {"trained": 1, "tested": 1}
    with pytest.raises(TaskError, match="'trained' has no rows to compare"):
        find_contamination("mixed", "trained", split="test")


def test_rows_that_are_left_out_are_gone_from_every_variant_and_from_the_fingerprint(add, tmp_path):
    trained = [row(prose(n), str(n % 3)) for n in range(20)]
    found = overlap(add, trained, [row(prose(4)), row(prose(9))])
    path = tmp_path / "found.json"
    path.write_text(json.dumps(found.to_json()))
    before = {split: task_fingerprint("trained", split) for split in ("train", "validation")}
    few_shot = task_fingerprint("trained.few_shot", "validation")
    drop_rows(read_drops(path))
    kept = [r.texts for r in field_rows(get_task("trained.zero_shot"), "train")]
    assert len(kept) == 18
    assert not {prose(4), prose(9)} & {text for texts in kept for text in texts}
    assert num_input_examples("trained", "train") == 18
    assert task_fingerprint("trained", "train") != before["train"]
    assert task_fingerprint("trained", "validation") == before["validation"]
    # Exemplars come from the train split.
    assert task_fingerprint("trained.few_shot", "validation") != few_shot
    assert find_contamination("trained", "tested").tasks[0].any == 0


def test_left_out_rows_are_neither_examples_nor_exemplars_nor_seqios(add):
    import seqio

    from flan_mix.registry.rendering import render

    trained = [row(prose(n), str(n % 3)) for n in range(12)]
    add("trained", trained, [row(prose(99))])
    add_mixture("mixed", ["trained"], rate=1.0)
    held = seqio.get_mixture_or_task("mixed")
    rows = list(field_rows(get_task("trained"), "train"))
    drop_rows({"trained": [r.id for r in rows[2:]]})
    assert [example.id for example in render("trained", "train")] == [r.id for r in rows[:2]]
    (shown,) = render("trained.few_shot", "validation")
    assert set(shown.exemplars) <= {rows[0].id, rows[1].id}
    renewed = seqio.get_mixture_or_task("mixed")
    assert renewed is not held
    assert isinstance(renewed, seqio.Mixture)
    (task,) = renewed.tasks
    dataset = task.get_dataset(None, "train", shuffle=False)
    ids = [example["id"].decode() for example in dataset.as_numpy_iterator()]
    assert ids == [r.id for r in rows[:2]]


def test_a_file_of_another_kind_is_refused_by_name(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"tasks": {}}')
    with pytest.raises(ValueError, match=r"metrics\.json holds no rows to leave out"):
        read_drops(path)


@pytest.mark.slow
def test_memory_is_that_of_the_evaluation(add):
    """Twice the training rows need no more: what is kept of them are the ids that overlap."""
    import tracemalloc

    evaluated = [row(prose(n)) for n in range(5000, 5200)]

    def peak(name: str, count: int) -> int:
        add(name, [row(prose(n)) for n in range(count)])
        tracemalloc.start()
        find_contamination(name, "tested")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    add("tested", [], evaluated)
    assert peak("twice", 16_384) < 1.25 * peak("once", 8192)


def test_hashes_do_not_depend_on_the_process():
    (hash_,) = WordHasher(3).runs([["a", "b", "c"]]).hashes
    assert hash_ == np.uint64(_by_hand(["a", "b", "c"]))


def _by_hand(listed: list[str]) -> int:
    import hashlib

    total = 0
    for word in listed:
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        total = (total * 0x9E3779B97F4A7C15 + int.from_bytes(digest, "little")) % (1 << 64)
    return total
