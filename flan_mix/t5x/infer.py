"""t5x.infer: answers to, and scores of, a task's rows as T5X's gin files ask for them.

Rows are worked off in chunks; a run that is started again goes on after those that are finished.
"""

import functools
import hashlib
import itertools
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import seqio

from flan_mix.evaluation.result_files import write_atomically
from flan_mix.runs.seqio_datasets import DatasetModel
from flan_mix.t5x import gin_utils, utils
from flan_mix.t5x.evaluating import ModelOnDatasets, prepare_tasks
from flan_mix.t5x.models import EncoderDecoderModel
from flan_mix.t5x.not_there import NotThereError, is_default, only
from flan_mix.t5x.restoring import checkpoint_paths, restored_parameters
from flan_mix.training import Partitioner

log = logging.getLogger(__name__)

MODES = ("predict", "score", "predict_with_aux")

Row = Mapping[str, Any]


def write_inferences_to_file(
    path: str,
    inferences: tuple[Sequence[Any], Mapping[str, Sequence[Any]]],
    task_ds: Sequence[Row],
    mode: str,
    vocabulary: seqio.Vocabulary | None = None,
    json_encoder_cls: type[json.JSONEncoder] = seqio.TensorAndNumpyEncoder,
    include_all_inputs: bool = False,
    output_ids: bool = False,
) -> None:
    """Writes a line of JSON for each row: its pretokenized inputs and what the model makes of it.

    inferences: the answers (token ids) or scores of the rows, and further values of each row by
    name. include_all_inputs: the token ids of the inputs too. output_ids: answers as token ids
    beside their text.
    """
    outputs, aux = inferences
    lines = []
    for index, (row, output) in enumerate(zip(task_ds, outputs, strict=True)):
        line: dict[str, Any] = {
            "inputs": {
                name: _plain(value)
                for name, value in row.items()
                if include_all_inputs or name.endswith("_pretokenized")
            }
        }
        if mode == "score":
            line["score"] = float(output)
        else:
            assert vocabulary is not None
            line["prediction"] = vocabulary.decode([int(token) for token in output])
            if output_ids:
                line["prediction_tokens"] = [int(token) for token in output]
        if aux and mode != "predict":
            line["aux"] = {name: values[index] for name, values in aux.items()}
        lines.append(json.dumps(line, cls=json_encoder_cls) + "\n")
    write_atomically(Path(path), "".join(lines))


def merge_chunks_to_file(chunk_paths: Sequence[str], path: str) -> None:
    """Puts the chunks' lines one after the other into one file."""
    write_atomically(Path(path), "".join(Path(chunk).read_text() for chunk in chunk_paths))


def infer(
    *,
    mode: str,
    model: EncoderDecoderModel,
    dataset_cfg: utils.DatasetConfig,
    restore_checkpoint_cfg: utils.RestoreCheckpointConfig,
    partitioner: Partitioner,
    output_dir: str,
    checkpoint_period: int,
    shard_id: int = 0,
    num_shards: int = 1,
    merge_chunked_results: bool = True,
    write_fn: Callable[..., None] = write_inferences_to_file,
    checkpoint_ds_iter: bool = True,
    train_state_initializer_cls: Any = utils.TrainStateInitializer,
    fallback_init_rng: int | None = None,
    merge_fn: Callable[..., None] = merge_chunks_to_file,
    summarize_config_fn: Callable[..., None] = gin_utils.summarize_gin_config,
    verify_matching_vocabs_fn: Callable[..., None] | None = utils.verify_matching_vocabs,
    output_vocab_feature_name: str = "targets",
    file_extension: str = "jsonl",
    keep_aux_as_numpy: bool = False,
    use_orbax: bool = True,
) -> list[Path]:
    """Writes output_dir/<task>-<mode>.<extension>-<shard>-of-<shards> for each task; returns them.

    The keywords are T5X's infer(). checkpoint_period: batches of `dataset_cfg.batch_size` rows in a
    chunk. shard_id, num_shards: the part of the rows that this run answers. Without
    merge_chunked_results the chunks stay in a folder beside. A task whose file is complete is left
    alone.
    """
    del use_orbax, checkpoint_ds_iter  # The place in the data is the number of finished chunks.
    if mode not in MODES:
        raise ValueError(f"infer.mode is {mode!r}; it must be one of {', '.join(MODES)}")
    if not 0 <= shard_id < num_shards:
        raise ValueError(f"infer.shard_id is {shard_id}; with num_shards={num_shards} count from 0")
    is_default("infer", write_fn, write_inferences_to_file)
    is_default("infer", merge_fn, merge_chunks_to_file)
    is_default("infer", train_state_initializer_cls, utils.TrainStateInitializer)
    only("infer", "lines are JSON", False, keep_aux_as_numpy=keep_aux_as_numpy)
    folder = Path(output_dir).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    summarize_config_fn(model_dir=str(folder), summary_writer=None, step=0)
    if verify_matching_vocabs_fn is not None:
        verify_matching_vocabs_fn(dataset_cfg, model)
    prepare_tasks(dataset_cfg, model)
    (path,) = checkpoint_paths(restore_checkpoint_cfg)[-1:]
    params, _ = restored_parameters(
        restore_checkpoint_cfg, path, model, partitioner, fallback_init_rng
    )
    provider = seqio.get_mixture_or_task(dataset_cfg.mixture_or_task_name)
    on_datasets = ModelOnDatasets(model, partitioner, dataset_cfg.batch_size)
    asked = on_datasets.with_parameters(params)
    written = []
    for task in seqio.get_subtasks(provider):
        if dataset_cfg.split not in task.splits:
            log.warning("%s has no split %r and is left out", task.name, dataset_cfg.split)
            continue
        name = f"{task.name}-{mode}.{file_extension}-{shard_id:05}-of-{num_shards:05}"
        done = folder / f"{name}.COMPLETED"
        written.append(folder / name)
        if done.exists():
            log.info("%s is complete already", folder / name)
            continue
        rows = _rows(task, dataset_cfg, model, seqio.ShardInfo(shard_id, num_shards))
        parts = folder / f"tmp-{task.name}-{shard_id:05}-of-{num_shards:05}"
        vocabulary = task.output_features[output_vocab_feature_name].vocabulary
        size = checkpoint_period * dataset_cfg.batch_size
        chunks = []
        for number, chunk in enumerate(_chunks(rows, size)):
            chunks.append(parts / f"{name}-chunk{number:05}")
            _infer_chunk(asked, chunk, chunks[-1], mode, write_fn, vocabulary)
        if jax.process_index():
            continue
        if merge_chunked_results:
            merge_fn([str(chunk) for chunk in chunks], str(folder / name))
            shutil.rmtree(parts, ignore_errors=True)
        done.touch()
        log.info("Wrote %s", folder / name)
    return written


