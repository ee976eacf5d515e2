"""Several evaluations against one: every model on the tasks and examples that all of them have.

So that the baseline has one figure for each task, whichever model it stands beside; and a check
for continuous integration, which must not cry wolf because there are many tasks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from flan_mix.evaluation.bootstrap import DEFAULT_BOOTSTRAP, BootstrapSettings
from flan_mix.evaluation.comparison import FAITHFUL, Comparison, Difference, compare
from flan_mix.evaluation.evaluation import Evaluation
from flan_mix.evaluation.significance import holm, p_value


def compare_several(
    evaluations: Sequence[Evaluation],
    *,
    held_out_categories: Collection[str] = (),
    untrained_categories: Sequence[Collection[str]] | None = None,
    bootstrap: BootstrapSettings = DEFAULT_BOOTSTRAP,
) -> tuple[Comparison, ...]:
    """Each evaluation after the first, compared with the first.

    held_out_categories: what no model trained on; one that not all have is passed over.
    untrained_categories: for each evaluation, what its model did not train on though another did.

    Raises ValueError for fewer than two
    evaluations, and what `compare` raises.
    """
    if len(evaluations) < 2:
        raise ValueError(f"a comparison needs two evaluations or more, not {len(evaluations)}.")
    baseline, *others = evaluations
    among = shared_examples(evaluations)
    categories = {task.category for task in others[0].tasks if task.name in among}
    elsewhere = untrained_categories or [()] * len(evaluations)
    return tuple(
        compare(
            baseline,
            other,
            elsewhere_categories=untrained,
            held_out_categories=[name for name in held_out_categories if name in categories],
            among=among,
            bootstrap=bootstrap,
        )
        for other, untrained in zip(others, elsewhere[1:], strict=True)
    )


def shared_examples(evaluations: Sequence[Evaluation]) -> dict[str, frozenset[str]]:
    """Task -> the ids of the examples that every evaluation has, for tasks with a metric in all.

    Raises ValueError naming a task whose examples are nowhere the same.
    """
    by_task: list[Mapping[str, frozenset[str]]] = [
        {t.name: frozenset(p.id for p in t.predictions) for t in e.tasks if t.main_metric}
        for e in evaluations
    ]
    shared = {}
    for name in by_task[0]:
        if all(name in tasks for tasks in by_task):
            shared[name] = frozenset.intersection(*(tasks[name] for tasks in by_task))
            if not shared[name]:
                raise ValueError(
                    f"{name}: no example id is in all {len(evaluations)} evaluations, so they "
                    "cannot be compared: evaluate the same split with each."
                )
    return shared


def only(
    evaluation: Evaluation, *, tasks: Collection[str] = (), categories: Collection[str] = ()
) -> Evaluation:
    """The evaluation cut to some tasks and to the tasks of some categories; all if none are named.

    Raises ValueError for a name that it does not have, with those it has.
    """
    if not tasks and not categories:
        return evaluation
    names, kinds = {t.name for t in evaluation.tasks}, {t.category for t in evaluation.tasks}
    for wanted, known, what in ((tasks, names, "task"), (categories, kinds, "category")):
        missing = sorted(set(wanted) - known)
        if missing:
            raise ValueError(f"no {what} {missing} was evaluated; there are {sorted(known)}.")
    kept = tuple(t for t in evaluation.tasks if t.name in tasks or t.category in categories)
    # What chooses the best template needs all of its family.
    whole = {t.family for t in kept} - {t.family for t in evaluation.tasks if t not in kept}
    choosing = tuple(t for t in evaluation.choosing if t.family in whole)
    return replace(evaluation, tasks=kept, choosing=choosing)


@dataclass(frozen=True)
class Worsening:
    """A task or category that a model is significantly worse at.

    model: its place among the comparisons. kind: "task", "category", or "made up" for a task whose
    summaries make up more; its difference is that of the share without anything made up.
    """

    model: int
    kind: str
    name: str
    difference: Difference


def worsenings(comparisons: Sequence[Comparison], *, margin: float = 0.0) -> list[Worsening]:
    """What is worse by more than `margin` points, and significantly so among all that is looked at.

    That is every task's main score, the share of a task's summaries that make nothing up, and the
    mean of every category of several tasks, of every model. Holm's rule holds the probability of
    any false alarm at 1 - confidence. A score without an interval cannot be judged and never
    counts. Raises ValueError for a margin below 0.
    """
    if margin < 0:
        raise ValueError(f"the margin is how much worse is tolerated: 0 or more, not {margin}.")
    looked_at = {
        (model, kind, name): difference
        for model, comparison in enumerate(comparisons)
        for kind, name, difference in _figures(comparison)
    }
    p_values = {
        key: p_value(d.gain + margin, d.error) if d.gain < -margin else _not_worse(d)
        for key, d in looked_at.items()
    }
    worse = holm(p_values, comparisons[0].bootstrap.confidence) if comparisons else ()
    return [Worsening(*key, d) for key, d in looked_at.items() if key in worse]


def _figures(comparison: Comparison) -> list[tuple[str, str, Difference]]:
    tasks = [("task", task.name, task.main) for task in comparison.tasks]
    made_up = [
        ("made up", task.name, task.scores[FAITHFUL])
        for task in comparison.tasks
        if FAITHFUL in task.scores and task.main_metric != FAITHFUL
    ]
    means = [("category", c.name, c.score) for c in comparison.categories if len(c.tasks) > 1]
    return tasks + made_up + means


def _not_worse(difference: Difference) -> float | None:
    return None if difference.error is None else 1.0
