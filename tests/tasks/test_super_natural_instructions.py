"""Super-NaturalInstructions from a checkout: three schemas, splits, caps, an index that is kept."""

import gzip
import json
import os
import time

import pytest

from flan_mix.metrics import edit_similarity, exact_match
from flan_mix.registry import (
    BadRowError,
    add_mixture,
    field_rows,
    get_mixture,
    get_task,
    hold_out_tasks,
    remove,
)
from flan_mix.tasks import natural_instructions_index
from flan_mix.tasks.flan2021 import TASKS
from flan_mix.tasks.natural_instructions_index import load, task_files
from flan_mix.tasks.natural_instructions_texts import texts_of
from flan_mix.tasks.super_natural_instructions import (
    DEFINED,
    WITH_AN_EXPLANATION,
    WITH_ONE_EXAMPLE,
    WITH_TWO_EXAMPLES,
    register,
    registered_name,
    rouge_l,
)
from tests.shared_data import shared_path

EXAMPLES = [
    {"input": "2 + 2", "output": "4", "explanation": "Two and two make four."},
    {"input": "3 + 1", "output": "4"},
]


def official(instances, **changes):
    """A task file as the project has had them since 2022."""
    task = {
        "Source": ["sums (https://example.org)"],
        "Categories": ["Textual Entailment"],
        "Definition": ["Add {the} numbers."],
        "Input_language": ["English"],
        "Positive Examples": EXAMPLES,
        "Instance License": ["MIT"],
        "Instances": instances,
    }
    return task | changes


def instances(count, start=0):
    return [
        {"id": f"task1-{i}", "input": f"{i} + 1", "output": [str(i + 1)]}
        for i in range(start, start + count)
    ]


class Checkout:
    """A made-up checkout; tasks registered from it are forgotten when the test ends."""

    def __init__(self, folder):
        self.folder, self.index = folder / "ni", folder / "index.json"
        (self.folder / "tasks").mkdir(parents=True)
        (self.folder / "splits" / "default").mkdir(parents=True)
        self.registered = []

    def write(self, file, task):
        path = self.folder / "tasks" / file
        text = json.dumps(task).encode()
        path.write_bytes(gzip.compress(text) if file.endswith(".gz") else text)
        return path

    def split(self, split, *names):
        (self.folder / f"splits/default/{split}_tasks.txt").write_text("\n".join(names) + "\n")

    def register(self, **settings):
        done = register(self.folder, index=self.index, **settings)
        self.registered += [*done.mixtures, *done.tasks]
        return done


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path)
    yield made
    for name in dict.fromkeys(made.registered):
        remove(name)


def rows(name, split):
    spec = get_task(name)
    return [dict(zip(spec.text_fields, row.texts, strict=True)) for row in field_rows(spec, split)]


def test_a_task_of_the_official_schema_is_registered_with_what_its_file_says(checkout):
    checkout.write("task001_sums-of_two.json", official(instances(250)))
    assert checkout.register().tasks == ("ni_task001_sums_of_two",)
    spec = get_task("ni_task001_sums_of_two")
    assert spec.category == "nli"
    assert (spec.licence, spec.text_sources, spec.cap) == ("MIT", ("sums",), 5000)
    assert spec.collections == ("super_natural_instructions",)
    assert len(spec.templates) == 20
    tested = [row.id for row in field_rows(spec, "test")]
    trained = [row.id for row in field_rows(spec, "train")]
    # "2 + 1" to "101 + 1" but for "3 + 1", which is shown as an example.
    assert tested == [f"task1-{i}" for i in range(100) if i != 3]
    assert trained == [f"task1-{i}" for i in range(100, 250)]


def test_the_definition_is_data_whatever_it_holds(checkout):
    checkout.write("task2_x.json", official(instances(4)))
    checkout.register()
    row = rows("ni_task2_x", "train")[0]
    assert row["definition"] == "Add {the} numbers."
    bare = get_task("ni_task2_x").templates[0].render(row)
    assert bare.inputs == "Add {the} numbers.\n\n2 + 1"
    assert bare.targets == "3"


