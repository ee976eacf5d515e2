"""The pool of exemplars of a task: train rows with the least hashes of their ids, as tensors.

It depends on the rows and the registered seed alone, never on shards or workers, and is read once
for all variants and passes of a task in a process.
"""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import seqio
import tensorflow as tf

from flan_mix.registry.seqio_half.ragged import LISTS, ragged_batches
from flan_mix.registry.seqio_half.tfds_rows import told_errors
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec
from flan_mix.templates.tensor_draws import Drawer
from flan_mix.templates.tensor_few_shot import ExemplarPool
from flan_mix.templates.tensor_rendering import TensorRenderer

_rows: WeakKeyDictionary[seqio.DataSource, dict[str, Any]] = WeakKeyDictionary()


def exemplar_pool(
    spec: TaskSpec,
    source: Any,
    renderer: TensorRenderer,
    batches: tf.data.Dataset | None = None,
) -> ExemplarPool:
    """The pool of a few-shot variant; `source` is the FileRows or TfdsRows of the task.

    batches: the rows of the train split where they come from elsewhere (SeqIO's offline cache).
    Raises what reading the rows raises (BadRowError, TaskError).
    """
    if source not in _rows:
        _rows[source] = _read(spec, source, batches)
    rows = _rows[source]
    starts, sizes, order = _by_answer(rows["answer"])
    if spec.few_shot.balance_labels:
        rows = {name: tf.gather(value, order) for name, value in rows.items()}
    return ExemplarPool(rows, renderer.keys(rows), starts, sizes, int(rows["id"].shape[0]))


def _read(spec: TaskSpec, source: Any, batches: tf.data.Dataset | None) -> dict[str, Any]:
    """The rows of the pool, in the order of their hashes."""
    errors: list[Exception] = []
    draw = Drawer(spec.seed)("pool")
    kept: dict[str, Any] | None = None
    with told_errors(errors):
        if batches is None:
            batches = source.get_batches(TRAIN_SPLIT, None, errors)
        assert batches is not None
        for batch in batches:
            both = batch if kept is None else _joined(kept, batch)
            ranks = draw.rank(both["id"]).numpy()
            least = np.argsort(ranks, kind="stable")[: spec.few_shot.pool]
            kept = {name: tf.gather(value, least) for name, value in both.items()}
    return kept if kept is not None else _no_rows(len(spec.text_fields))


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {name: tf.concat([value, other[name]], axis=0) for name, value in one.items()}


def _no_rows(width: int) -> dict[str, Any]:
    row = {"id": "", "texts": [""] * width, "answer": "", "training": 1}
    row = {name: tf.constant(value) for name, value in row.items()}
    lists = {name: tf.constant([], tf.string) for name in LISTS}
    one = next(iter(ragged_batches(tf.data.Dataset.from_tensors({**row, **lists}))))
    return {name: value[:0] for name, value in one.items()}


def _by_answer(answers: Any) -> tuple[Any, Any, Any]:
    """Where each answer's rows start and how many they are, if rows are put in `order`."""
    _, inverse, sizes = np.unique(answers.numpy(), return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else sizes
    order = np.argsort(inverse, kind="stable")
    return tf.constant(starts, tf.int64), tf.constant(sizes, tf.int64), order
