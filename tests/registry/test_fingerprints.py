"""A fingerprint changes with all that decides an example, and with nothing else."""

import dataclasses
import os
import subprocess
import sys
from functools import cached_property

import pytest

from flan_mix.registry import TfdsSource, add_task, remove, task_fingerprint
from flan_mix.registry.callable_description import describe
from flan_mix.templates import DASH_LIST, Template

LABELS = {"0": "no", "1": "yes"}


def label(text):
    return LABELS.get(text, text)


def labelled(row):
    return {**row, "a": label(row["a"])}


@pytest.fixture
def fingerprint():
    def of(spec, split="train", **settings):
        add_task(spec)
        found = task_fingerprint(spec.name, split, **settings)
        remove(spec.name)
        return found

    return of


@pytest.fixture
def spec(make_spec, toy_rows):
    return make_spec(toy_rows(4), validation=toy_rows(2), fields=labelled)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"cap": 3},
        {"templates": [Template("{q}?", "{a}")]},
        {"templates": [Template("{q}?", "{a}"), Template("Say: {q}", "{a}!", inverted=True)]},
        {"option_styles": [DASH_LIST]},
        {"fields": {"id": "id", "q": "q", "a": "a"}},
        {"fields": lambda row: row},
        {"source": TfdsSource("glue/cola:2.0.0", {"train": "train"})},
    ],
)
def test_it_changes_with_what_decides_the_text(spec, fingerprint, changes):
    assert fingerprint(dataclasses.replace(spec, **changes)) != fingerprint(spec)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "renamed"},
        {"category": "others"},
        {"licence": "CC0"},
        {"metrics": ()},
        {"postprocess": str.lower},
        {"vocabulary": None},
    ],
)
def test_it_stays_with_what_does_not(spec, fingerprint, changes):
    assert fingerprint(dataclasses.replace(spec, **changes)) == fingerprint(spec)


def test_which_turns_are_predicted_decides_dialogues_alone(spec, fingerprint):
    assert fingerprint(dataclasses.replace(spec, turn_step=2)) == fingerprint(spec)
    talk = dataclasses.replace(
        spec,
        fields=lambda row: {"id": row["id"], "turns": [row["q"], row["a"]]},
        templates=[Template("{turns_before}", "{next_turn}")],
    )
    assert fingerprint(dataclasses.replace(talk, turn_step=2)) != fingerprint(talk)


def test_it_follows_the_contents_of_files_and_not_their_time(spec, fingerprint, tmp_path):
    before, validation = fingerprint(spec), fingerprint(spec, "validation")
    path = tmp_path / "toy.train.jsonl"
    os.utime(path, (1, 1))
    assert fingerprint(spec) == before
    path.write_text(path.read_text().replace("question", "Question"))
    assert fingerprint(spec) != before
    assert fingerprint(spec, "validation") == validation


def test_it_follows_how_files_are_read(spec, fingerprint):
    skipping = dataclasses.replace(spec.source, on_bad_row="skip")
    assert fingerprint(dataclasses.replace(spec, source=skipping)) != fingerprint(spec)


def test_it_follows_the_users_tag(spec, fingerprint):
    assert fingerprint(spec, tag="v2") != fingerprint(spec)


def test_it_follows_what_a_row_function_uses(spec, fingerprint, monkeypatch):
    before = fingerprint(spec)
    monkeypatch.setitem(LABELS, "0", "never")
    assert fingerprint(spec) != before
    monkeypatch.undo()
    monkeypatch.setitem(globals(), "label", lambda text: text)
    assert fingerprint(spec) != before


def test_it_follows_tfds_versions_and_slices(spec, fingerprint):
    def of(name, split, **settings):
        source = TfdsSource(name, {"train": split}, **settings)
        return fingerprint(dataclasses.replace(spec, source=source))

    found = {
        of("glue/cola:2.0.0", "train"),
        of("glue/cola:1.0.0", "train"),
        of("glue/cola:2.0.0", "train[:10]"),
        of("glue/cola:2.0.0", "train", keep=labelled),
    }
    assert len(found) == 4


def test_closures_defaults_and_objects_are_described_by_content():
    def make(bound, default):
        def function(row, extra=default):
            return (row, bound, extra)

        return function

    assert describe(make([1], 2)) == describe(make([1], 2))
    assert len({describe(make(*values)) for values in (([1], 2), ([2], 2), ([1], 3))}) == 3
    assert describe(Template("{a}", "{b}")) == describe(Template("{a}", "{b}"))
    assert describe({"a": {1, 2}}) == describe({"a": {2, 1}})
    assert describe([print]) == describe([print])
    assert "0x" not in describe([make([object()], 2), object()])


def test_what_an_object_remembers_of_its_use_is_no_part_of_it():
    class Doubled:
        def __init__(self, number):
            self.number = number

        @cached_property
        def twice(self):
            return 2 * self.number

    used = Doubled(3)
    assert used.twice == 6
    assert describe(used) == describe(Doubled(3)) != describe(Doubled(4))


def test_what_refers_to_itself_is_described():
    items = [1]
    items.append(items)

    def even(number):
        return number == 0 or odd(number - 1)

    def odd(number):
        return number != 0 and even(number - 1)

    assert describe(items)
    assert describe(even) != describe(odd)


def test_it_is_the_same_in_another_process(tmp_path):
    """Neither hash randomisation nor addresses reach it."""
    program = tmp_path / "program.py"
    program.write_text(
        "from flan_mix.registry import FileSource, TaskSpec, add_task, task_fingerprint\n"
        "from flan_mix.templates import Template\n"
        "KEPT = frozenset({'a', 'b', 'c', 'd'})\n"
        "def fields(row):\n"
        "    return row if row['t'] in KEPT else None\n"
        "add_task(TaskSpec('t', 'c', FileSource({'train': 'rows.jsonl'}), fields,\n"
        "                  [Template('{t}', '{t}')]))\n"
        "print(task_fingerprint('t', 'train'))\n"
    )
    (tmp_path / "rows.jsonl").write_text('{"t": "a"}\n')
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = {
        subprocess.run(
            [sys.executable, str(program)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
