"""Parquet and Arrow files, and datasets that Hugging Face's library saved or fetched, as rows."""

import json

import pytest

from flan_mix.registry import (
    BadRowError,
    FileSource,
    HuggingFaceSource,
    SourceError,
    TaskSpec,
    add_task,
    field_rows,
    num_input_examples,
    task_fingerprint,
)
from flan_mix.registry.file_formats import read_rows
from flan_mix.templates import Template
from flan_mix.vocabularies import ByteVocabulary

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = [
    {"text": f"ŷes {n}\n", "label": n % 2, "words": ["a"] * (n % 3), "pair": {"x": None, "y": n}}
    for n in range(2500)
]


def table():
    return pyarrow.Table.from_pylist(ROWS)


def write_stream(path, written=None):
    """As Hugging Face's library writes: the stream format, 1,000 rows in a batch."""
    written = written or table()
    with pyarrow.ipc.new_stream(path, written.schema) as writer:
        writer.write_table(written, max_chunksize=1000)


def write_file(path):
    with pyarrow.ipc.new_file(path, table().schema) as writer:
        writer.write_table(table(), max_chunksize=700)


def save_dataset(folder, parts=2, **state):
    """What Dataset.save_to_disk leaves, as far as it is read."""
    folder.mkdir(parents=True)
    names = [f"data-{n:05d}-of-{parts:05d}.arrow" for n in range(parts)]
    step = len(ROWS) // parts
    for number, name in enumerate(names):
        write_stream(folder / name, table().slice(number * step, step))
    files = [{"filename": name} for name in names]
    (folder / "state.json").write_text(json.dumps({"_data_files": files, **state}))


def rows_of(path, **settings):
    source = FileSource({"s": str(path)}, **settings)
    return [(line, row) for _, line, row in read_rows(source, "s")]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", lambda path: parquet.write_table(table(), path, row_group_size=900)),
        ("a.arrow", write_stream),
        ("b.arrow", write_file),
    ],
)
def test_rows_are_those_written_numbered_from_1(tmp_path, name, write):
    write(tmp_path / name)
    assert rows_of(tmp_path / name) == list(enumerate(ROWS, start=1))


def test_a_format_can_be_told_where_the_name_does_not(tmp_path):
    parquet.write_table(table(), tmp_path / "a.data")
    assert rows_of(tmp_path / "a.data", format="parquet")[0] == (1, ROWS[0])
    with pytest.raises(SourceError, match=r"known: .*\.parquet"):
        rows_of(tmp_path / "a.data")


def test_a_task_counts_and_knows_a_parquet_file_by_its_contents(tmp_path):
    parquet.write_table(table(), tmp_path / "train.parquet")
    add_task(
        TaskSpec(
            "toy",
            category="toys",
            source=FileSource({"train": "train.parquet"}, data_dir=tmp_path),
            fields={"text": "text", "label": "label"},
            templates=[Template("{text}", "{label}")],
            vocabulary=ByteVocabulary(),
        )
    )
    before = task_fingerprint("toy", "train")
    assert num_input_examples("toy", "train") == len(ROWS)
    parquet.write_table(table().slice(1), tmp_path / "train.parquet")
    assert num_input_examples("toy", "train") == len(ROWS) - 1
    assert task_fingerprint("toy", "train") != before


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"ARROW1 and no more", b"text\n"])
def test_a_file_of_another_kind_is_told(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(BadRowError, match=r"a\.parquet, line 1: broken Parquet or Arrow file"):
        rows_of(tmp_path / "a.parquet")


def test_a_file_that_breaks_off_is_told_at_its_row(tmp_path):
    write_stream(tmp_path / "a.arrow")
    whole = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(whole[: len(whole) * 3 // 5])
    with pytest.raises(BadRowError, match=r"a\.arrow, line 1001: broken Parquet or Arrow"):
        rows_of(tmp_path / "a.arrow")


def test_a_row_that_is_not_utf8_is_bad_and_the_others_are_read(tmp_path):
    binary = pyarrow.array([b"one", b"tw\xff", b"three"])
    text = pyarrow.StringArray.from_buffers(3, *binary.buffers()[1:])
    parquet.write_table(pyarrow.table({"text": text}), tmp_path / "a.parquet")
    (_, first), (line, bad), (_, third) = rows_of(tmp_path / "a.parquet")
    assert (first, third) == ({"text": "one"}, {"text": "three"})
    assert isinstance(bad, BadRowError) and line == bad.line == 2
    assert bad.reason == "wrong encoding"


def test_a_saved_dataset_is_read_part_by_part(tmp_path):
    save_dataset(tmp_path / "saved" / "train")
    found = rows_of(tmp_path / "saved" / "train")
    assert [row for _, row in found] == ROWS
    assert [line for line, _ in found] == [*range(1, 1251), *range(1, 1251)]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "state.json").write_text("{}"), "is not what Dataset.save_to_d"),
        (lambda folder: (folder / "state.json").write_text("not"), "is not what Dataset.save_to_d"),
        (lambda folder: next(folder.glob("*.arrow")).unlink(), "no file .*data-00000-of-00002"),
    ],
)
def test_a_damaged_saved_dataset_is_told(tmp_path, spoil, message):
    save_dataset(tmp_path / "saved")
    spoil(tmp_path / "saved")
    with pytest.raises((SourceError, FileNotFoundError), match=message):
        rows_of(tmp_path / "saved")


