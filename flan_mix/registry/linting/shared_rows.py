"""Lint across tasks: two that train on the same rows in the same words count double."""

from collections.abc import Iterator, Sequence

from flan_mix.registry.file_source import FileSource
from flan_mix.registry.linting.finding import Finding
from flan_mix.registry.task_spec import TRAIN_SPLIT, TaskSpec


def shared_row_findings(specs: Sequence[TaskSpec]) -> Iterator[Finding]:
    """Tasks whose train split, fields and templates are all those of an earlier task."""
    earlier: dict[object, str] = {}
    for spec in specs:
        if TRAIN_SPLIT not in spec.splits:
            continue
        key = (_train_rows(spec), _fields(spec), tuple(spec.templates))
        if key in earlier:
            yield Finding(
                spec.name,
                "same_train_rows",
                f"its train split gives the examples of {earlier[key]!r} once more: together they "
                "weigh double. Give each rows of its own.",
            )
        earlier.setdefault(key, spec.name)


def _train_rows(spec: TaskSpec) -> object:
    train = spec.source.splits[TRAIN_SPLIT]
    where = train if isinstance(train, str) else repr(train)
    if isinstance(spec.source, FileSource):
        return (str(spec.source.data_dir), where, str(spec.source.reader))
    return (spec.source.name, where)


def _fields(spec: TaskSpec) -> object:
    return tuple(sorted(spec.fields.items())) if isinstance(spec.fields, dict) else spec.fields