def _infer_chunk(
    asked: DatasetModel,
    chunk: Sequence[tuple[Row, Row]],
    path: Path,
    mode: str,
    write_fn: Callable[..., None],
    vocabulary: seqio.Vocabulary,
) -> None:
    """Writes one chunk's lines unless they are there; `chunk` are task and model features."""
    done = path.with_name(f"{path.name}.COMPLETED")
    if done.exists():
        return
    numbered = [(number, features) for number, (_, features) in enumerate(chunk)]
    aux: Mapping[str, Sequence[Any]] = {}
    if mode == "score":
        found: Sequence[tuple[int, Any]] = asked.scores(numbered)
    else:
        found, aux = asked.predictions_with_aux(numbered)
    if jax.process_index() == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        outputs = [output for _, output in found]
        rows = [row for row, _ in chunk]
        write_fn(str(path), (outputs, aux), rows, mode, vocabulary)
        done.touch()
        log.info("Wrote %d rows to %s", len(chunk), path)


def _rows(
    task: seqio.Task,
    config: utils.DatasetConfig,
    model: EncoderDecoderModel,
    shard: Any,
) -> Iterator[tuple[Row, Row]]:
    """A task's rows as it gives them, and in the features of the model."""
    rows = task.get_dataset(
        sequence_length=config.task_feature_lengths,
        split=config.split,
        shuffle=False,
        num_epochs=1,
        shard_info=shard,
        use_cached=config.use_cached,
        seed=config.seed,
    )
    if config.task_feature_lengths is None:
        raise ValueError("TASK_FEATURE_LENGTHS is needed: {'inputs': 512, 'targets': 128}")
    features = model.FEATURE_CONVERTER_CLS(pack=False)(rows, config.task_feature_lengths)
    return zip(rows.as_numpy_iterator(), features.as_numpy_iterator(), strict=True)


def _chunks(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(itertools.islice(rows, size)):
        yield chunk


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    array = np.asarray(value)
    if array.dtype == object:
        return [_plain(each) for each in array.tolist()]
    return array.tolist()


def create_task_from_tfexample_file(
    paths: Sequence[str],
    file_type: str,
    inputs_key: str,
    targets_key: str | None,
    features: Mapping[str, Any],
    task_id: str | None = None,
) -> str:
    """Registers a task over files of TFExamples, split "infer", and returns its name.

    paths: files or patterns. file_type: "tfrecord". inputs_key, targets_key: the features that
    hold the texts. features: seqio.Feature by name, which say how they are tokenized.
    """
    import tensorflow as tf

    if file_type != "tfrecord":
        raise NotThereError(f"file_type = {file_type!r}: outside of Google there is 'tfrecord'")
    paths = [paths] if isinstance(paths, str) else list(paths)
    if not tf.io.gfile.glob(paths):
        raise FileNotFoundError(f"no file matches {', '.join(paths)}")
    keys = {"inputs": inputs_key} | ({"targets": targets_key} if targets_key else {})
    if task_id is None:
        named = json.dumps([paths, keys], sort_keys=True)
        task_id = hashlib.sha256(named.encode()).hexdigest()[:10]
    name = f"infer_{task_id}"
    reader: Any = tf.data.TFRecordDataset
    if name not in seqio.TaskRegistry.names():
        texts = {key: tf.io.FixedLenFeature([], tf.string) for key in keys.values()}
        source: Any = seqio.TFExampleDataSource(
            {"infer": paths}, feature_description=texts, reader_cls=reader
        )
        seqio.TaskRegistry.add(
            name,
            source=source,
            preprocessors=[
                functools.partial(_renamed, keys=keys),
                seqio.preprocessors.tokenize,
                seqio.preprocessors.append_eos_after_trim,
            ],
            output_features=dict(features),
        )
    return name


def _renamed(dataset: Any, keys: Mapping[str, str]) -> Any:
    """The texts under the names of features; a feature that no key gives is empty."""
    return dataset.map(
        lambda row: {
            feature: row[keys[feature]] if feature in keys else ""
            for feature in ("inputs", "targets")
        }
    )