def test_what_rouge_cannot_read_is_scored_by_letters(checkout):
    checkout.write("task40_latin.json", official(instances(8)))
    signs = instances(8)
    signs[7]["output"] = ["?!"]
    checkout.write("task41_signs.json", official(signs))
    other = instances(8)
    other[7]["output"] = ["\u30ab\u30c1"]
    checkout.write("task42_other.json", official(other))
    checkout.register()
    for task in ("ni_task40_latin", "ni_task41_signs"):
        assert get_task(task).metrics == (rouge_l, exact_match)
    assert get_task("ni_task42_other").metrics == (edit_similarity, exact_match)
    # Neither raises, whatever the reference is.
    for metric in get_task("ni_task42_other").metrics:
        assert metric(["\u30ab\u30c1"], ["\u30ab\u30c1"]) == {metric.keys[0]: 100}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("squad_1.1", "squad"),
        ("SQuAD2.0 (https://example.org)", "squad"),
        ("winograd_wsc", "winograd"),
        ("wsc; enhanced_wsc", "winograd"),
        ("cb", "commitmentbank"),
        ("e2e", "e2e_nlg"),
        ("sts_b", "stsb"),
        ("qqp", "quora"),
        ("abductive_nli", "roc_stories"),
        ("snli", "snli"),
    ],
)
def test_a_source_is_known_by_the_name_that_other_tasks_on_its_text_use(source, text):
    assert text in texts_of([source])
    assert text in {each for name in TASKS for each in get_task(name).text_sources}


def test_a_file_made_of_a_held_out_text_is_not_trained_on(checkout):
    checkout.write("task30_squad.json", official(instances(8), Source=["squad_1.1"]))
    checkout.write("task31_other.json", official(instances(8), Source=["elsewhere"]))
    for name in checkout.register().tasks:
        assert get_task(name).category == "nli"
    made = hold_out_tasks(
        add_mixture(
            "both",
            ["flan_squad_v1", "ni_task30_squad", "ni_task31_other"],
            rate=1.0,
        ).name,
        ["flan_squad_v1"],
        "without_squad",
    )
    checkout.registered[:0] = [made.train, made.evaluation, "both"]
    assert made.train_tasks == ("ni_task31_other",)
    assert made.left_out == (("ni_task30_squad", "shares the text of squad with flan_squad_v1"),)


def test_older_files_and_those_of_others_are_read_too(checkout):
    older = official([{"input": "5 + 5", "output": ["10", "ten"]}] * 4, Definition="Add.")
    del older["Instance License"], older["Input_language"]
    checkout.write("task3_older.json.gz", older)
    others = {
        "Definition": ["Add."],
        "Categories": ["Question Answering"],
        "Positive Examples": [{"input": "1 + 1", "output": 2}],
        "Instances": [{"id": "a", "input": "1", "output": [7]}, {"input": "8", "output": 8}] * 2,
    }
    checkout.write("task4_others.json", others)
    checkout.register()
    made = list(field_rows(get_task("ni_task3_older"), "train"))
    assert [row.references for row in made] == [("10", "ten")] * 2
    assert len({row.id for row in made}) == 2
    assert get_task("ni_task3_older").licence == "not stated by the source"
    assert [row["output"] for row in rows("ni_task4_others", "train")] == ["7", "8"]
    assert get_task("ni_task4_others").category == "question_answering"


def test_templates_show_only_the_examples_that_a_file_has(checkout):
    checkout.write("task5_none.json", official(instances(4), **{"Positive Examples": []}))
    checkout.write("task6_one.json", official(instances(4), **{"Positive Examples": EXAMPLES[1:]}))
    checkout.register()
    assert get_task("ni_task5_none").templates == DEFINED
    assert get_task("ni_task6_one").templates == DEFINED + WITH_ONE_EXAMPLE
    for task in ("ni_task5_none", "ni_task6_one"):
        assert rows(task, "train")
    assert len(WITH_ONE_EXAMPLE + WITH_AN_EXPLANATION + WITH_TWO_EXAMPLES) == len(DEFINED)


def test_rows_without_text_on_one_side_are_left_out(checkout):
    bad = [{"input": " ", "output": ["x"]}, {"input": "x", "output": [""]}, {"input": "x"}, "x"]
    checkout.write("task7_bad.json", official(bad + instances(6, start=10)))
    checkout.write("task8_empty.json", official(bad))
    done = checkout.register()
    assert done.empty == ("task8_empty",)
    assert len(rows("ni_task7_bad", "test")) == 1
    assert len(rows("ni_task7_bad", "train")) == 5


