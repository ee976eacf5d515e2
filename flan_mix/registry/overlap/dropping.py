"""Leaving out training rows that an evaluation holds: what `flan-mix contamination` found."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from flan_mix.registry import catalogue
from flan_mix.registry.task_spec import TaskError


def read_drops(path: str | Path) -> dict[str, frozenset[str]]:
    """Task -> ids of rows to leave out, from the command's JSON.

    Raises ValueError naming the file for one of another kind.
    """
    try:
        drop = json.loads(Path(path).read_text(encoding="utf-8"))["drop"]
        return {task: frozenset(map(str, ids)) for task, ids in drop.items()}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} holds no rows to leave out ({error!r}): write it with "
            "`flan-mix contamination TRAIN EVAL --json FILE`."
        ) from error


def drop_rows(ids_by_task: Mapping[str, Collection[str]]) -> None:
    """Leaves rows out of the train splits of tasks, in all their variants and as exemplars.

    It holds for this process and is part of the tasks' fingerprints, so token caches with and
    without these rows stand side by side. Ids are added to those left out before. Raises TaskError
    for a task that is not registered.
    """
    for task in ids_by_task:
        if catalogue.get_task(task).variant:
            raise TaskError(f"rows are left out of a task, not of a variant: not {task!r}.")
    catalogue.exclude_rows({task: frozenset(ids) for task, ids in ids_by_task.items() if ids})
