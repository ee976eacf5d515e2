"""Local files in place of a TFDS dataset: which files, fingerprints, and the rows themselves."""

import gzip
import json

import pytest

from flan_mix.registry import (
    BadRowError,
    SourceError,
    TaskSpec,
    TfdsSource,
    add_task,
    num_input_examples,
    task_fingerprint,
)
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary

ROWS = [
    {"document": f"öld {n}", "label": n % 2, "answers": {"text": ["a"] * (n % 3)}}
    for n in range(40)
]


@pytest.fixture
def folder(tmp_path):
    """Files of `made/plain`: 40 rows of train, 5 of validation."""
    write(tmp_path / "made/plain/train.jsonl", ROWS)
    write(tmp_path / "made/plain/validation.jsonl", ROWS[:5])
    return tmp_path


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def source(files, name="made/plain:1.0.0", train="train", **settings):
    return TfdsSource(name, {"train": train, "validation": "validation"}, files=files, **settings)


def add(name, made, **changes):
    settings = {
        "category": "toys",
        "source": made,
        "fields": {"document": "document"},
        "templates": [Template("{document}?", "{document}")],
        "vocabulary": ByteVocabulary(),
    }
    add_task(TaskSpec(name, **(settings | changes)))
    return name


def local(made, split="train"):
    found = made.local_files(split)
    return None if found is None else found.splits


@pytest.mark.parametrize(
    ("split", "bases"),
    [
        ("train", ["train"]),
        ("train[:30000]", ["train"]),
        ("train[-200:]", ["train"]),
        ("train[10%:20%] + validation", ["train", "validation"]),
        ("train[:5]+train[7:]", ["train"]),
        ("test_matched[:200]", ["test_matched"]),
    ],
)
def test_a_split_is_made_of_those_it_names(split, bases):
    assert source(None, train=split).base_splits("train") == bases


def test_the_folder_is_that_of_builder_and_config_and_is_looked_up_late(folder, tmp_path):
    asked = []

    def files():
        asked.append(1)
        return folder

    made = source(files)
    assert not asked
    assert local(made) == {"train": str(folder / "made/plain/train.jsonl")}
    assert asked
    assert local(source(folder, "other:1.0.0")) is None
    assert local(source(lambda: None)) is None
    assert local(source(None)) is None


@pytest.mark.parametrize(
    "name", ["train.jsonl.gz", "train.parquet", "train-00000-of-00002.parquet"]
)
def test_other_kinds_of_files_are_found_by_their_names(tmp_path, name):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / name).touch()
    found = local(source(tmp_path, "made:1.0.0"))
    assert found is not None
    assert found["train"] == str(tmp_path / "made" / name.replace("00000-of-00002", "*"))


def test_a_saved_dataset_stands_for_its_split(tmp_path):
    write(tmp_path / "made/train/state.json", [{}])
    assert local(source(tmp_path, "made:1.0.0")) == {"train": str(tmp_path / "made/train")}


