"""What a whole evaluation comes to, as named numbers for TensorBoard: the report's figures.

overall/score and /from_chance, the same of category/<name>, held_in/score, held_out/score,
faithfulness/<task>/<key>, templates/<task>/standard_deviation and /best_on_validation, and under
change/ what each of them, and each task's main score, gained over an earlier evaluation.
"""

from collections.abc import Collection

from flan_mix.evaluation import Comparison, Difference, Evaluation, compare
from flan_mix.evaluation.comparison import FAITHFULNESS
from flan_mix.evaluation.faithfulness import with_faithfulness


def board_figures(
    evaluation: Evaluation,
    first: Evaluation | None = None,
    *,
    held_out_categories: Collection[str] = (),
) -> dict[str, float]:
    """Name -> figure; changes only where there is a `first` evaluation that shares tasks."""
    whole = with_faithfulness(evaluation)
    figures: dict[str, float] = {}
    for name, of in whole.categories.items():
        figures[f"category/{name}/score"] = of.score
        figures[f"category/{name}/from_chance"] = of.normalized
    for family in whole.families:
        if family.spread is not None:
            figures[f"templates/{family.name}/standard_deviation"] = family.spread
        if family.best is not None:
            figures[f"templates/{family.name}/best_on_validation"] = family.best.score
    if whole.overall is not None:
        figures["overall/score"] = whole.overall.score
        figures["overall/from_chance"] = whole.overall.normalized
    for task in whole.tasks:
        for key in FAITHFULNESS:
            if key in task.scores:
                figures[f"faithfulness/{task.name}/{key}"] = task.scores[key]
    shared = _shared(whole, first)
    if first is None or not shared:
        return figures
    held_out = [name for name in held_out_categories if name in shared]
    comparison = compare(with_faithfulness(first), whole, held_out_categories=held_out)
    return {**figures, **_changes(comparison)}


def _shared(evaluation: Evaluation, first: Evaluation | None) -> set[str]:
    """The categories of the tasks with a main score that both have."""
    known = {task.name for task in first.tasks} if first is not None else set()
    return {t.category for t in evaluation.tasks if t.name in known and t.main_metric}


def _changes(comparison: Comparison) -> dict[str, float]:
    named: dict[str, Difference | None] = {
        "held_in": comparison.held_in,
        "held_out": comparison.held_out,
        **{f"category/{category.name}": category.score for category in comparison.categories},
        **{f"task/{task.name}": task.main for task in comparison.tasks},
        **{f"faithfulness/{key}": of for key, of in comparison.faithfulness.items()},
    }
    known = {name: of for name, of in named.items() if of is not None}
    scores = {f"{n}/score": d.after for n, d in known.items() if n in ("held_in", "held_out")}
    return {**scores, **{f"change/{name}": of.change for name, of in known.items()}}