def test_mixtures_follow_the_split_lists_at_rates_up_to_the_cap(checkout):
    checkout.write("task10_a.json", official(instances(260)))
    checkout.write("task11_b.json", official(instances(30)))
    checkout.write("task12_mmmlu_c.json", official(instances(30)))
    checkout.split("train", "task10_a", "task99_gone")
    checkout.split("test", "task11_b", "task12_mmmlu_c")
    done = checkout.register(cap=150)
    assert done.missing == ("task99_gone",)
    assert dict(get_mixture("super_natural_instructions").parts) == {
        "ni_task10_a": 150.0,
        "ni_task11_b": 15.0,
    }
    assert [name for name, _ in get_mixture("super_natural_instructions_train").parts] == [
        "ni_task10_a"
    ]
    assert len(get_mixture("super_natural_instructions_test").parts) == 2
    assert sum(1 for _ in field_rows(get_task("ni_task10_a"), "train")) == 150
    assert checkout.register(cap=150) == done


def test_a_file_is_opened_again_only_when_its_size_or_time_changes(checkout, monkeypatch):
    opened = []
    monkeypatch.setattr(
        natural_instructions_index, "load", lambda path: opened.append(path.name) or load(path)
    )
    first = checkout.write("task20_a.json", official(instances(8)))
    checkout.write("task21_b.json", official(instances(8)))
    before = task_files(checkout.folder, checkout.index)
    assert opened == ["task20_a.json", "task21_b.json"]
    assert task_files(checkout.folder, checkout.index) == before
    assert len(opened) == 2
    os.utime(first, ns=(1, 1))
    task_files(checkout.folder, checkout.index)
    assert opened[2:] == ["task20_a.json"]
    checkout.write("task20_a.json", official(instances(40)))
    assert task_files(checkout.folder, checkout.index)[0].rows == {"train": 20, "test": 19}
    first.unlink()
    assert [task.name for task in task_files(checkout.folder, checkout.index)] == ["task21_b"]


def test_a_spoilt_index_is_made_anew_and_one_that_cannot_be_kept_is_done_without(checkout):
    checkout.write("task22_a.json", official(instances(8)))
    checkout.index.write_text("{")
    assert len(task_files(checkout.folder, checkout.index)) == 1
    assert json.loads(checkout.index.read_text())["files"]
    assert len(task_files(checkout.folder, checkout.index / "below a file")) == 1


def test_a_file_that_is_no_task_and_a_folder_without_tasks_are_told(checkout):
    with pytest.raises(FileNotFoundError, match="no checkout of Natural Instructions"):
        register(checkout.folder, index=checkout.index)
    path = checkout.write("task30_a.json", {"rows": []})
    with pytest.raises(BadRowError, match=r"task30_a.json, line 1: not a task"):
        checkout.register()
    path.write_text('{\n"Instances": [}')
    with pytest.raises(BadRowError, match=r"task30_a.json, line 2: invalid JSON"):
        checkout.register()


def test_the_files_that_were_published_are_all_read(checkout):
    folder = shared_path("data/natural_instructions")
    done = register(folder, index=checkout.index)
    checkout.registered += [*done.mixtures, *done.tasks]
    files = task_files(folder, checkout.index)
    assert not done.empty
    assert len(files) == len(done.tasks) > 20
    for name in ("task131_scan_long_text_generation_action_command_long", "task1759_gsm"):
        spec = get_task(registered_name(name))
        for row in field_rows(spec, "test"):
            assert all(row.texts) and all(row.references)
    gsm = next(field_rows(get_task("ni_task1759_gsm"), "test"))
    assert gsm.references == (gsm.texts[get_task("ni_task1759_gsm").text_fields.index("output")],)
    assert "super_natural_instructions_test" in done.mixtures
    assert not any("mmmlu" in name for name, _ in get_mixture("super_natural_instructions").parts)


@pytest.mark.slow
def test_1500_tasks_register_from_a_warm_index_in_five_seconds(checkout):
    for number in range(1500):
        checkout.write(f"task{number:04}_sums.json", official(instances(40)))
    task_files(checkout.folder, checkout.index)
    start = time.process_time()
    done = checkout.register()
    seconds = time.process_time() - start
    print(f"1,500 tasks registered in {seconds:.2f} s")
    assert len(done.tasks) == 1500
    assert seconds < 5
