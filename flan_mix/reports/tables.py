"""The same figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from flan_mix.evaluation import Aggregate, Comparison, Difference, Evaluation, TaskResult
from flan_mix.metrics import Interval
from flan_mix.reports.plain_summary import made_up_lines
from flan_mix.reports.wording import (
    category_label,
    change_text,
    interval_text,
    metric_label,
    score_text,
    shown_verdict,
)

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

# Signs beside the colours: not everybody, and no log file, sees colours.
_STYLES = {"better": "green", "worse": "red", "unclear": ""}
_SIGNS = {"better": " ▲", "worse": " ▼", "unclear": "  "}
# Clear alone, and not among all the tasks compared.
_HOLLOW = str.maketrans("▲▼", "△▽")


def evaluation_table(evaluation: Evaluation, *, held_out_categories: Collection[str] = ()) -> Table:
    """One evaluation: every score of every task, each category's mean, the overall mean."""
    table = _table("Task", "Score", right=("Value", "Interval", "Examples"))
    for name, aggregate in evaluation.categories.items():
        _aggregate_row(table, _label(name, name in held_out_categories), aggregate)
        for task in aggregate.tasks:
            _task_rows(table, evaluation.task(task))
    if evaluation.overall is not None:
        _aggregate_row(table, "Overall", evaluation.overall)
    return table


def comparison_table(comparison: Comparison) -> Table:
    """Before against after: categories with their tasks' main scores, then the two groups."""
    table = _table("Task", "Score", right=("Before", "After", "Change", "Interval", "Examples"))
    for category in comparison.categories:
        label = _label(category.name, category.held_out)
        figures = category.score, category.examples
        _difference_row(table, label, "mean", *figures, style="bold", firm=category.firm)
        for task in category.tasks:
            names = _indented(task.name), metric_label(task.main_metric)
            _difference_row(table, *names, task.main, task.examples, firm=task.firm)
    for label, mean in (("Trained on", comparison.held_in), ("Held out", comparison.held_out)):
        if mean is not None:
            _difference_row(table, label, "mean", mean, None, style="bold")
    return table


def several_table(labels: Sequence[str], comparisons: Sequence[Comparison]) -> Table:
    """Several models against the first: each one's main scores with their changes."""
    table = _table("Task", right=(*(_plain(label) for label in labels), "Examples"))
    for place, category in enumerate(comparisons[0].categories):
        several = [comparison.categories[place] for comparison in comparisons]
        label = _label(category.name, category.held_out)
        scores = [(c.score, c.firm) for c in several]
        table.add_row(label, *_several_cells(scores), f"{category.examples:,}", style="bold")
        for index, task in enumerate(category.tasks):
            tasks = [c.tasks[index] for c in several]
            cells = _several_cells([(t.main, t.firm) for t in tasks])
            table.add_row(_indented(task.name), *cells, f"{task.examples:,}")
    for label, means in (
        ("Trained on", [c.held_in for c in comparisons]),
        ("Held out", [c.held_out for c in comparisons]),
    ):
        known = [(mean, True) for mean in means if mean is not None]
        if known:
            table.add_row(label, *_several_cells(known), "", style="bold")
    return table


def gains_and_losses(comparison: Comparison) -> list[str]:
    """The tasks that got better and those that got worse, the largest change first, and the tasks
    of summaries that make up more or less.

    Those whose change could be chance among so many tasks are in brackets; those whose change is
    too small to be seen in the table are left out.
    """
    lines = []
    for verdict, title in (("better", "Gained"), ("worse", "Lost")):
        tasks = [t for t in comparison.tasks if shown_verdict(t.main) == verdict]
        tasks.sort(key=lambda task: -abs(task.main.change))
        shown = [t.name if t.firm else f"({t.name})" for t in tasks]
        lines.append(f"{title}: {', '.join(shown) or 'nothing clear'}.")
    return lines + made_up_lines(comparison)


def print_table(table: Table) -> None:
    """Prints a table to standard output, as wide as the terminal, or 100 columns where none is."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = 100
    console.print(table)


def _table(*left: str, right: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _task_rows(table: Table, task: TaskResult) -> None:
    name, examples = _indented(task.name), f"{task.examples:,}"
    for key, score in task.scores.items():
        interval = _bounds(task.intervals.get(key), key)
        table.add_row(name, metric_label(key), score_text(score, key), interval, examples)
        name = examples = ""


def _aggregate_row(table: Table, label: str, aggregate: Aggregate) -> None:
    figures = score_text(aggregate.score), _bounds(aggregate.interval), f"{aggregate.examples:,}"
    table.add_row(label, "mean", *figures, style="bold")


def _difference_row(
    table: Table,
    name: str,
    score: str,
    difference: Difference,
    examples: int | None,
    *,
    style: str | None = None,
    firm: bool = True,
) -> None:
    from rich.text import Text

    verdict = shown_verdict(difference)
    sign = _SIGNS[verdict]
    change = change_text(difference.change) + (sign if firm else sign.translate(_HOLLOW))
    table.add_row(
        name,
        score,
        score_text(difference.before),
        score_text(difference.after),
        Text(change, style=_STYLES[verdict]),
        interval_text(difference) or "–",
        "" if examples is None else f"{examples:,}",
        style=style,
    )


def _several_cells(figures: Sequence[tuple[Difference, bool]]) -> list[Text]:
    from rich.text import Text

    cells = [Text(score_text(figures[0][0].before))]
    for difference, firm in figures:
        verdict = shown_verdict(difference)
        sign = _SIGNS[verdict]
        change = f"{change_text(difference.change)}{sign if firm else sign.translate(_HOLLOW)}"
        cells.append(Text.assemble(f"{score_text(difference.after)} ", (change, _STYLES[verdict])))
    return cells


def _bounds(interval: Interval | None, metric: str = "") -> str:
    if interval is None:
        return "–"
    return f"{score_text(interval.low, metric)} to {score_text(interval.high, metric)}"


def _label(category: str, held_out: bool) -> str:
    return _plain(category_label(category) + (" (held out)" if held_out else ""))


def _indented(task: str) -> str:
    return _plain(f"  {task}")


def _plain(text: str) -> str:
    """`text` with nothing in it that rich or the terminal would obey."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))