def test_a_saved_selection_of_rows_is_refused(tmp_path):
    save_dataset(tmp_path / "saved", _indices_data_files=[{"filename": "indices.arrow"}])
    with pytest.raises(SourceError, match="holds a selection of rows"):
        rows_of(tmp_path / "saved")


def test_files_outside_a_saved_dataset_are_not_read(tmp_path):
    write_stream(tmp_path / "other.arrow")
    save_dataset(tmp_path / "saved", _data_files=[{"filename": "../other.arrow"}])
    with pytest.raises(FileNotFoundError, match=r"saved/other\.arrow"):
        rows_of(tmp_path / "saved")


HUB = {"dataset": "someone/something", "revision": "v1"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "a/b"}, "needs revision"),
        ({"revision": "v1"}, "needs dataset"),
        ({**HUB, "splits": {"train": "train[:5]"}}, r"'train\[:5\]' is not the name of a split"),
        ({**HUB, "splits": {"train": ["a", "b"]}}, "is not the name of a split"),
    ],
)
def test_a_hub_dataset_must_say_what_it_is(settings, message):
    with pytest.raises(SourceError, match=message):
        HuggingFaceSource(**{"splits": {"train": "train"}, **settings})


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    source = HuggingFaceSource({"train": "train"}, **HUB)
    with pytest.raises(SourceError, match=r"pip install 'flan-mix\[hf\]'"):
        source.files("train")
    with pytest.raises(SourceError, match="no split 'test'; there are: train"):
        source.files("test")


@pytest.mark.slow
def test_datasets_of_the_library_itself_are_read(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets", reason="needs `datasets` (extra hf)")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    label = datasets.ClassLabel(names=["no", "yes"])
    features = datasets.Features({"text": datasets.Value("string"), "label": label})
    rows = [{"text": f"row {n}", "label": n % 2} for n in range(30)]
    whole = datasets.Dataset.from_list(rows, features=features)
    parts = datasets.DatasetDict({"train": whole.shuffle(seed=1).select(range(20)), "test": whole})
    parts.save_to_disk(tmp_path / "saved")
    expected = list(parts["train"])
    assert [row for _, row in rows_of(tmp_path / "saved" / "train")] == expected

    (tmp_path / "hub").mkdir()
    whole.to_parquet(tmp_path / "hub" / "train.parquet")
    source = HuggingFaceSource(
        {"train": "train"},
        dataset=str(tmp_path / "hub"),
        revision="main",
        data_dir=tmp_path / "kept",
    )
    spec = TaskSpec(
        "toy",
        category="toys",
        source=source,
        fields={"text": "text", "label": "label"},
        templates=[Template("{text}", "{label}")],
    )
    add_task(spec)
    assert [row.texts for row in field_rows(spec, "train")] == [
        (str(row["label"]), row["text"]) for row in rows
    ]
    assert num_input_examples("toy", "train") == 30
    assert task_fingerprint("toy", "train") == task_fingerprint("toy", "train")
    assert (tmp_path / "kept").is_dir()
