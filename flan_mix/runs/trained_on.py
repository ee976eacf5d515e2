"""Which evaluated tasks and categories the runs trained on, and which were held out from them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flan_mix.evaluation import Evaluation


def held_out_categories(
    evaluation: Evaluation, runs: Iterable[Mapping[str, Any]]
) -> tuple[str, ...]:
    """The categories of which no run trained on any task; none where no run says what it did.

    runs: their run.json.
    """
    runs = [run for run in runs if run.get("tasks")]
    if not runs:
        return ()
    trained = {base_name(name) for run in runs for name in run["tasks"]}
    # Older runs do not say the category: then the tasks that were evaluated do.
    kinds = {of.get("category") for run in runs for of in run["tasks"].values()}
    kinds |= {task.category for task in evaluation.tasks if base_name(task.name) in trained}
    evaluated = dict.fromkeys(task.category for task in evaluation.tasks if task.main_metric)
    return tuple(name for name in evaluated if name not in kinds)


def trained_categories(evaluation: Evaluation, run: Mapping[str, Any]) -> frozenset[str]:
    """The evaluated categories that a run trained on a task of."""
    missing = held_out_categories(evaluation, [run])
    kinds = {task.category for task in evaluation.tasks}
    return frozenset(kinds - set(missing)) if run.get("tasks") else frozenset()


def trained_tasks(run: Mapping[str, Any], names: Collection[str]) -> frozenset[str]:
    """Those of the tasks `names` that a run trained on, in whatever variant."""
    trained = {base_name(name) for name in run.get("tasks", {})}
    return frozenset(name for name in names if base_name(name) in trained)


def base_name(task: str) -> str:
    """A task's name without its variant: `samsum.few_shot` is `samsum`."""
    return task.partition(".")[0]