def test_a_split_without_files_and_one_with_two_are_refused(folder):
    (folder / "made/plain/validation.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match=r"none of validation\.jsonl, .* is: train\.jsonl"):
        source(folder).local_files("validation")
    (folder / "made/plain/train.parquet").touch()
    with pytest.raises(SourceError, match=r"train\.jsonl and train\.parquet both hold split"):
        source(folder).local_files("train")


def test_caches_know_the_files_by_their_contents(folder, tmp_path):
    name = add("toy", source(folder))
    tfds = task_fingerprint(add("tfds", source(None)), "train")
    elsewhere = task_fingerprint(add("elsewhere", source(tmp_path / "none")), "train")
    before = task_fingerprint(name, "train")
    assert elsewhere == tfds != before
    other_split = task_fingerprint(name, "validation")
    write(folder / "made/plain/train.jsonl", ROWS[1:])
    assert task_fingerprint(name, "train") != before
    assert task_fingerprint(name, "validation") == other_split


def test_flan_mix_tasks_look_where_the_environment_says(folder, monkeypatch):
    from flan_mix.tasks.data_dir import TFDS_FILES
    from flan_mix.tasks.tfds_datasets import tfds_source

    made = tfds_source("made/plain:1.0.0", {"train": "train[:3]"})
    monkeypatch.delenv(TFDS_FILES, raising=False)
    assert local(made) is None
    monkeypatch.setenv(TFDS_FILES, str(folder))
    assert local(made) == {"train": str(folder / "made/plain/train.jsonl")}


# What follows renders, so it needs TensorFlow and SeqIO.


def rendered(name, split="train"):
    pytest.importorskip("seqio")
    from flan_mix.registry.rendering import render

    return list(render(name, split))


def with_labels(row):
    import tensorflow as tf

    options = tf.constant(["no", "yes"])
    return {
        "document": row["document"],
        "options": options,
        "answer": tf.gather(options, row["label"]),
        "references": row["answers"]["text"],
    }


def test_rows_go_through_the_tasks_slices_filter_fields_and_cap(folder):
    keep = source(folder, train="train[:30]", keep=lambda row: row["label"] == 1)
    templates = [Template("{document}", "{answer}")]
    name = add("toy", keep, fields=with_labels, templates=templates)
    add("capped", keep, fields=with_labels, templates=templates, cap=6)
    examples = rendered(name)
    assert [e.inputs for e in examples] == [f"öld {n}" for n in range(1, 30, 2)]
    assert {e.targets for e in examples} == {"yes"}
    assert [len(e.references) for e in examples] == [n % 3 for n in range(1, 30, 2)]
    assert num_input_examples(name, "train") == 15
    assert num_input_examples("capped", "train") == 6
    kept = [e.id for e in rendered("capped")]
    assert kept == [e.id for e in examples if e.id in kept] and len(kept) == 6
    import seqio

    task = seqio.TaskRegistry.get(name)
    assert type(task) is seqio.Task
    shards = [
        row["id"].decode()
        for index in range(3)
        for row in task.get_dataset(
            split="train", shuffle=True, seed=0, shard_info=seqio.ShardInfo(index, 3)
        ).as_numpy_iterator()
    ]
    assert sorted(shards) == sorted(e.id for e in examples)


@pytest.mark.parametrize(
    ("split", "numbers"),
    [
        ("train[-7:]", range(33, 40)),
        ("train[10%:25%]", range(4, 10)),
        ("train[38:]+validation[:2]", [38, 39, 0, 1]),
        ("train[:40]", range(40)),
    ],
)
def test_slices_are_those_of_tfds(folder, split, numbers):
    name = add("toy", source(folder, train=split))
    assert [e.targets for e in rendered(name)] == [f"öld {n}" for n in numbers]
    assert num_input_examples(name, "train") == len(numbers)


def test_a_slice_that_needs_more_rows_is_refused_as_tfds_does(folder):
    name = add("toy", source(folder, train="train[:30000]"))
    with pytest.raises(SourceError, match=r"'train\[:30000\]' of local files \(train: 40\)"):
        rendered(name)


def test_every_kind_of_file_gives_the_same_examples(folder):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    plain = rendered(add("plain", source(folder)))
    assert len({e.id for e in plain}) == 40
    for kind in ("zipped", "parquet", "parts", "saved"):
        (folder / "made" / kind).mkdir()
        write(folder / "made" / kind / "validation.jsonl", ROWS[:1])
    table = pyarrow.Table.from_pylist(ROWS)
    with gzip.open(folder / "made/zipped/train.jsonl.gz", "wt") as file:
        file.write("".join(json.dumps(row) + "\n" for row in ROWS))
    parquet.write_table(table, folder / "made/parquet/train.parquet")
    parquet.write_table(table.slice(0, 25), folder / "made/parts/train-00000-of-00002.parquet")
    parquet.write_table(table.slice(25), folder / "made/parts/train-00001-of-00002.parquet")
    saved = folder / "made/saved/train"
    saved.mkdir()
    with pyarrow.ipc.new_stream(saved / "data.arrow", table.schema) as writer:
        writer.write_table(table)
    write(saved / "state.json", [{"_data_files": [{"filename": "data.arrow"}]}])
    for kind in ("zipped", "parquet", "parts", "saved"):
        assert rendered(add(kind, source(folder, f"made/{kind}:1.0.0"))) == plain


def test_ids_are_a_column_or_a_hash_that_no_slice_changes(folder):
    doubled = [{"document": "same"}, {"document": "other"}, {"document": "same"}]
    write(folder / "made/ids/train.jsonl", doubled)
    whole = [e.id for e in rendered(add("whole", source(folder, "made/ids:1.0.0")))]
    sliced = [e.id for e in rendered(add("last", source(folder, "made/ids:1.0.0", "train[2:]")))]
    assert whole[2] == f"{whole[0]}~2" and sliced == whole[2:]
    write(folder / "made/own/train.jsonl", [{"document": "x", "tfds_id": "made-train-0"}])
    assert [e.id for e in rendered(add("own", source(folder, "made/own:1.0.0")))] == [
        "made-train-0"
    ]


def test_files_that_change_are_counted_anew(folder):
    pytest.importorskip("seqio")
    name = add("toy", source(folder))
    assert num_input_examples(name, "train") == 40
    write(folder / "made/plain/train.jsonl", ROWS[:11])
    assert num_input_examples(name, "train") == 11
    assert len(rendered(name)) == 11


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"document": "a"}, {"document": 3}], r"line 2, field '/document': columns of two types"),
        ([{"document": "a"}, "b"], r"line 2: not a JSON object"),
    ],
)
def test_a_bad_row_stops_the_work_with_its_place(folder, rows, message):
    write(folder / "made/plain/train.jsonl", rows)
    with pytest.raises(BadRowError, match=r"made/plain/train\.jsonl, " + message):
        rendered(add("toy", source(folder)))


def test_nested_columns_are_ragged_as_in_tfds(folder):
    tf = pytest.importorskip("tensorflow")
    rows = [
        {"turns": [{"who": "a", "said": ["x", "y"]}, {"who": "b", "said": []}], "n": 1},
        {"turns": [], "n": 2.5},
    ]
    write(folder / "made/plain/train.jsonl", rows)

    def fields(row):
        said = row["turns"]["said"]
        return {
            "document": tf.strings.reduce_join(said.flat_values, separator=" "),
            "references": row["turns"]["who"],
            "n": tf.strings.as_string(row["n"], precision=1),
        }

    name = add("toy", source(folder), fields=fields, templates=[Template("{document} {n}", "")])
    assert [(e.inputs, e.references) for e in rendered(name)] == [
        ("x y 1.0", ("a", "b")),
        (" 2.5", ()),
    ]


def test_a_dataset_that_tfds_does_not_have_says_where_files_may_lie(tmp_path):
    pytest.importorskip("seqio")
    name = add("toy", source(tmp_path, "no_such_dataset:1.0.0"))
    with pytest.raises(Exception, match="no_such_dataset") as caught:
        rendered(name)
    assert "no_such_dataset/<split>.jsonl or .parquet" in "".join(caught.value.__notes__)
