"""Sizes of prepared TFDS datasets are read from their own books, slices included."""

import json

import pytest

from flan_mix.registry import TfdsSource
from flan_mix.registry.tfds_on_disk import prepared_rows, prepared_sizes


@pytest.fixture
def source(tmp_path):
    """A source whose dataset is prepared with 100 and 30 rows, with any splits."""
    folder = tmp_path / "glue" / "mrpc" / "2.0.0"
    folder.mkdir(parents=True)
    splits = [
        {"name": "train", "shardLengths": ["60", "40"]},
        {"name": "validation", "shardLengths": ["30"]},
    ]
    (folder / "dataset_info.json").write_text(json.dumps({"splits": splits}))
    return lambda split: TfdsSource("glue/mrpc:2.0.0", {"s": split}, data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        ("train", 100),
        ("train[:30]", 30),
        ("train[-20:]", 20),
        ("train[:-20]", 80),
        ("train[90:300]", 10),
        ("train[:10]+validation", 40),
        ("train[:10%]", None),
        ("test", None),
    ],
)
def test_slices_are_counted_as_tfds_reads_them(source, split, rows):
    assert prepared_rows(source(split), "s") == rows


def test_what_is_not_prepared_has_no_size(tmp_path):
    source = TfdsSource("glue/mrpc:2.0.0", {"s": "train"}, data_dir=str(tmp_path))
    assert prepared_sizes(source) is None and prepared_rows(source, "s") is None
