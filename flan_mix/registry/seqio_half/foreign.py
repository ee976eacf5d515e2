"""Tasks and mixtures that others registered with SeqIO: read, counted and described as they are.

They keep the token ids, the metrics and the postprocessing that they bring.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import seqio

from flan_mix.registry import catalogue
from flan_mix.registry.callable_description import describe
from flan_mix.registry.seqio_half.targets import encode_target
from flan_mix.registry.task_spec import TaskError

# Passes of one run, and runs with neighbouring seeds, must not share SeqIO's map seeds, which it
# counts up from the one it is given, two for each random step.
_SEEDS_PER_PASS = 1_000

_ID_FEATURES = ("id", "tfds_id", "idx")


def get_task(name: str) -> seqio.Task:
    """The SeqIO task of that name; TaskError that names the nearest if there is none."""
    if name in seqio.MixtureRegistry.names():
        raise TaskError(f"{name!r} is a mixture, not a task.")
    if name not in seqio.TaskRegistry.names():
        raise TaskError(catalogue.unknown(name))
    return seqio.TaskRegistry.get(name)


def task_rates(name: str) -> list[tuple[str, float]]:
    """(task, rate) for a SeqIO mixture, sorted by name; the task itself at rate 1."""
    if name in seqio.MixtureRegistry.names():
        mixture = seqio.MixtureRegistry.get(name)
        return [(task.name, float(mixture.get_rate(task))) for task in mixture.tasks]
    return [(get_task(name).name, 1.0)]


def num_input_examples(name: str, split: str) -> int:
    """Examples of a split as the task's source counts them; by reading where it does not."""
    task = get_task(name)
    count = task.num_input_examples(split)
    if count is not None and np.isfinite(count):
        return int(count)
    rows = task.source.get_dataset(split, shuffle=False)
    return sum(1 for _ in rows)


def description(name: str, split: str) -> str:
    """What decides a task's examples, as far as it shows: source, files, steps, features."""
    task = get_task(name)
    features = {key: [type(f).__name__, vars(f)] for key, f in task.output_features.items()}
    parts = [_describe_source(task.source, split), task.preprocessors, features]
    return describe(parts, _describe_seqio_object)


def rows(
    task: seqio.Task,
    split: str,
    *,
    seed: int,
    pass_index: int,
    use_cached: bool,
    sequence_length: Mapping[str, int] | None,
) -> Iterator[dict[str, Any]]:
    """Every example of a task as SeqIO gives it, unshuffled and untrimmed."""
    dataset = task.get_dataset(
        sequence_length,
        split,
        use_cached=use_cached,
        shuffle=False,
        seed=seed + _SEEDS_PER_PASS * pass_index,
        num_epochs=1,
        trim_output_features=False,
        try_in_mem_cache=False,
    )
    yield from dataset.as_numpy_iterator()


def row_id(row: Mapping[str, Any], tokens: Mapping[str, np.ndarray]) -> str:
    """The example's own id or TFDS's where it kept one, else a hash of what it says."""
    for feature in _ID_FEATURES:
        value = np.asarray(row[feature]) if feature in row else None
        if value is not None and value.ndim == 0:
            return text(value.item())
    digest = hashlib.blake2b(digest_size=8)
    for feature in sorted(tokens):
        digest.update(feature.encode() + np.asarray(tokens[feature]).tobytes())
    return digest.hexdigest()


def tokens(row: Mapping[str, Any], task: seqio.Task) -> dict[str, np.ndarray]:
    """The features that a model sees, as the task made them."""
    return {name: np.asarray(row[name]) for name in task.output_features if name in row}


def text_of(row: Mapping[str, Any], feature: str, task: seqio.Task) -> str:
    """The text of a feature: what it was before tokenizing if kept, else what its ids decode to."""
    kept = row.get(f"{feature}_pretokenized")
    if kept is not None and np.asarray(kept).ndim == 0:
        return text(np.asarray(kept).item())
    if feature not in row or feature not in task.output_features:
        return ""
    return task.output_features[feature].vocabulary.decode([int(i) for i in row[feature]])


def text(value: Any) -> str:
    """A scalar of NumPy as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def references(row: Mapping[str, Any], task: seqio.Task, target: str) -> tuple[str, ...]:
    """What the task's postprocessing makes of the target text, encoded; none if it has no such."""
    if task.postprocessor is None:
        return ()
    return encode_target(task.postprocess_fn(target, example=row, is_target=True))


def _describe_source(source: seqio.DataSource, split: str) -> list[Any]:
    if isinstance(source, seqio.TfdsDataSource):
        return [type(source).__name__, repr(source.tfds_dataset), list(source.splits)]
    parts = [type(source).__name__, source]
    if isinstance(source, seqio.FileDataSource):
        parts.append([_file_state(str(file)) for file in source.list_shards(split)])
    return parts


def _file_state(file: str) -> list[Any]:
    """Name, and where the file is a local one, size and time."""
    if not os.path.exists(file):
        return [file]
    status = os.stat(file)
    return [os.path.basename(file), status.st_size, status.st_mtime_ns]


def _describe_seqio_object(value: Any) -> str | None:
    """Vocabularies by what they say of themselves: their attributes change once they are loaded."""
    return str(value) if isinstance(value, seqio.Vocabulary) else None
