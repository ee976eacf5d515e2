"""USE_CACHED_TASKS: caches in SeqIO's own format are read; where there is none, it says so."""

import json
from pathlib import Path

import pytest

seqio = pytest.importorskip("seqio")
import tensorflow as tf  # noqa: E402

from flan_mix.runs.datasets import open_dataset  # noqa: E402
from flan_mix.t5x.utils import DatasetConfig  # noqa: E402
from flan_mix.t5x.vocabularies import our_vocabulary  # noqa: E402
from tests.t5x import seqio_tasks  # noqa: E402

LENGTHS = {"inputs": 16, "targets": 8}


def config(cache_dir: Path, use_cached: bool, task: str = "first_word") -> DatasetConfig:
    given = {"use_cached": use_cached, "cache_dir": str(cache_dir)}
    return DatasetConfig(task, LENGTHS, "train", 4, True, None, **given)


def write_seqio_cache(folder: Path) -> None:
    """As `seqio_cache_tasks` writes it: what is tokenized before the placeholder, as TFRecords."""
    task = seqio.TaskRegistry.get("first_word")
    directory = folder / seqio.utils.get_task_dir_from_name(task.name)
    directory.mkdir(parents=True)
    tokenized = seqio.preprocessors.tokenize(
        seqio_tasks.rows("train"), output_features=task.output_features
    )
    rows = list(tokenized.as_numpy_iterator())
    with tf.io.TFRecordWriter(str(directory / "train.tfrecord-00000-of-00001")) as writer:
        for row in rows:
            writer.write(seqio.utils.dict_to_tfexample(row).SerializeToString())
    features = {
        name: {"shape": list(tensor.shape), "dtype": tensor.dtype.name}
        for name, tensor in tokenized.element_spec.items()
    }
    info = {"num_shards": 1, "features": features, "seqio_version": seqio.__version__}
    (directory / "info.train.json").write_text(json.dumps(info))
    (directory / "stats.train.json").write_text(json.dumps({"examples": len(rows)}))
    (directory / "COMPLETED").touch()


def test_a_cache_of_seqio_gives_the_tokens_that_rendering_gives(tmp_path: Path) -> None:
    vocabulary = our_vocabulary(seqio_tasks.vocabulary())
    write_seqio_cache(tmp_path / "seqio")
    seqio.add_global_cache_dirs([str(tmp_path / "seqio")])
    try:
        cached = open_dataset(config(tmp_path / "a", True).run_config(), vocabulary)
    finally:
        seqio.set_global_cache_dirs([])
    rendered = open_dataset(config(tmp_path / "b", False).run_config(), vocabulary)
    (one,), (other,) = cached.parts, rendered.parts
    assert len(one.cache) == len(other.cache) == 24
    for index in range(24):
        for feature in LENGTHS:
            assert one.cache[index][feature].tolist() == other.cache[index][feature].tolist()


def test_a_cache_that_is_not_there_names_the_flag(tmp_path: Path) -> None:
    vocabulary = our_vocabulary(seqio_tasks.vocabulary())
    with pytest.raises(FileNotFoundError, match="--seqio_additional_cache_dirs"):
        # Another task: SeqIO remembers where it found a task's cache.
        open_dataset(config(tmp_path, True, "first_word_scored").run_config(), vocabulary)
