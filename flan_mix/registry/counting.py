"""How many examples a task has: after bad rows, filters and cap, as its dataset will give."""

import dataclasses

from flan_mix.registry import catalogue
from flan_mix.registry.field_rows import field_rows
from flan_mix.registry.file_source import FileSource
from flan_mix.registry.fingerprints import source_fingerprint
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec

_counted: dict[str, int] = {}


def num_input_examples(name: str, split: str) -> int:
    """The number of examples of a split of a task, ours or SeqIO's own.

    A file source is read through once, and again when its files change; SeqIO is needed only for
    TFDS sources and for tasks of others.
    """
    if catalogue.is_task(name):
        spec = catalogue.get_task(name)
        if isinstance(spec.source, FileSource):
            return count_file_examples(spec, split)
    from flan_mix.registry.seqio_half import foreign

    return foreign.num_input_examples(name, split)


def count_file_examples(spec: TaskSpec, split: str) -> int:
    """The same for a task whose source is files."""
    key = source_fingerprint(spec, split)
    if key not in _counted:
        uncapped = dataclasses.replace(spec, cap=None)
        _counted[key] = sum(1 for _ in field_rows(uncapped, split))
    if spec.cap is None or split != TRAIN_SPLIT:
        return _counted[key]
    return min(_counted[key], spec.cap)
